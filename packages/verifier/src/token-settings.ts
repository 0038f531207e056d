import { DPOP_MAX_AGE_SECONDS, type DpopNonces } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { Tracer } from '@opentelemetry/api'
import type { AuditSink } from './audit-sink.ts'
import type { Fetch } from './capped-fetch.ts'
import { readConfirmedTime } from './confirmed-time.ts'
import { createDecisionWatch } from './decision-watch.ts'
import { describeState } from './describe-state.ts'
import { type GuardOptions, type GuardSettings, parseGuardOptions } from './guard-settings.ts'
import type { JudgeSettings } from './judge-request.ts'
import { createLiveChains, type LiveChains } from './live-chains.ts'
import type { MapPrincipal } from './map-account.ts'
import { type ReportObservation, reportObservationToConsole } from './observation.ts'
import { parseSecureUrl } from './origin.ts'
import { checkPositive } from './positive.ts'
import { httpProtocol, type RequestProtocol } from './request-protocol.ts'
import { setClaimsApart } from './set-apart.ts'
import type { StatusSource } from './status-source.ts'
import { backgroundTimer, type SetTimer } from './timer.ts'
import { toVerifierError } from './to-verifier-error.ts'
import { createTokenAuthorities, type TokenAuthority, type TrustedAuthority } from './token-authority.ts'
import { checkTokenHolds, type OpenTokenOptions, type TokenTrust } from './token-steps.ts'
import type { AuthorizedTokenRequest } from './verified-request.ts'
import { createVerifiedTokens, type TokenCacheOptions, type VerifiedToken } from './verified-tokens.ts'
import type { VerifierMeter } from './verifier-meter.ts'
import { parseVerifierMode, type VerifierMode } from './verifier-mode.ts'

/** What a verifier of exchanged tokens works with. */
export interface TokenVerifierOptions<Account> extends GuardOptions {
  /** Whose tokens count, at least one. */
  readonly authorities: readonly TrustedAuthority[]
  /** What `aud` of a token must be, exactly: the resource for which agents ask for tokens. */
  readonly audience: string
  /**
   * Knows the status of every delegation, as it does for signed requests: with it a revocation counts as soon as for
   * those. Without it, and of what is revoked of a token alone, the authority's lists of tokens tell.
   */
  readonly statusSource?: StatusSource
  /** Wants a nonce of these in every proof. Default: none is wanted. */
  readonly nonces?: DpopNonces
  /** How old a proof may be, default 60. */
  readonly maxProofAgeSeconds?: number
  /** What requests mean, where it is not what their method and path say. Default: HTTP itself. */
  readonly protocol?: RequestProtocol
  /** Takes down every decision; an accepted one before the handler runs. */
  readonly auditSink?: AuditSink
  /** Maps the principal to the API's own account, after the token allowed the request. */
  readonly mapPrincipal?: MapPrincipal<Account, AuthorizedTokenRequest>
  /** `claimed`: the authority must say that a person approved the root with a passkey. */
  readonly requireHumanApproval?: 'claimed'
  /** Told of what an observing verifier would refuse; without it every such request is a line on the console. */
  readonly reportObservation?: ReportObservation
  /** Bounds of the cache of verified tokens; `off` verifies the token of every request. */
  readonly tokenCache?: TokenCacheOptions | 'off'
  /** Address of this API's own metadata (RFC 9728), which refusals name. */
  readonly resourceMetadata?: string
  /** Makes each decision a span `behalf.verify`. */
  readonly tracer?: Tracer
  /** Measures decisions. */
  readonly meter?: VerifierMeter
  readonly fetch?: Fetch
  /** Bounds what is fetched, and runs the look each second at the tokens of long answers. */
  readonly setTimer?: SetTimer
  /** How often a list of tokens is asked for while it is used, default 5. */
  readonly pollSeconds?: number
  /** Age of a list's signed time above which nothing is accepted, default 30. */
  readonly maxStalenessSeconds?: number
  /** Time for one answer of an authority, default 4. */
  readonly timeoutSeconds?: number
}

/** The checked options. */
export interface TokenSettings<Account> extends GuardSettings, JudgeSettings, OpenTokenOptions, TokenTrust {
  readonly distrusted: Set<Did>
  readonly protocol: RequestProtocol
  readonly nonces: DpopNonces | undefined
  readonly maxProofAgeSeconds: number
  readonly liveTokens: LiveChains<VerifiedToken>
  readonly mapPrincipal: MapPrincipal<Account, AuthorizedTokenRequest> | undefined
  readonly requireHumanApproval: 'claimed' | undefined
  readonly resourceMetadata: string | undefined
}

/**
 * Checks the options once.
 *
 * @throws TypeError for empty or malformed origins, authorities or an audience that is not an absolute URL without a
 * fragment, a number that is not positive, a mode or a requirement that is none
 */
export function parseTokenOptions<Account>(
  options: TokenVerifierOptions<Account> & { readonly mode?: VerifierMode },
): TokenSettings<Account> {
  const mode = parseVerifierMode(options.mode)
  const { statusSource, maxProofAgeSeconds = DPOP_MAX_AGE_SECONDS, setTimer = backgroundTimer } = options
  checkPositive({ maxProofAgeSeconds })
  checkTexts(options)
  const dids = options.authorities.map(({ did }) => did)
  const guard = parseGuardOptions(
    options,
    statusSource === undefined ? undefined : () => readConfirmedTime(dids, statusSource),
  )
  const distrusted = new Set<Did>()
  const tokens = createVerifiedTokens(options.tokenCache)
  options.meter?.watch(
    describeState({ ...options, issuers: dids, cached: () => tokens.size(), clock: guard.wallClock }),
  )
  return {
    ...guard,
    ...(mode === 'observe' && { replayStore: setClaimsApart(options.replayStore) }),
    mode,
    authorities: openAuthorities(options, { guard, setTimer }),
    audience: options.audience,
    distrusted,
    statusSource,
    protocol: options.protocol ?? httpProtocol,
    nonces: options.nonces,
    maxProofAgeSeconds,
    tokens,
    watchDecision: createDecisionWatch({ ...guard, tracer: options.tracer, meter: options.meter }),
    liveTokens: watchTokens({ distrusted, statusSource }, { clock: guard.wallClock, setTimer }),
    auditSink: options.auditSink,
    mapPrincipal: options.mapPrincipal,
    requireHumanApproval: options.requireHumanApproval,
    reportObservation: options.reportObservation ?? reportObservationToConsole,
    resourceMetadata: options.resourceMetadata,
  }
}

function watchTokens(
  trust: TokenTrust,
  { clock, setTimer }: { readonly clock: () => number; readonly setTimer: SetTimer },
): LiveChains<VerifiedToken> {
  const { statusSource } = trust
  return createLiveChains({
    issuerOf: ({ authority }) => authority.did,
    findEnd: (token) => {
      try {
        checkTokenHolds(token, { now: clock() }, trust)
        return undefined
      } catch (error) {
        return toVerifierError(error, true)
      }
    },
    onChange: statusSource?.onChange?.bind(statusSource),
    setTimer,
  })
}

function checkTexts(options: TokenVerifierOptions<unknown>): void {
  const { audience, resourceMetadata, requireHumanApproval } = options
  if (URL.parse(audience) === null || audience.includes('#')) {
    throw new TypeError(`audience: ${audience} is not an absolute URL without a fragment`)
  }
  if (resourceMetadata !== undefined) parseSecureUrl(resourceMetadata, options)
  if (resourceMetadata?.includes('"')) throw new TypeError('resourceMetadata: has a quotation mark')
  const level: unknown = requireHumanApproval
  if (level !== undefined && level !== 'claimed') {
    throw new TypeError("requireHumanApproval: a token proves no more than 'claimed'")
  }
}

function openAuthorities(
  options: TokenVerifierOptions<unknown>,
  { guard, setTimer }: { readonly guard: GuardSettings; readonly setTimer: SetTimer },
): ReadonlyMap<string, TokenAuthority> {
  const { pollSeconds = 5, maxStalenessSeconds = 30, timeoutSeconds = 4 } = options
  checkPositive({ pollSeconds, maxStalenessSeconds, timeoutSeconds })
  return createTokenAuthorities(options.authorities, {
    ...options,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    setTimer,
    clock: guard.wallClock,
    monotonicClock: guard.monotonicClock,
    pollSeconds,
    maxStalenessSeconds,
    timeoutSeconds,
    reportFault: guard.reportFault,
  })
}

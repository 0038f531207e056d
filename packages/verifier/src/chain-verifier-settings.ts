import type { IssuerKeys, VerifiedChain } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { Tracer } from '@opentelemetry/api'
import { type AgentContextMember, isAgentContextMember } from './agent-context.ts'
import type { AuditSink } from './audit-sink.ts'
import { readConfirmedTime } from './confirmed-time.ts'
import { createDecisionWatch, type WatchDecision } from './decision-watch.ts'
import { describeState } from './describe-state.ts'
import { type ProofGuardOptions, type ProofGuardSettings, parseProofGuardOptions } from './guard-settings.ts'
import {
  type CheckHumanApproval,
  createHumanApprovalCheck,
  type HumanApprovalOptions,
} from './human-approval.ts'
import { createTrustedIssuers, type TrustedIssuers } from './issuer-keys.ts'
import { createLiveChains, findChainEnd, type LiveChains } from './live-chains.ts'
import type { MapPrincipal } from './map-account.ts'
import { type ReportObservation, reportObservationToConsole } from './observation.ts'
import { setApart } from './set-apart.ts'
import type { StatusSource } from './status-source.ts'
import { backgroundTimer, type SetTimer } from './timer.ts'
import type { UseCounter } from './use-counter.ts'
import { type ChainCacheOptions, createVerifiedChains, type VerifiedChains } from './verified-chains.ts'
import type { VerifierMeter } from './verifier-meter.ts'
import { parseVerifierMode, type VerifierMode } from './verifier-mode.ts'

/** What a verifier of chains works with, wherever their proofs come from. */
export interface ChainVerifierOptions<Account> extends ProofGuardOptions, HumanApprovalOptions {
  /** DIDs of the issuers whose root delegations count, at least one. */
  readonly trustedIssuers: readonly Did[]
  /** Where the keys of issuers come from; without it every issuer must be a `did:key`. */
  readonly issuerKeys?: IssuerKeys
  readonly statusSource: StatusSource
  readonly useCounter: UseCounter
  /** Takes down every decision; an accepted one before the handler runs. */
  readonly auditSink?: AuditSink
  /** Maps the principal to the API's own account, after the delegation allowed the request. */
  readonly mapPrincipal?: MapPrincipal<Account>
  /** Told of what an observing verifier would refuse; without it every such request is a line on the console. */
  readonly reportObservation?: ReportObservation
  /** Members of Agent-Context that a request must have. */
  readonly requiredContext?: readonly string[]
  /** Bounds of the cache of verified chains; `off` verifies every link of every request. */
  readonly chainCache?: ChainCacheOptions | 'off'
  /** Runs the look each second at the chains of long answers. Default: a timer that keeps no process alive. */
  readonly setTimer?: SetTimer
  /** Makes each decision a span, below that of the API or of the sender. Default: none. */
  readonly tracer?: Tracer
  /** Counts and measures decisions. Default: nobody. */
  readonly meter?: VerifierMeter
}

/** The checked options. */
export interface ChainVerifierSettings<Account> extends ProofGuardSettings {
  readonly mode: VerifierMode
  readonly reportObservation: ReportObservation
  readonly trusted: TrustedIssuers
  readonly chains: VerifiedChains
  readonly statusSource: StatusSource
  readonly liveChains: LiveChains
  readonly useCounter: UseCounter
  readonly auditSink: AuditSink | undefined
  readonly mapPrincipal: MapPrincipal<Account> | undefined
  readonly requiredContext: readonly AgentContextMember[]
  readonly checkHumanApproval: CheckHumanApproval
  /** Absent when nobody wants to know. */
  readonly watchDecision: WatchDecision | undefined
}

/**
 * Checks the options once.
 *
 * @throws TypeError for empty or malformed issuers or context members, a bound that is not a positive number,
 * a mode or a requirement that is none
 */
export function parseChainVerifierOptions<Account>(
  options: ChainVerifierOptions<Account> & { readonly mode?: VerifierMode },
): ChainVerifierSettings<Account> {
  const mode = parseVerifierMode(options.mode)
  const required = options.requiredContext ?? []
  const requiredContext = required.filter(isAgentContextMember)
  if (requiredContext.length !== required.length) throw new TypeError('requiredContext: no such member')
  const trusted = createTrustedIssuers(
    options.trustedIssuers,
    options.issuerKeys,
    (kid) => options.statusSource.isIssuerKeyRevoked?.(kid) ?? false,
  )
  const cache = chooseCache(options.chainCache, mode)
  const { statusSource } = options
  const guard = parseProofGuardOptions(options, () => readConfirmedTime(trusted.dids, statusSource))
  const chains = createVerifiedChains(cache, () => trusted.epoch())
  options.meter?.watch(
    describeState({ ...options, issuers: trusted.dids, cached: () => chains.size(), clock: guard.wallClock }),
  )
  return {
    ...guard,
    mode,
    trusted,
    chains,
    watchDecision: createDecisionWatch({ ...guard, tracer: options.tracer, meter: options.meter }),
    statusSource,
    liveChains: createLiveChains<VerifiedChain>({
      issuerOf: ({ root }) => root.issuer,
      findEnd: (chain) => findChainEnd(chain, { statusSource, trusted, clock: guard.wallClock }),
      onChange: statusSource.onChange?.bind(statusSource),
      setTimer: options.setTimer ?? backgroundTimer,
    }),
    useCounter: options.useCounter,
    ...(mode === 'observe' ? setApart(options) : {}),
    auditSink: options.auditSink,
    mapPrincipal: options.mapPrincipal,
    reportObservation: options.reportObservation ?? reportObservationToConsole,
    requiredContext,
    checkHumanApproval: createHumanApprovalCheck(options),
  }
}

/** An observing verifier tells nobody of a miss, so it tells no agent either that it may name a chain. */
export function chooseCache(
  cache: ChainCacheOptions | 'off' = {},
  mode: VerifierMode,
): ChainCacheOptions | 'off' {
  return mode === 'observe' && cache !== 'off' ? { ...cache, offerReferences: false } : cache
}

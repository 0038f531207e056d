import {
  checkRootIssuer,
  type IssuerKeys,
  parseDelegationChain,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import {
  checkSignatureWindow,
  DELEGATION_TAG,
  verifyContentDigest,
  verifySignature,
} from '@behalf/http-signature'
import {
  type AgentContext,
  checkContextRun,
  isAgentContextMember,
  readAgentContext,
} from './agent-context.ts'
import type { AuditSink } from './audit-sink.ts'
import { createRecord, type DecisionTrail, recordIntent, startTrail } from './decision-trail.ts'
import { deepFreeze } from './deep-freeze.ts'
import {
  authorizeRequest,
  checkChainStatus,
  checkRevokedKeys,
  countUses,
  readPresentation,
  readPrincipal,
  readStatus,
  requireLinks,
} from './delegation-steps.ts'
import { VerifierError } from './error.ts'
import { checkFraming } from './framing.ts'
import { type GuardOptions, type GuardSettings, parseGuardOptions } from './guard-settings.ts'
import { checkHeaderAmbiguity } from './header-ambiguity.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { createTrustedIssuers, type TrustedIssuers } from './issuer-keys.ts'
import { toProblemResponse } from './problem-response.ts'
import type { RequestGuard } from './request-guard.ts'
import { checkHolder, claimNonce, readBody, readRequestSignature, readSignatory } from './request-steps.ts'
import type { StatusSource } from './status-source.ts'
import { readTarget } from './target.ts'
import { toVerifierError } from './to-verifier-error.ts'
import type { UseCounter } from './use-counter.ts'
import type { AuthorizedRequest, Principal, VerifiedRequest } from './verified-request.ts'

/**
 * Finds the account of a principal, and may refuse it.
 *
 * @returns undefined when this principal may do nothing here now
 */
export type MapPrincipal<Account> = (
  principal: Principal,
  request: AuthorizedRequest,
) => Account | undefined | Promise<Account | undefined>

/** Options of `createRequestVerifier`. */
export interface RequestVerifierOptions<Account> extends GuardOptions {
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
  /** Members of Agent-Context that a request must have. */
  readonly requiredContext?: readonly string[]
}

/** Verifies the requests of agents. */
export interface RequestVerifier<Account = undefined> extends RequestGuard<VerifiedRequest<Account>> {
  /** From now on no delegation of this issuer is accepted. */
  distrustIssuer(issuer: Did): void
}

interface Settings<Account> extends GuardSettings {
  readonly trusted: TrustedIssuers
  readonly statusSource: StatusSource
  readonly useCounter: UseCounter
  readonly auditSink: AuditSink | undefined
  readonly mapPrincipal: MapPrincipal<Account> | undefined
  readonly requiredContext: readonly (keyof AgentContext)[]
}

/**
 * Makes the verifier of an API. `verify` returns who acts, on whose behalf and why that is allowed, or throws a
 * `VerifierError` whose code says what was wrong; `refuse` turns what it threw into an answer.
 *
 * @throws TypeError for empty or malformed origins, issuers or context members
 * @see RFC 9421, RFC 9530, draft-hardt-httpbis-signature-key
 */
export function createRequestVerifier<Account = undefined>(
  options: RequestVerifierOptions<Account>,
): RequestVerifier<Account> {
  const settings = parseOptions(options)
  return {
    verify: (request) => verifyRequest(request, settings),
    requestId: settings.requestId,
    refuse: (error, requestId) =>
      toProblemResponse(error, { origin: settings.origin, requestId, now: settings.wallClock() }),
    distrustIssuer: (issuer) => settings.trusted.distrust(issuer),
  }
}

function parseOptions<Account>(options: RequestVerifierOptions<Account>): Settings<Account> {
  const required = options.requiredContext ?? []
  const requiredContext = required.filter(isAgentContextMember)
  if (requiredContext.length !== required.length) throw new TypeError('requiredContext: no such member')
  return {
    ...parseGuardOptions(options),
    trusted: createTrustedIssuers(options.trustedIssuers, options.issuerKeys),
    statusSource: options.statusSource,
    useCounter: options.useCounter,
    auditSink: options.auditSink,
    mapPrincipal: options.mapPrincipal,
    requiredContext,
  }
}

async function verifyRequest<Account>(
  request: IncomingRequest,
  settings: Settings<Account>,
): Promise<VerifiedRequest<Account>> {
  const trail = startTrail(request.requestId ?? settings.requestId(), request.method)
  try {
    return await decideRequest(request, trail, settings)
  } catch (error) {
    const refusal = toVerifierError(error, trail.agent !== undefined)
    if (refusal.fault) settings.reportFault(refusal, trail.requestId)
    await recordRefusal(refusal, trail, settings)
    throw refusal
  }
}

/** The whole decision: every line is one step, in the order the codes are documented in. */
async function decideRequest<Account>(
  request: IncomingRequest,
  trail: DecisionTrail,
  settings: Settings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { limits, trusted } = settings
  const headers = checkFraming(request, limits)
  checkHeaderAmbiguity(headers)
  const target = readTarget(request.target, headers, settings.origins)
  trail.target = target
  const body = await readBody(request, headers, limits)
  const now = settings.clock()
  const framed = { method: request.method, target, headers, body }
  const signature = readRequestSignature(framed, DELEGATION_TAG)
  const context = readAgentContext(headers.fields, settings.requiredContext)
  const signatory = readSignatory(signature)
  const presentation = readPresentation(headers.fields, signature.label)
  checkSignatureWindow(signature, { now })
  const parsed = parseDelegationChain(requireLinks(presentation))
  checkRootIssuer(parsed, trusted.keys)
  checkHolder(signatory, parsed.leaf.publicKey)
  verifySignature(signature, signatory.publicKey)
  trail.agent = signatory.did
  verifyContentDigest(headers.fields, body)
  const chain = verifyDelegationChain(parsed, { issuers: trusted.keys, now })
  trail.chain = chain
  const status = readStatus(settings.statusSource, chain.root.issuer)
  checkRevokedKeys(chain, status)
  checkChainStatus(chain, status)
  checkContextRun(context, chain.leaf.workflow?.run)
  const capability = authorizeRequest(framed, chain, now)
  const authorized = deepFreeze(
    describeRequest(chain, { capability, context, requestId: trail.requestId, body }),
  )
  const account = await mapAccount(authorized, settings)
  await claimNonce(settings.replayStore, signatory, signature)
  await countUses(settings.useCounter, chain)
  await recordIntent(settings.auditSink, trail, now)
  return Object.freeze({ ...authorized, account })
}

function describeRequest(
  chain: VerifiedChain,
  found: Pick<AuthorizedRequest, 'capability' | 'context' | 'requestId' | 'body'>,
): AuthorizedRequest {
  const { root, leaf } = chain
  const principal = readPrincipal(chain)
  return { principal, agent: leaf.subject, chain, approval: root.approval, workflow: leaf.workflow, ...found }
}

async function mapAccount<Account>(
  request: AuthorizedRequest,
  settings: Settings<Account>,
): Promise<Account> {
  const { mapPrincipal } = settings
  // Without the callback, `Account` is `undefined`: nothing else lets a caller name another type.
  if (mapPrincipal === undefined) return undefined as Account
  const account = await askPrincipal(mapPrincipal, request)
  if (account === undefined)
    throw new VerifierError('forbidden', 'the principal has no account that may do this')
  return account
}

async function askPrincipal<Account>(
  mapPrincipal: MapPrincipal<Account>,
  request: AuthorizedRequest,
): Promise<Account | undefined> {
  try {
    return await mapPrincipal(request.principal, request)
  } catch (cause) {
    throw new VerifierError('forbidden', 'mapPrincipal failed', { cause, fault: true })
  }
}

async function recordRefusal(
  refusal: VerifierError,
  trail: DecisionTrail,
  settings: Settings<unknown>,
): Promise<void> {
  try {
    await settings.auditSink?.record(createRecord(trail, refusal.code, settings.wallClock()))
  } catch (cause) {
    // The refusal stands whether or not it can be recorded.
    settings.reportFault(
      new VerifierError('audit_unavailable', 'a refusal was not recorded', { cause }),
      trail.requestId,
    )
  }
}

import type { Clock } from '@behalf/core'
import { coversCapabilities, type Delegation, type IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { AuthorityDescription, CollectedDelegation } from './authority-answer.ts'
import type { AskedTerms, AuthorityClient } from './authority-client.ts'
import { checkChain } from './check-chain.ts'
import { WalletError } from './error.ts'
import type { HeldDelegation } from './held-delegation.ts'
import { explainRefusal } from './refusal-reason.ts'
import type { Wait } from './wait.ts'

/** Which request to collect, and of whom. */
export interface CollectDelegationOptions {
  /** Origin of the authority. */
  readonly authority: string
  /** Of the request. */
  readonly id: string
  /** Ends the waiting; the request itself stays. */
  readonly signal?: AbortSignal
  /** Asks one time: authorization_pending when it is not decided. Default: waits. */
  readonly once?: boolean
}

/** What collecting needs of its wallet. */
export interface CollectContext {
  readonly did: Did
  readonly client: AuthorityClient
  readonly issuerKeys: IssuerKeys
  readonly clock: Clock
  readonly wait: Wait
}

/** A request that was made, and what may come of it. */
export interface MadeRequest {
  readonly id: string
  /** Milliseconds since the epoch; undecided by then means expired. */
  readonly expiresAt: number
  /** Between polls. */
  readonly intervalSeconds: number
  readonly asked: AskedTerms
  readonly authority: AuthorityDescription
  readonly signal: AbortSignal | undefined
  readonly once: boolean
  /** Milliseconds since the epoch; no longer wait than this. */
  readonly deadline: number
}

// What a client uses that was told no interval, as RFC 8628 section 3.2 says.
const DEFAULT_INTERVAL_SECONDS = 5
const SLOW_DOWN_SECONDS = 5
const MIN_INTERVAL_SECONDS = 1
const MAX_INTERVAL_SECONDS = 300

/**
 * The delegation that the authority issued for a request made earlier, checked against what that authority says was
 * asked: it alone remembers that.
 *
 * @throws {WalletError} not_found: no such request of this agent; authority_response_invalid: the answer is about
 *   another request; and as collectRequest
 */
export async function collectDelegation(
  context: CollectContext,
  { id, signal, once = false }: CollectDelegationOptions,
): Promise<HeldDelegation> {
  const { client, did } = context
  const authority = await client.describe()
  const asked = await client.getRequest(id, signal)
  if (asked.id !== id) {
    throw new WalletError('authority_response_invalid', 'the authority answered about another request', {
      field: 'id',
    })
  }
  // An operator's key may read the requests of others, and must not take theirs for its own.
  if (asked.agent !== did) throw new WalletError('not_found', 'the request is of another agent')
  const { expiresAt } = asked
  const intervalSeconds = DEFAULT_INTERVAL_SECONDS
  const deadline = Number.POSITIVE_INFINITY
  return await collectRequest(context, {
    id,
    expiresAt,
    intervalSeconds,
    asked,
    authority,
    signal,
    once,
    deadline,
  })
}

/**
 * The delegation of a request as soon as the authority hands it out: for this agent, from the authority's own issuer,
 * and in no respect more than was asked.
 *
 * @throws {WalletError} the authority's code (access_denied, with the reason when one was given; approval_expired, …);
 *   key_mismatch, issuer_untrusted, attenuation_violation (with `field`) and the codes of verifyDelegationChain for a
 *   delegation that is not the one asked for; authority_response_invalid, authority_unreachable
 * @see RFC 8628 section 3.5 for the polling
 */
export async function collectRequest(context: CollectContext, made: MadeRequest): Promise<HeldDelegation> {
  return checkCollected(context, await pollUntilCollected(context, made), made)
}

/** How long to wait between polls: what the authority says, within bounds. */
export function pollSeconds({ intervalSeconds }: { readonly intervalSeconds: number }): number {
  return Math.min(Math.max(intervalSeconds, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS)
}

async function pollUntilCollected(
  { client, clock, wait }: CollectContext,
  made: MadeRequest,
): Promise<CollectedDelegation> {
  const { id, signal } = made
  let intervalSeconds = pollSeconds(made)
  for (;;) {
    signal?.throwIfAborted()
    const answer = await client.collect(id, signal).catch(returnRefusal)
    if (!(answer instanceof WalletError)) return answer
    const now = clock()
    const isLast = made.once || now >= made.deadline
    if (isLast || !isWorthWaiting(answer, now < made.expiresAt))
      throw await explainRefusal(answer, client, made)
    if (answer.code === 'slow_down') intervalSeconds += SLOW_DOWN_SECONDS
    await wait(Math.min(intervalSeconds * 1000, made.deadline - now), signal)
  }
}

function returnRefusal(error: unknown): WalletError {
  if (error instanceof WalletError) return error
  throw error
}

// A person takes minutes; an authority that is gone for a moment must not undo what the person decides.
function isWorthWaiting({ code, status = 0 }: WalletError, inTime: boolean): boolean {
  if (code === 'authorization_pending' || code === 'slow_down') return true
  return inTime && (code === 'authority_unreachable' || status >= 500 || status === 429)
}

function checkCollected(
  { did, issuerKeys, clock }: CollectContext,
  { chain, evidence }: CollectedDelegation,
  { asked, authority }: MadeRequest,
): HeldDelegation {
  const record = evidence === undefined ? { chain } : { chain, evidence }
  const held = checkChain(record, { subject: did, issuerKeys, now: clock() })
  if (held.links[0]?.issuer !== authority.issuer) {
    throw new WalletError('issuer_untrusted', 'the delegation was not issued by the authority that was asked')
  }
  if (held.authority !== authority.origin) {
    throw new WalletError('status_invalid', 'the authority that was asked does not publish its status')
  }
  checkWithinAsked(held.leaf, { ...asked, validForSeconds: asked.validForSeconds ?? authority.maxSeconds })
  return held
}

function checkWithinAsked(
  granted: Delegation,
  asked: AskedTerms & { readonly validForSeconds: number },
): void {
  const { onBehalfOf, workflow, maxUses = Number.POSITIVE_INFINITY, maxDelegationDepth = 0 } = asked
  const seconds = (granted.validUntil - granted.validFrom) / 1000
  requireWithin('onBehalfOf', isSame(granted.onBehalfOf, onBehalfOf, ['id', 'role', 'tenant']))
  requireWithin('workflow', isSame(granted.workflow ?? {}, workflow ?? {}, ['id', 'run']))
  requireWithin('purpose', granted.purpose === asked.purpose)
  requireWithin('capabilities', coversCapabilities(asked.capabilities, granted.capabilities).covered)
  requireWithin('validUntil', seconds <= asked.validForSeconds)
  requireWithin('maxUses', (granted.maxUses ?? Number.POSITIVE_INFINITY) <= maxUses)
  requireWithin('maxDelegationDepth', granted.maxDelegationDepth <= maxDelegationDepth)
}

function requireWithin(field: string, within: boolean): void {
  if (within) return
  throw new WalletError('attenuation_violation', `the delegation has another ${field} than was asked for`, {
    field,
  })
}

type Names = { readonly [name: string]: string | undefined }

function isSame(granted: Names, asked: Names, names: readonly string[]): boolean {
  return names.every((name) => granted[name] === asked[name])
}

import type { Clock } from '@behalf/core'
import { coversCapabilities, type Delegation, type IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { AuthorityDescription, CollectedDelegation, RequestReceipt } from './authority-answer.ts'
import type { AskedTerms, AuthorityClient } from './authority-client.ts'
import { checkChain } from './check-chain.ts'
import { WalletError } from './error.ts'
import type { HeldDelegation } from './held-delegation.ts'
import type { Wait } from './wait.ts'

/** A request that waits for a person. */
export interface PendingApproval {
  readonly id: string
  /** To be shown to the person who decides. */
  readonly approvalUrl: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What an agent asks for, and of whom. */
export interface RequestDelegationOptions extends AskedTerms {
  /** Origin of the authority. */
  readonly authority: string
  /** Called once when a person has to decide. */
  readonly onPending?: (pending: PendingApproval) => void
  /** Ends the waiting; the request itself stays. */
  readonly signal?: AbortSignal
}

/** What requestDelegation needs of its wallet. */
export interface RequestDelegationContext {
  readonly did: Did
  readonly client: AuthorityClient
  readonly issuerKeys: IssuerKeys
  readonly clock: Clock
  readonly wait: Wait
}

const SLOW_DOWN_SECONDS = 5
const MIN_INTERVAL_SECONDS = 1
const MAX_INTERVAL_SECONDS = 300

/**
 * The delegation that the authority issued for what was asked: for this agent, from the authority's own issuer, and
 * in no respect more than was asked.
 *
 * @throws {WalletError} the authority's code (access_denied, approval_expired, input_invalid, …); key_mismatch,
 *   issuer_untrusted, attenuation_violation (with `field`) and the codes of verifyDelegationChain for a delegation
 *   that is not the one asked for; authority_response_invalid, authority_unreachable
 * @see RFC 8628 section 3.5 for the polling
 */
export async function requestDelegation(
  context: RequestDelegationContext,
  options: RequestDelegationOptions,
): Promise<HeldDelegation> {
  const { client } = context
  const authority = await client.describe()
  const receipt = await client.createRequest(options, options.signal)
  if (receipt.status === 'refused') {
    throw new WalletError('access_denied', 'the policy of the authority refused the request')
  }
  if (receipt.status === 'pending') await announce(context, receipt, options)
  const collected = await pollUntilCollected(context, receipt, options.signal)
  return checkCollected(context, collected, { asked: options, authority })
}

async function announce(
  context: RequestDelegationContext,
  receipt: RequestReceipt,
  { onPending, signal }: RequestDelegationOptions,
): Promise<void> {
  const { id, approvalUrl, expiresAt } = receipt
  onPending?.({ id, approvalUrl, expiresAt })
  await context.wait(pollSeconds(receipt) * 1000, signal)
}

async function pollUntilCollected(
  { client, clock, wait }: RequestDelegationContext,
  receipt: RequestReceipt,
  signal: AbortSignal | undefined,
): Promise<CollectedDelegation> {
  let intervalSeconds = pollSeconds(receipt)
  for (;;) {
    signal?.throwIfAborted()
    const answer = await client.collect(receipt.id, signal).catch(returnRefusal)
    if (!(answer instanceof WalletError)) return answer
    if (!isWorthWaiting(answer, clock() < receipt.expiresAt)) throw answer
    if (answer.code === 'slow_down') intervalSeconds += SLOW_DOWN_SECONDS
    await wait(intervalSeconds * 1000, signal)
  }
}

function pollSeconds({ intervalSeconds }: RequestReceipt): number {
  return Math.min(Math.max(intervalSeconds, MIN_INTERVAL_SECONDS), MAX_INTERVAL_SECONDS)
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
  { did, issuerKeys, clock }: RequestDelegationContext,
  { chain, evidence }: CollectedDelegation,
  expected: { readonly asked: AskedTerms; readonly authority: AuthorityDescription },
): HeldDelegation {
  const { asked, authority } = expected
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

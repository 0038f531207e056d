import { encodeBase64url } from '@behalf/core'
import {
  checkChainTime,
  checkRootIssuer,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import { checkSignatureWindow, type ReadSignature } from '@behalf/http-signature'
import { type AgentContext, checkContextRun } from './agent-context.ts'
import type { RequestEvidence } from './audit-sink.ts'
import type { ChainVerifierSettings } from './chain-verifier-settings.ts'
import { type DecisionTrail, recordIntent } from './decision-trail.ts'
import {
  checkChainStatus,
  checkRevokedKeys,
  countUses,
  openChain,
  type Presentation,
  readPrincipal,
  readStatus,
} from './delegation-steps.ts'
import type { CheckHumanApproval } from './human-approval.ts'
import { keptHeartbeat } from './kept-heartbeat.ts'
import { mapAccount } from './map-account.ts'
import { type AllowedRequest, describeHolder, type ProvenHolder } from './request-protocol.ts'
import { checkHolder, claimNonce, type Signatory } from './request-steps.ts'
import type { StatusSnapshot } from './status-source.ts'
import type { AuthorizedRequest } from './verified-request.ts'

/** A proof as it was read from what carries it; nothing of it is verified. */
export interface ShownProof {
  readonly signatory: Signatory
  readonly presentation: Presentation
  readonly signature: Pick<ReadSignature, 'created' | 'expires' | 'nonce' | 'base' | 'signature'>
  readonly context: AgentContext | undefined
  /** The bytes that the signature covers, itself or by their digest. */
  readonly body: Uint8Array
  /** When it was read, milliseconds since the epoch. */
  readonly now: number
}

/** What only the carrier of a proof can tell: a request over HTTP, or a message. */
export interface ProofCarrier {
  /**
   * The key made the signature.
   *
   * @throws an error with the code signature_invalid
   */
  verifySignature(publicKey: Uint8Array): void
  /** What the signature covers by a digest is what came. */
  verifyContent?(): void
  /**
   * The capability that allows what was sent.
   *
   * @throws VerifierError; CredentialError as `authorize`
   */
  authorize(holder: ProvenHolder): AllowedRequest
  /** See `CheckHumanApproval`. */
  readonly showEvidence: Parameters<CheckHumanApproval>[1]
}

/** What was decided of a proof that passed every check. */
export interface DecidedProof<Account> {
  readonly chain: VerifiedChain
  readonly authorized: AuthorizedRequest
  readonly account: Account
}

/**
 * The proof passed every check: every line is one step, in the order the codes are documented in. A chain that was
 * verified before goes through the same steps; its proofs alone are not computed again.
 *
 * @param trail takes down what is proven, also when a step refuses
 * @throws errors with a code of the table, of this package and of those below
 */
export async function decideProof<Account>(
  shown: ShownProof,
  carrier: ProofCarrier,
  { trail, settings }: { readonly trail: DecisionTrail; readonly settings: ChainVerifierSettings<Account> },
): Promise<DecidedProof<Account>> {
  const { trusted, chains } = settings
  const { signatory, signature, context, body, now } = shown
  checkSignatureWindow(signature, { now })
  const parsed = openChain(shown.presentation, chains)
  checkRootIssuer(parsed, trusted.keys)
  checkHolder(signatory, parsed.leaf.publicKey)
  carrier.verifySignature(signatory.publicKey)
  trail.agent = signatory.did
  if (context !== undefined) trail.context = context
  carrier.verifyContent?.()
  const chain = verifyDelegationChain(parsed, { issuers: trusted.keys, now })
  trail.chain = chain
  trail.evidence = () => describeEvidence(chain, signature, trail.status)
  const status = readStatus(settings.statusSource, chain.root.issuer)
  trail.status = status
  checkRevokedKeys(chain, status)
  checkChainStatus(chain, status)
  if (chain !== parsed) chains.keep(chain)
  checkContextRun(context, chain.leaf.workflow?.run)
  const { capability, call } = carrier.authorize({ ...describeHolder(chain), now })
  if (call !== undefined) trail.call = call
  await settings.checkHumanApproval(chain, carrier.showEvidence)
  const authorized = describeRequest(chain, { capability, context, requestId: trail.requestId, body })
  const account = await mapAccount(authorized, settings.mapPrincipal)
  await claimNonce(settings.replayStore, signatory, signature)
  await countUses(settings.useCounter, chain)
  await recordIntent(settings.auditSink, trail, now)
  checkStillHolds(chain, trail, settings)
  return { chain, authorized, account }
}

/**
 * The stores and the callback may have taken any time: what ends with time is looked at again at the end of it.
 *
 * @param trail with the status that was looked at before; the later one takes its place
 */
function checkStillHolds(
  chain: VerifiedChain,
  trail: DecisionTrail,
  { clock, statusSource }: ChainVerifierSettings<unknown>,
): void {
  checkChainTime(chain, { now: clock() })
  const status = readStatus(statusSource, chain.root.issuer)
  if (status === trail.status) return
  trail.status = status
  checkRevokedKeys(chain, status)
  checkChainStatus(chain, status)
}

function describeEvidence(
  { links }: VerifiedChain,
  { base, signature }: ShownProof['signature'],
  status: StatusSnapshot | undefined,
): RequestEvidence {
  return {
    credentials: links.map(({ jws }) => jws),
    signatureBase: base,
    signature: encodeBase64url(signature),
    ...keptHeartbeat(status),
  }
}

function describeRequest(
  chain: VerifiedChain,
  found: Pick<AuthorizedRequest, 'capability' | 'context' | 'requestId' | 'body'>,
): AuthorizedRequest {
  const { approval } = chain.root
  const { subject: agent, workflow } = chain.leaf
  const principal = Object.freeze(readPrincipal(chain))
  // Everything else was frozen by whoever made it.
  return Object.freeze({ ...found, principal, agent, chain, approval, workflow })
}

import { encodeBase64url } from '@behalf/core'
import {
  checkChainTime,
  checkRootIssuer,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import {
  checkSignatureWindow,
  DELEGATION_TAG,
  type ReadSignature,
  verifyContentDigest,
  verifySignature,
} from '@behalf/http-signature'
import { addSignal } from './add-signal.ts'
import { checkContextRun, readAgentContext } from './agent-context.ts'
import type { RequestEvidence } from './audit-sink.ts'
import { type DecisionTrail, recordIntent } from './decision-trail.ts'
import {
  checkChainStatus,
  checkRevokedKeys,
  countUses,
  openChain,
  readPresentation,
  readPrincipal,
  readStatus,
} from './delegation-steps.ts'
import { checkFraming } from './framing.ts'
import { checkHeaderAmbiguity } from './header-ambiguity.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { keptHeartbeat } from './kept-heartbeat.ts'
import { mapAccount } from './map-account.ts'
import { offerReference } from './offer-reference.ts'
import { describeHolder } from './request-protocol.ts'
import { checkHolder, claimNonce, readBody, readRequestSignature, readSignatory } from './request-steps.ts'
import { readShownLines } from './shown-lines.ts'
import type { StatusSnapshot } from './status-source.ts'
import { readTarget } from './target.ts'
import type { AuthorizedRequest, VerifiedRequest } from './verified-request.ts'
import type { VerifierSettings } from './verifier-settings.ts'

/**
 * The request passed every check: every line is one step, in the order the codes are documented in. A chain that was
 * verified before goes through the same steps; its proofs alone are not computed again.
 *
 * @param trail takes down what is proven, also when a step refuses
 * @throws errors with a code of the table, of this package and of those below
 */
export async function decideRequest<Account>(
  request: IncomingRequest,
  trail: DecisionTrail,
  settings: VerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { limits, trusted, chains, presentations, protocol } = settings
  const headers = checkFraming(request, limits)
  checkHeaderAmbiguity(headers)
  protocol.admit?.(headers.fields)
  const target = readTarget(request.target, headers, settings.origins)
  trail.target = target
  const body = await readBody(request, headers, limits)
  const now = settings.clock()
  const framed = { method: request.method, target, headers, body }
  const signature = readRequestSignature(framed, DELEGATION_TAG)
  const context = readAgentContext(headers.fields, settings.requiredContext)
  const signatory = readSignatory(signature)
  const lines = readShownLines(headers.fields, signature.label)
  const presentation =
    presentations.find(signatory.did, lines) ?? readPresentation(headers.fields, signature.label)
  checkSignatureWindow(signature, { now })
  const parsed = openChain(presentation, chains)
  checkRootIssuer(parsed, trusted.keys)
  checkHolder(signatory, parsed.leaf.publicKey)
  verifySignature(signature, signatory.publicKey)
  trail.agent = signatory.did
  if (context !== undefined) trail.context = context
  verifyContentDigest(headers.fields, body)
  const chain = verifyDelegationChain(parsed, { issuers: trusted.keys, now })
  trail.chain = chain
  trail.evidence = () => describeEvidence(chain, signature, trail.status)
  const status = readStatus(settings.statusSource, chain.root.issuer)
  trail.status = status
  checkRevokedKeys(chain, status)
  checkChainStatus(chain, status)
  if (chain !== parsed) chains.keep(chain)
  checkContextRun(context, chain.leaf.workflow?.run)
  const { capability, call } = protocol.authorize({ ...framed, ...describeHolder(chain), now })
  if (call !== undefined) trail.call = call
  await settings.checkHumanApproval(chain, headers.fields)
  const authorized = describeRequest(chain, { capability, context, requestId: trail.requestId, body })
  const account = await mapAccount(authorized, settings.mapPrincipal)
  await claimNonce(settings.replayStore, signatory, signature)
  await countUses(settings.useCounter, chain)
  await recordIntent(settings.auditSink, trail, now)
  checkStillHolds(chain, trail, settings)
  presentations.keep(signatory.did, lines, presentation)
  const answerHeaders = offerReference(chain, { presentation, chains, label: signature.label })
  return Object.freeze(
    addSignal({ ...authorized, account, answerHeaders }, () => settings.liveChains.watch(chain)),
  )
}

/**
 * The stores and the callback may have taken any time: what ends with time is looked at again at the end of it.
 *
 * @param trail with the status that was looked at before; the later one takes its place
 */
function checkStillHolds(
  chain: VerifiedChain,
  trail: DecisionTrail,
  { clock, statusSource }: VerifierSettings<unknown>,
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
  { base, signature }: ReadSignature,
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

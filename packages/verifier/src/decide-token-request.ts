import { verifyDpopProof } from '@behalf/credential'
import type { FieldLines } from '@behalf/http-signature'
import { addAnswered } from './add-answered.ts'
import { addSignal } from './add-signal.ts'
import type { RequestEvidence } from './audit-sink.ts'
import { type DecisionTrail, recordIntent } from './decision-trail.ts'
import { readPrincipal } from './delegation-steps.ts'
import { VerifierError } from './error.ts'
import { checkFraming } from './framing.ts'
import { checkHeaderAmbiguity } from './header-ambiguity.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { keptHeartbeat } from './kept-heartbeat.ts'
import { mapAccount } from './map-account.ts'
import { describeHolder } from './request-protocol.ts'
import { readBody } from './request-steps.ts'
import type { StatusSnapshot } from './status-source.ts'
import { readTarget } from './target.ts'
import type { TokenSettings } from './token-settings.ts'
import {
  checkProofNonce,
  checkTokenHolder,
  checkTokenHolds,
  claimProof,
  openToken,
  readShownToken,
  type ShownToken,
} from './token-steps.ts'
import type { AuthorizedTokenRequest, VerifiedTokenRequest } from './verified-request.ts'
import type { VerifiedToken } from './verified-tokens.ts'

const NO_HEADERS: FieldLines = Object.freeze([])

/**
 * The request passed every check: every line is one step. Nothing is told of the token before the proof of its key; its
 * `jti` is claimed late, so that only requests that pass every other check fill the store.
 *
 * @param trail takes down what is proven, also when a step refuses
 * @throws errors with a code of the table, of this package and of those below
 * @see RFC 9449 section 7
 */
export async function decideTokenRequest<Account>(
  request: IncomingRequest,
  trail: DecisionTrail,
  settings: TokenSettings<Account>,
): Promise<VerifiedTokenRequest<Account>> {
  const { limits, protocol, maxProofAgeSeconds: maxAgeSeconds } = settings
  const { method } = request
  const headers = checkFraming(request, limits)
  checkHeaderAmbiguity(headers)
  protocol.admit?.(headers.fields)
  const target = readTarget(request.target, headers, settings.origins)
  trail.target = target
  const shown = readShownToken(headers.fields)
  const body = await readBody(request, headers, limits)
  const now = settings.clock()
  const url = target.origin + target.path
  const proof = verifyDpopProof(shown.proof, { method, url, accessTokenHash: shown.hash, now, maxAgeSeconds })
  checkProofNonce(proof, now, settings.nonces)
  const token = await openToken(shown, now, settings)
  checkTokenHolder(token, proof)
  trail.agent = token.claims.agent
  trail.chain = token.chain
  trail.evidence = () => describeEvidence(shown, trail.status)
  await token.authority.lists.obtain(token.claims.status.uri)
  checkTokenHolds(token, { now, trail }, settings)
  settings.tokens.keep(shown.hash, token, shown.token.length)
  const framed = { method, target, headers, body }
  const { capability, call } = protocol.authorize({ ...framed, ...describeHolder(token.chain), now })
  if (call !== undefined) trail.call = call
  checkApproval(token, settings)
  const authorized = describeRequest(token, { capability, requestId: trail.requestId, body })
  const account = await mapAccount(authorized, settings.mapPrincipal)
  await claimProof(settings.replayStore, proof, maxAgeSeconds)
  await recordIntent(settings.auditSink, trail, now)
  // The stores and the callback may have taken any time: what ends with time is looked at again at the end of it.
  checkTokenHolds(token, { now: settings.clock(), trail }, settings)
  const answerHeaders = offerNonce(proof.nonce, now, settings)
  const accepted = { ...authorized, account, answerHeaders }
  const verified = addSignal(accepted, () => settings.liveTokens.watch(token))
  return Object.freeze(addAnswered(verified, trail, settings))
}

/** @throws VerifierError approval_required */
function checkApproval({ claims }: VerifiedToken, settings: TokenSettings<unknown>): void {
  if (settings.requireHumanApproval === undefined || claims.approval?.method === 'passkey') return
  throw new VerifierError('approval_required', 'the root was not approved by a person with a passkey')
}

/** What was signed is the proof up to its signature. */
function describeEvidence({ token, proof }: ShownToken, status: StatusSnapshot | undefined): RequestEvidence {
  const end = proof.lastIndexOf('.')
  return {
    credentials: [token],
    signatureBase: proof.slice(0, end),
    signature: proof.slice(end + 1),
    ...keptHeartbeat(status),
  }
}

/** The next nonce, for an agent whose nonce will end soon. */
function offerNonce(used: string | undefined, now: number, { nonces }: TokenSettings<unknown>): FieldLines {
  const next = nonces?.issue(now)
  if (next === undefined || next === used) return NO_HEADERS
  return Object.freeze([Object.freeze(['DPoP-Nonce', next] as const)])
}

function describeRequest(
  { claims, chain }: VerifiedToken,
  found: Pick<AuthorizedTokenRequest, 'capability' | 'requestId' | 'body'>,
): AuthorizedTokenRequest {
  const { agent, approval, workflow } = claims
  const principal = Object.freeze(readPrincipal(chain))
  // Everything else was frozen by whoever made it.
  return Object.freeze({
    ...found,
    principal,
    agent,
    chain,
    approval,
    workflow,
    context: undefined,
    token: claims,
  })
}

import type { Did } from '@behalf/did'
import {
  checkSignatureWindow,
  KEY_TAG,
  parseSignatureKey,
  verifyContentDigest,
  verifySignature,
} from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import { checkFraming, type FramedHeaders } from './framing.ts'
import { type GuardOptions, type GuardSettings, parseGuardOptions } from './guard-settings.ts'
import { checkHeaderAmbiguity, overridesMethod } from './header-ambiguity.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { toProblemResponse } from './problem-response.ts'
import type { RequestGuard } from './request-guard.ts'
import { checkHolder, claimNonce, readBody, readRequestSignature, readSignatory } from './request-steps.ts'
import { readTarget } from './target.ts'
import { toVerifierError } from './to-verifier-error.ts'

/** A request signed by a bare key: proof of who asks, and of nothing that it may do. Frozen, the bytes apart. */
export interface VerifiedKeyRequest {
  /** The key that signed, as a DID. */
  readonly agent: Did
  readonly requestId: string
  /** The bytes whose digest was signed; empty without a body. */
  readonly body: Uint8Array
}

/** Options of `createKeyRequestVerifier`. */
export type KeyRequestVerifierOptions = GuardOptions

/** Verifies requests that prove possession of a key. */
export type KeyRequestVerifier = RequestGuard<VerifiedKeyRequest>

/**
 * Makes a verifier for requests signed with tag `agent-key` and an inline key, as an authority takes them.
 *
 * @throws TypeError for empty or malformed origins
 * @see RFC 9421, RFC 9530, draft-hardt-httpbis-signature-key (scheme hwk)
 */
export function createKeyRequestVerifier(options: KeyRequestVerifierOptions): KeyRequestVerifier {
  const settings = parseGuardOptions(options)
  const { origin, wallClock } = settings
  return {
    verify: (request) => verifyKeyRequest(request, settings),
    requestId: settings.requestId,
    refuse: (error, requestId) =>
      toProblemResponse(error, { origin, requestId, tag: KEY_TAG, now: wallClock() }),
  }
}

async function verifyKeyRequest(
  request: IncomingRequest,
  settings: GuardSettings,
): Promise<VerifiedKeyRequest> {
  const requestId = request.requestId ?? settings.requestId()
  try {
    return await decideKeyRequest(request, requestId, settings)
  } catch (error) {
    const refusal = toVerifierError(error, true)
    if (refusal.fault) settings.reportFault(refusal, requestId)
    throw refusal
  }
}

async function decideKeyRequest(
  request: IncomingRequest,
  requestId: string,
  settings: GuardSettings,
): Promise<VerifiedKeyRequest> {
  const headers = checkFraming(request, settings.limits)
  checkHeaderAmbiguity(headers)
  checkOneMethod(headers, request.method)
  const target = readTarget(request.target, headers, settings.origins)
  const body = await readBody(request, headers, settings.limits)
  const now = settings.clock()
  const signature = readRequestSignature({ method: request.method, target, headers, body }, KEY_TAG)
  const signatory = readSignatory(signature)
  const key = parseSignatureKey(headers.fields, signature.label)
  if (key.scheme !== 'hwk') {
    throw new VerifierError('keyid_unsupported', 'not an inline key', {
      signatureError: 'unsupported_scheme',
    })
  }
  checkSignatureWindow(signature, { now })
  checkHolder(signatory, key.publicKey)
  verifySignature(signature, signatory.publicKey)
  verifyContentDigest(headers.fields, body)
  await claimNonce(settings.replayStore, signatory, signature)
  return Object.freeze({ agent: signatory.did, requestId, body })
}

// Frameworks act on these headers, so the method that was signed would not be the one that is carried out. With a
// delegation it is a question of its scope; here there is none to exceed.
function checkOneMethod(headers: FramedHeaders, method: string): void {
  if (overridesMethod(headers, method)) {
    throw new VerifierError('header_ambiguous', 'a header asks for another method')
  }
}

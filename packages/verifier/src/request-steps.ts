import { equalBytes } from '@behalf/core'
import { type Did, decodeDidKeyUrl } from '@behalf/did'
import { type ReadSignature, readSignature } from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import { checkBody, type FramedHeaders } from './framing.ts'
import type { IncomingRequest, RequestLimits } from './incoming-request.ts'
import type { ReplayStore } from './replay-store.ts'
import type { RequestTarget } from './target.ts'

/** How far `expires` may lie behind the clock. */
export const EXPIRES_TOLERANCE_SECONDS = 30

/** The key that a request says it is signed with. */
export interface Signatory {
  readonly did: Did
  readonly publicKey: Uint8Array
}

/**
 * The body was read whole, within the caps, and has the length that was announced.
 *
 * @throws VerifierError request_too_large, body_timeout, request_malformed
 */
export async function readBody(
  request: IncomingRequest,
  headers: FramedHeaders,
  limits: RequestLimits,
): Promise<Uint8Array> {
  const body = typeof request.body === 'function' ? await request.body(limits) : request.body
  checkBody(body, headers, limits)
  return body
}

/** A request whose framing and target were checked. */
export interface FramedRequest {
  readonly method: string
  readonly target: RequestTarget
  readonly headers: FramedHeaders
  readonly body: Uint8Array
}

/**
 * The one signature of this application, in form and coverage as the profile wants it; not verified.
 *
 * @param tag of the application
 * @throws HttpSignatureError as `readSignature`
 */
export function readRequestSignature(request: FramedRequest, tag: string): ReadSignature {
  const { method, target, headers, body } = request
  const message = {
    kind: 'request',
    method,
    origin: target.origin,
    target: target.target,
    fields: headers.fields,
  } as const
  return readSignature(message, { tag, hasBody: body.length > 0 })
}

/**
 * The key that `keyid` spells.
 *
 * @throws DidError key_invalid, keyid_unsupported
 */
export function readSignatory(signature: ReadSignature): Signatory {
  return decodeDidKeyUrl(signature.keyid)
}

/**
 * The key the request is signed with is the key it was presented with.
 *
 * @param presented key of the leaf delegation, or the inline key
 * @throws VerifierError key_mismatch
 */
export function checkHolder(signatory: Signatory, presented: Uint8Array): void {
  if (!equalBytes(signatory.publicKey, presented)) {
    throw new VerifierError('key_mismatch', 'the signer is not the holder of what was presented')
  }
}

/**
 * The nonce was not used before and cannot be used again.
 *
 * @throws VerifierError nonce_replayed, replay_store_unavailable
 */
export async function claimNonce(
  store: ReplayStore,
  signatory: Signatory,
  signature: Pick<ReadSignature, 'nonce' | 'created' | 'expires'>,
): Promise<void> {
  const claim = {
    key: signatory.did,
    nonce: signature.nonce,
    created: signature.created * 1000,
    keepUntil: (signature.expires + 2 * EXPIRES_TOLERANCE_SECONDS + 1) * 1000,
  }
  const isFirst = await askStore(() => store.claim(claim))
  if (!isFirst) throw new VerifierError('nonce_replayed', 'the nonce was used, or may have been')
}

/**
 * What a store decided; only `true` is yes.
 *
 * @throws VerifierError replay_store_unavailable
 */
export async function askStore(ask: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return (await ask()) === true
  } catch (cause) {
    throw new VerifierError('replay_store_unavailable', 'a store cannot decide', { cause, fault: true })
  }
}

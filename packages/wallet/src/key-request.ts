import { encodeUtf8, type JsonValue } from '@behalf/core'
import { KEY_TAG } from '@behalf/http-signature'
import { WalletError } from './error.ts'
import type { Fetch } from './fetch.ts'
import { parseRequestTarget } from './request-target.ts'
import type { RequestDraft, RequestSigner } from './sign-request.ts'

/** One call to an authority. */
export interface KeyRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly json?: JsonValue
  /** Sent instead of JSON, as OAuth wants it. */
  readonly form?: URLSearchParams
  /** Whether the wallet proves its key; public routes need none. Default true. */
  readonly signed?: boolean
  readonly signal?: AbortSignal
}

/** Sends a call and returns the answer, whatever its status. */
export type SendKeyRequest = (request: KeyRequest) => Promise<Response>

/** What createKeySender needs. */
export interface KeySenderOptions {
  readonly signer: RequestSigner
  /** 32 bytes, sent as the inline key. */
  readonly publicKey: Uint8Array
  readonly fetch: Fetch
  readonly allowPlainHttp: boolean
}

/**
 * Sends JSON calls to an authority that prove possession of the wallet's key and nothing more. Redirects are answers.
 *
 * The returned function throws {@link WalletError} authority_unreachable when no answer comes, the signal's reason
 * when it aborts, and TypeError for a URL that is neither https nor loopback.
 *
 * @see draft-hardt-httpbis-signature-key, scheme hwk
 */
export function createKeySender(options: KeySenderOptions): SendKeyRequest {
  const { signer, publicKey, fetch, allowPlainHttp } = options
  const presentation = {
    tag: KEY_TAG,
    signatureKey: { scheme: 'hwk', publicKey },
    ancestors: [],
  } as const

  return async (request) => {
    const draft = draftRequest(request, allowPlainHttp)
    const headers = request.signed === false ? draft.headers : await signer.sign(draft, presentation)
    const init: RequestInit = {
      method: draft.method,
      headers,
      redirect: 'manual',
      ...(draft.body === undefined ? {} : { body: draft.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    }
    try {
      return await fetch(draft.target.href, init)
    } catch (cause) {
      request.signal?.throwIfAborted()
      throw new WalletError('authority_unreachable', `no answer from ${draft.target.origin}`, { cause })
    }
  }
}

function draftRequest({ method, url, json, form }: KeyRequest, allowPlainHttp: boolean): RequestDraft {
  const target = parseRequestTarget(url, allowPlainHttp)
  const headers = new Headers({ accept: 'application/json, application/problem+json' })
  if (form !== undefined) {
    headers.set('content-type', 'application/x-www-form-urlencoded')
    return { method, target, headers, body: new Uint8Array(encodeUtf8(form.toString())) }
  }
  if (json === undefined) return { method, target, headers }
  headers.set('content-type', 'application/json')
  return { method, target, headers, body: new Uint8Array(encodeUtf8(JSON.stringify(json))) }
}

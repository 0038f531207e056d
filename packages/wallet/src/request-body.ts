/** A request body as it goes on the wire. */
export interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What fetch would send when the caller names none. */
  readonly contentType: string | undefined
}

/** Bodies whose bytes are known before the request is sent. */
export type SignableBody = string | Uint8Array | ArrayBuffer | URLSearchParams | Blob | FormData

/**
 * The bytes and the default content type that fetch would send for a body; `undefined` for no body.
 *
 * @throws {TypeError} for a stream, an iterable or anything else that cannot be read before it is signed
 * @see https://fetch.spec.whatwg.org/#concept-bodyinit-extract
 */
export async function readRequestBody(body: unknown): Promise<RequestBody | undefined> {
  if (body === undefined || body === null) return undefined
  if (!isSignable(body)) {
    throw new TypeError(
      'a signed body is a string, bytes, URLSearchParams, a Blob or FormData, never a stream',
    )
  }
  // Response applies the same rules as fetch, a form's random boundary included.
  const response = new Response(body)
  const contentType = response.headers.get('content-type') ?? undefined
  return { bytes: new Uint8Array(await response.arrayBuffer()), contentType }
}

function isSignable(
  body: unknown,
): body is string | Uint8Array<ArrayBuffer> | ArrayBuffer | URLSearchParams | Blob | FormData {
  if (typeof body === 'string' || body instanceof Uint8Array || body instanceof ArrayBuffer) return true
  return body instanceof URLSearchParams || body instanceof Blob || body instanceof FormData
}

import type { AnyVerifiedRequest } from '@behalf/verifier'

/** Headers that a server is shown beside those of MCP itself. Nothing in them proves who anybody is. */
const SHOWN: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'last-event-id',
  'traceparent',
  'tracestate',
  'user-agent',
])

/**
 * The request as a server is shown it: the bytes that were verified, and no credential, so that none can be passed on.
 *
 * @param signal aborted when the call has to end
 */
export function toHandlerRequest(
  request: Request,
  { body }: AnyVerifiedRequest<unknown>,
  { url, signal }: { readonly url: URL; readonly signal: AbortSignal },
): Request {
  const { method } = request
  const headers = new Headers()
  for (const [name, value] of request.headers) {
    if (SHOWN.has(name) || name.startsWith('mcp-')) headers.set(name, value)
  }
  const init: RequestInit = { method, headers, signal }
  return new Request(url, body.length === 0 ? init : { ...init, body: new Uint8Array(body) })
}

import { encodeUtf8, type JsonObject } from '@behalf/core'
import { VerifierError } from '@behalf/verifier'
import { type ForwardedMessage, toForwardedMessage } from './forwarded-message.ts'
import { toErrorMessage } from './pending-answer.ts'
import type { McpHandler } from './serve-verified.ts'
import { verifiedCaller } from './verified-caller.ts'

/** A server that speaks Streamable HTTP, elsewhere. */
export interface UpstreamHandlerOptions {
  /** URL of its endpoint. Whoever reaches it without the front is not verified. */
  readonly upstream: string
  /** What the front shows the server of itself, such as its own `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Told why the server did not answer. Default: nobody is. */
  readonly onNote?: (text: string) => void
}

/** Headers of an answer that a caller is shown. */
const SHOWN: ReadonlySet<string> = new Set(['allow', 'cache-control', 'content-type', 'retry-after'])
/** What a caller can do something about; every other failure is that of the server, or of the front with it. */
const FOR_CALLERS: ReadonlySet<number> = new Set([400, 404, 405, 406, 409, 413, 415, 429])

/**
 * Makes a handler that passes verified requests on to a server, as it is. The server is given messages, who calls in
 * `_meta["behalf/caller"]`, the headers of MCP, and nothing else of a request; it is not followed elsewhere. A server
 * that cannot be reached, that asks for a login or fails, is `mcp_server_unavailable`; an answer that breaks off ends
 * with an error of that code.
 *
 * @throws TypeError for a URL that is not http or https
 * @see MCP 2025-11-25 and 2026-07-28, Streamable HTTP
 * @example
 * createMcpEndpoint({ url, handler: createUpstreamHandler({ upstream: 'http://127.0.0.1:4000/mcp' }), ...options })
 */
export function createUpstreamHandler(options: UpstreamHandlerOptions): McpHandler {
  const { upstream, headers: own = {}, onNote = () => undefined } = options
  const send = options.fetch ?? ((url, init) => fetch(url, init))
  if (!/^https?:$/u.test(URL.parse(upstream)?.protocol ?? '')) throw new TypeError('upstream: no http URL')
  return async (request, { authInfo }) => {
    const message = request.method === 'POST' ? toForwardedMessage(verifiedCaller({ authInfo })) : undefined
    if (message !== undefined) checkHeaders(request.headers, message)
    const answer = await reach(send, onNote)(upstream, {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), ...own },
      signal: request.signal,
      redirect: 'manual',
      ...(message !== undefined && { body: JSON.stringify(message.value) }),
    })
    if (!answer.ok && !FOR_CALLERS.has(answer.status)) {
      await answer.body?.cancel()
      onNote(`the server answered ${answer.status}`)
      throw new VerifierError('mcp_server_unavailable', 'the server failed')
    }
    return await toCaller(answer, message)
  }
}

function reach(
  send: NonNullable<UpstreamHandlerOptions['fetch']>,
  onNote: (text: string) => void,
): typeof send {
  return async (url, init) => {
    try {
      return await send(url, init)
    } catch (cause) {
      init.signal?.throwIfAborted()
      onNote(`the server cannot be reached: ${describe(cause)}`)
      throw new VerifierError('mcp_server_unavailable', 'the server cannot be reached', { cause })
    }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.cause instanceof Error ? error.cause.message : error.message
}

/**
 * Nothing covers the headers in which MCP 2026-07-28 repeats what the body says: where they say something else, a
 * server that reads them would do what nobody verified.
 */
function checkHeaders(headers: Headers, { read }: ForwardedMessage): void {
  if (read.kind === 'response') return
  const { name, uri, taskId } = read.params
  const isAsSaid = (field: string, value: unknown): boolean => {
    const said = headers.get(field)
    return said === null || decode(said) === value
  }
  if (isAsSaid('mcp-method', read.method) && isAsSaid('mcp-name', name ?? uri ?? taskId)) return
  throw new VerifierError('request_malformed', 'a header says something else than the body')
}

/** @see MCP 2026-07-28, Streamable HTTP, encoding of header values */
function decode(value: string): string {
  const [, encoded] = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/u.exec(value) ?? []
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8')
}

async function toCaller(answer: Response, message: ForwardedMessage | undefined): Promise<Response> {
  const headers = new Headers()
  for (const [name, value] of answer.headers) {
    if (SHOWN.has(name) || name.startsWith('mcp-')) headers.set(name, value)
  }
  const { body, status } = answer
  if (body === null || message?.read.kind !== 'request' || !isStream(headers)) {
    return new Response(body, { status, headers })
  }
  const events = createEvents(body, message.read.id)
  // A stream on which nothing came is no answer yet: until then its caller can be refused.
  await events.first
  return new Response(events.body, { status, headers })
}

function isStream(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}

interface Events {
  /** Resolves when something came, or it is over. */
  readonly first: Promise<unknown>
  readonly body: ReadableStream<Uint8Array>
}

/** A stream that breaks off says so, because its caller would wait for the rest. */
function createEvents(body: ReadableStream<Uint8Array>, id: string | number): Events {
  const reader = body.getReader()
  let next: ReturnType<typeof reader.read> | undefined = reader.read()
  const first = next.catch(() => undefined)
  const events = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const part = next ?? reader.read()
        next = undefined
        try {
          const { done, value } = await part
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (cause) {
          const error = new VerifierError('mcp_server_unavailable', 'the answer broke off', { cause })
          controller.enqueue(encodeUtf8(toEvent(toErrorMessage(id, error))))
          controller.close()
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return { first, body: events }
}

/** Half an event may stand before it, which the empty lines end. */
function toEvent(message: JsonObject): string {
  return `\n\nevent: message\ndata: ${JSON.stringify(message)}\n\n`
}

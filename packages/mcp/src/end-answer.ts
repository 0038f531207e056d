import { encodeUtf8 } from '@behalf/core'
import { type AnyVerifiedRequest, VerifierError } from '@behalf/verifier'
import { createEndedCall } from './ended-call.ts'
import { parseMcpMessage } from './mcp-message.ts'

const EVENTS = /^text\/event-stream\b/i

/**
 * Where an answer is a stream of events that a call waits on: the same, whose last event is the refusal of the call once
 * its chain is dead, as an error of JSON-RPC with the code of the wire in its `data`. The SDK 1.x would wait on for the
 * answer of a stream that was only cut off.
 *
 * @param onCut told when it was ended so
 * @returns undefined for every other answer
 * @see MCP 2025-11-25, transports, sending messages to the server
 */
export function endAnswer(
  answer: Response,
  verified: AnyVerifiedRequest<unknown>,
  onCut: () => void,
): Response | undefined {
  const { body, headers } = answer
  if (body === null || !EVENTS.test(headers.get('content-type') ?? '')) return undefined
  const id = idOf(verified)
  if (id === undefined) return undefined
  return new Response(endStream(body, verified, { id, onCut }), answer)
}

/** Of the call that waits for an answer; undefined where nothing does. */
function idOf({ body }: AnyVerifiedRequest<unknown>): string | number | undefined {
  if (body.length === 0) return undefined
  const message = parseMcpMessage(body)
  return message.kind === 'request' ? message.id : undefined
}

function endStream(
  body: ReadableStream<Uint8Array>,
  { signal, requestId }: AnyVerifiedRequest<unknown>,
  { id, onCut }: { readonly id: string | number; readonly onCut: () => void },
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let end = (): void => undefined
  const forget = (): void => signal.removeEventListener('abort', end)
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        end = () => {
          onCut()
          controller.enqueue(toEvent(createEndedCall(id, { code: codeOf(signal.reason), requestId })))
          controller.close()
          reader.cancel(signal.reason).catch(() => undefined)
        }
        if (signal.aborted) end()
        else signal.addEventListener('abort', end, { once: true })
      },
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (signal.aborted) return
        if (!done) {
          controller.enqueue(value)
          return
        }
        forget()
        controller.close()
      },
      cancel: (reason) => {
        forget()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

function codeOf(reason: unknown): string {
  return reason instanceof VerifierError ? reason.code : 'internal_error'
}

/** An event that stands for itself, whatever was sent of the one before. */
function toEvent(message: object): Uint8Array {
  return encodeUtf8(`\n\nevent: message\ndata: ${JSON.stringify(message)}\n\n`)
}

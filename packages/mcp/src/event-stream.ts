import type { JsonObject } from '@behalf/core'

/** An answer that goes on: messages as server-sent events. */
export interface EventStream {
  readonly response: Response
  /** Sends a message; nothing once the stream is over. */
  send(message: JsonObject): void
  end(): void
}

/** How a stream is kept. */
export interface EventStreamOptions {
  /** Bytes that wait for a slow reader; with more than that the stream is cut off. */
  readonly maxQueuedBytes: number
  /** Told once when the reader went away, or was too slow. */
  readonly onGone: () => void
  readonly headers?: Readonly<Record<string, string>>
}

/** Opens a stream. @see MCP 2025-11-25 and 2026-07-28, Streamable HTTP */
export function createEventStream({ maxQueuedBytes, onGone, headers }: EventStreamOptions): EventStream {
  const encoder = new TextEncoder()
  let isOver = false
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given
      },
      cancel: () => {
        if (isOver) return
        isOver = true
        onGone()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxQueuedBytes }),
  )
  return {
    response: new Response(body, {
      headers: {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache, no-transform',
        'X-Accel-Buffering': 'no',
        ...headers,
      },
    }),
    send: (message) => {
      if (isOver || controller === undefined) return
      if ((controller.desiredSize ?? 0) <= 0) {
        isOver = true
        controller.error(new Error('the reader is too slow'))
        onGone()
        return
      }
      controller.enqueue(encoder.encode(`event: message\ndata: ${JSON.stringify(message)}\n\n`))
    },
    end: () => {
      if (isOver) return
      isOver = true
      controller?.close()
    },
  }
}

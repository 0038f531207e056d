import { encodeUtf8 } from '@behalf/core'

/** A stream of events that can go on with those of another one. */
export interface SplicedStream {
  readonly body: ReadableStream<Uint8Array>
  /** Whether somebody may still read from it. */
  readonly isOpen: () => boolean
  /** From now on it has what this answer has; without a stream in it, it ends. */
  readonly goOn: (answer?: Response) => void
}

/** Ends the event that was begun. */
const END_OF_EVENT = encodeUtf8('\n\n')

/** Begins with the events of `first`, and ends with whichever it goes on with last. */
export function spliceStream(first: ReadableStream<Uint8Array>): SplicedStream {
  const state = { reader: first.getReader(), isOpen: true }
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const follow = async (reader: typeof state.reader): Promise<void> => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (state.reader !== reader || !state.isOpen) return
        if (done) break
        controller?.enqueue(value)
      }
      close()
    } catch (error) {
      if (state.reader !== reader || !state.isOpen) return
      state.isOpen = false
      controller?.error(error)
    }
  }
  const close = (): void => {
    if (!state.isOpen) return
    state.isOpen = false
    controller?.close()
  }
  const body = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made
      void follow(state.reader)
    },
    cancel: async (reason) => {
      state.isOpen = false
      await state.reader.cancel(reason)
    },
  })
  return {
    body,
    isOpen: () => state.isOpen,
    goOn: (answer) => {
      const { reader } = state
      if (!state.isOpen || answer === undefined || !answer.ok || answer.body === null) {
        answer?.body?.cancel().catch(() => undefined)
        close()
        return
      }
      state.reader = answer.body.getReader()
      reader.cancel().catch(() => undefined)
      controller?.enqueue(END_OF_EVENT)
      void follow(state.reader)
    },
  }
}

/** The same answer; `done` is called once its body was read to its end, or nobody reads on. */
export function onceRead(answer: Response, done: () => void): Response {
  if (answer.body === null) {
    done()
    return answer
  }
  const reader = answer.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const read = await reader.read()
          if (!read.done) {
            controller.enqueue(read.value)
            return
          }
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        done()
      },
      cancel: async (reason) => {
        done()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, answer)
}

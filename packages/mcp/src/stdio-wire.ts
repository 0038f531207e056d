import type { Readable, Writable } from 'node:stream'
import type { JsonObject } from '@behalf/core'
import { readLines } from './read-lines.ts'

/** A transport that both generations of the official SDK take. */
export interface StdioTransport {
  /** Begins to read. Called by the server that is connected. */
  start(): Promise<void>
  /** Sends what the server says, as far as somebody may hear it. */
  send(message: object): Promise<void>
  /** Stops reading and ends what is under way. */
  close(): Promise<void>
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: object, extra?: object) => void
}

/** Both ends of a transport: the streams, and the server. */
export interface StdioWire {
  readonly transport: StdioTransport
  /** Hands a message to the server. */
  deliver(message: JsonObject, extra?: object): void
  /** Writes a message; nothing once it is closed. Rejects where the stream does. */
  write(message: JsonObject): Promise<void>
}

/** What a wire works with. */
export interface StdioWireOptions {
  readonly input: Readable
  readonly output: Writable
  /** See `readLines`. */
  readonly maxBytes: number
  readonly onLine: (line: Uint8Array) => Promise<void>
  /** Called for each message of the server. */
  readonly onSend: (message: JsonObject) => Promise<void>
  /** Called once. */
  readonly onClose: () => void
}

/** Makes a wire that was not started. It closes when there is nothing more to read, or nobody to write to. */
export function createStdioWire(options: StdioWireOptions): StdioWire {
  const { input, output, onClose } = options
  let stopReading: (() => void) | undefined
  let isClosed = false
  const fail = (error: Error): void => transport.onerror?.(error)
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    stopReading?.()
    onClose()
    transport.onclose?.()
  }
  const transport: StdioTransport = {
    start: async () => {
      if (stopReading !== undefined) throw new TypeError('the transport was started before')
      input.on('error', fail)
      output.on('error', (error) => {
        // Nobody wants to know of that once it is closed, and nobody listening would end the process.
        if (!isClosed) fail(error)
        close()
      })
      stopReading = readLines(input, { ...options, onEnd: close })
    },
    send: async (message) => await options.onSend(message as JsonObject),
    close: async () => close(),
  }
  return {
    transport,
    deliver: (message, extra) => {
      if (isClosed) return
      try {
        transport.onmessage?.({ jsonrpc: '2.0', ...message }, extra)
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    },
    write: (message) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      if (isClosed) resolve()
      else {
        const line = `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`
        output.write(line, (error) => (error ? reject(error) : resolve()))
      }
      return promise
    },
  }
}

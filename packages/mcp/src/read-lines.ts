import type { Readable } from 'node:stream'

/** How lines are read. */
export interface ReadLinesOptions {
  /** Of one line; of a longer one this many and one more are told, and the rest is thrown away. */
  readonly maxBytes: number
  /** Called for one line after the other, without its end; the next one waits until this resolves. Never rejects. */
  readonly onLine: (line: Uint8Array) => Promise<void>
  /** Called once, when there are no more, behind the last line. */
  readonly onEnd: () => void
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
/** Lines that wait before the stream is asked to wait. */
const MAX_WAITING = 64

/**
 * Reads the lines of a stream, in their order. What comes behind the last end of a line is none.
 *
 * @returns what stops the reading: no line is told any more, and the stream is left as it is
 */
export function readLines(input: Readable, { maxBytes, onLine, onEnd }: ReadLinesOptions): () => void {
  const waiting: Uint8Array[] = []
  const collector = createCollector(maxBytes, (line) => waiting.push(line))
  let isReading = false
  let hasEnded = false
  let isStopped = false

  const pump = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    for (let line = waiting.shift(); line !== undefined && !isStopped; line = waiting.shift()) {
      await onLine(line)
      if (waiting.length < MAX_WAITING && !isStopped) input.resume()
    }
    isReading = false
    if (hasEnded && !isStopped) {
      stop()
      onEnd()
    }
  }
  const take = (chunk: Uint8Array): void => {
    collector(chunk)
    if (waiting.length >= MAX_WAITING) input.pause()
    void pump()
  }
  const finish = (): void => {
    hasEnded = true
    void pump()
  }
  const stop = (): void => {
    isStopped = true
    input.off('data', take).off('end', finish).off('close', finish)
    // A stream that flows on keeps its process alive.
    if (input.listenerCount('data') === 0) input.pause()
  }
  input.on('data', take).on('end', finish).on('close', finish)
  if (input.readableEnded || input.destroyed) finish()
  return stop
}

/** Puts the lines of chunks together. */
function createCollector(maxBytes: number, tell: (line: Uint8Array) => void): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = []
  let length = 0
  const add = (part: Uint8Array): void => {
    const room = maxBytes + 1 - length
    const kept = part.length > room ? part.subarray(0, room) : part
    length += kept.length
    if (kept.length > 0) parts.push(kept)
  }
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end))
      tell(withoutReturn(Buffer.concat(parts)))
      parts = []
      length = 0
      start = end + 1
    }
    add(chunk.subarray(start))
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
}

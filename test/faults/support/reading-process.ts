import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { takeOrders } from './child.ts'

/** Opens so many streams, waits until all that read hold a heartbeat, stops reading or reads on. */
export type ReadingOrder =
  | { readonly do: 'open'; readonly port: number; readonly count: number; readonly lastSequence?: number }
  | { readonly do: 'await'; readonly sequence: number; readonly seconds: number }
  | { readonly do: 'stop' }
  | { readonly do: 'go on'; readonly seconds: number }
  | { readonly do: 'report' }

/** What the readers saw. */
export interface ReadingReport {
  /** Heartbeats that came whole since the last report, and when, milliseconds on the clock that all processes share. */
  readonly arrivals: readonly { readonly sequence: number; readonly at: number }[]
  /** The least that one of them holds. */
  readonly least: number
  readonly open: number
}

interface Reader {
  readonly socket: Socket
  sequence: number
  text: string
  isOpen: boolean
}

const ID = /^id: ([0-9]+)$/mu
const END = '\n\n'

// Readers of a status stream in a process of their own.
const readers: Reader[] = []
let arrivals: { sequence: number; at: number }[] = []

takeOrders<ReadingOrder, ReadingReport>(async (order) => {
  if (order.do === 'open') {
    for (let count = 0; count < order.count; count += 1) readers.push(await open(order))
  }
  if (order.do === 'stop') for (const { socket } of readers) socket.pause()
  if (order.do === 'go on') {
    for (const { socket } of readers) socket.resume()
    await until(() => readers.every(({ isOpen }) => !isOpen), order.seconds)
  }
  if (order.do === 'await') {
    await until(() => readers.every(({ sequence }) => sequence >= order.sequence), order.seconds)
  }
  const seen = arrivals
  arrivals = []
  return {
    arrivals: seen,
    least: Math.min(...readers.map(({ sequence }) => sequence)),
    open: readers.filter(({ isOpen }) => isOpen).length,
  }
})

async function open({ port, lastSequence }: { port: number; lastSequence?: number }): Promise<Reader> {
  const socket = connect({ port, host: '127.0.0.1' })
  const reader: Reader = { socket, sequence: 0, text: '', isOpen: true }
  socket.on('data', (part: Buffer) => take(reader, part.toString('latin1')))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    reader.isOpen = false
  })
  await once(socket, 'connect')
  const last = lastSequence === undefined ? '' : `Last-Event-ID: ${lastSequence}\r\n`
  socket.write(`GET /status/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${last}\r\n`)
  return reader
}

/** Events end with an empty line; what frames them is between two of them. */
function take(reader: Reader, part: string): void {
  const texts = (reader.text + part).split(END)
  reader.text = texts.pop() ?? ''
  for (const text of texts) {
    const sequence = Number(ID.exec(text)?.[1])
    if (Number.isNaN(sequence)) continue
    reader.sequence = sequence
    arrivals.push({ sequence, at: Number(process.hrtime.bigint()) / 1_000_000 })
  }
}

async function until(isSo: () => boolean, seconds: number): Promise<void> {
  for (const since = performance.now(); !isSo() && performance.now() - since < seconds * 1000; )
    await wait(10)
}

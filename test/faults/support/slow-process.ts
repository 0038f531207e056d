import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { encodeRequest } from '../../attacks/support/request.ts'
import { parseAnswers } from '../../attacks/support/wire.ts'
import { takeOrders } from './child.ts'
import { signAt } from './parties.ts'

/** Opens so many connections that send one byte at a time, and reports when the last one was cut. */
export interface SlowOrder {
  readonly port: number
  /** The time it is for the API, milliseconds. */
  readonly now: number
  readonly connections: number
  /** From the first connection to the last one. */
  readonly rampMilliseconds: number
  /** From one byte to the next. */
  readonly everyMilliseconds: number
}

/** What became of the slow senders of one kind. */
export interface SlowReport {
  /** Ended by the API, with an answer or without. */
  readonly cut: number
  /** Codes of the answers, and how often. */
  readonly codes: Readonly<Record<string, number>>
  /** How long the longest lived one was open, milliseconds. */
  readonly longest: number
}

/** What a slow sender sends slowly; what comes before is sent at once. */
export const SLOW_PARTS = ['headers', 'body', 'everything'] as const
export type SlowPart = (typeof SLOW_PARTS)[number]

// Slow senders in a process of their own.
takeOrders<SlowOrder, Readonly<Record<SlowPart, SlowReport>>>(async (order) => {
  // One for all: none of them gets as far as being verified, and signing takes time from whoever is measured.
  const bytes = Buffer.from(encodeRequest(await signAt(order.now, { body: `{"x":"${'1'.repeat(2000)}"}` })))
  const ends = await Promise.all(
    Array.from({ length: order.connections }, async (_, index) => {
      await wait((index * order.rampMilliseconds) / order.connections)
      const part = SLOW_PARTS[index % SLOW_PARTS.length] ?? 'everything'
      return { part, ...(await sendSlowly(part, bytes, order)) }
    }),
  )
  const report = (part: SlowPart): SlowReport => summarize(ends.filter((end) => end.part === part))
  return { headers: report('headers'), body: report('body'), everything: report('everything') }
})

interface End {
  readonly milliseconds: number
  readonly code: string
}

function summarize(ends: readonly End[]): SlowReport {
  const codes: Record<string, number> = {}
  for (const { code } of ends) codes[code] = (codes[code] ?? 0) + 1
  return { cut: ends.length, codes, longest: Math.max(...ends.map(({ milliseconds }) => milliseconds)) }
}

async function sendSlowly(part: SlowPart, bytes: Buffer, order: SlowOrder): Promise<End> {
  const atOnce = { headers: bytes.indexOf('\r\n') + 2, body: bytes.indexOf('\r\n\r\n') + 4, everything: 0 }[
    part
  ]
  const socket = connect({ port: order.port, host: '127.0.0.1', noDelay: true })
  const closed = readUntilClosed(socket)
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  const start = performance.now()
  if (atOnce > 0) socket.write(bytes.subarray(0, atOnce))
  let next = atOnce
  const drip = setInterval(() => {
    if (socket.writable && next < bytes.length) socket.write(bytes.subarray(next, next + 1))
    next += 1
  }, order.everyMilliseconds)
  const code = await closed
  clearInterval(drip)
  return { milliseconds: performance.now() - start, code }
}

/** The code of the answer, or `closed` when none came. */
function readUntilClosed(socket: Socket): Promise<string> {
  let text = ''
  const { promise, resolve } = Promise.withResolvers<string>()
  socket
    .on('data', (part: Buffer) => {
      text += part.toString('latin1')
    })
    .on('error', () => undefined)
    .on('end', () => socket.destroy())
    .on('close', () => {
      const [answer] = parseAnswers(text, { isEnd: true, bodiless: false })
      resolve(answer === undefined ? 'closed' : `${answer.status} ${JSON.parse(answer.body).code}`)
    })
  return promise
}

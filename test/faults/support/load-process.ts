import { NOW } from '../../attacks/support/chain.ts'
import { encodeRequest } from '../../attacks/support/request.ts'
import type { Answer } from '../../attacks/support/wire.ts'
import { takeOrders } from './child.ts'
import { type Connection, openConnection } from './connection.ts'
import { createDefects, createHonest } from './defects.ts'

/** Where the load goes, and what with. */
export interface LoadTarget {
  readonly port: number
  readonly startedAt: number
  readonly honest: readonly string[]
  readonly revoked: readonly string[]
}

/** What a load process is told to do. */
export type LoadOrder =
  /** A server takes one that never carried a request for a slow one; `greets` sends an honest one on each. */
  | {
      readonly order: 'open'
      readonly target: LoadTarget
      readonly connections: number
      readonly greets?: boolean
    }
  /** Requests over all connections in turn, so many on their way at once; one in ten is defective. */
  | { readonly order: 'send'; readonly requests: number; readonly inFlight: number }
  /** Honest requests at a fixed rate, whether or not the last one was answered. */
  | { readonly order: 'pace'; readonly perSecond: number; readonly seconds: number }
  | { readonly order: 'close' }

/** What came of it. */
export interface LoadReport {
  readonly open: number
  readonly accepted: number
  /** How often each code came back that had to. */
  readonly refused: Readonly<Record<string, number>>
  /** Answers that should not have been: what was sent, and what came back. */
  readonly wrong: readonly string[]
  /** Of every honest request, milliseconds. */
  readonly latencies: readonly number[]
}

type Tally = { -readonly [Member in keyof LoadReport]: LoadReport[Member] } & {
  refused: Record<string, number>
  wrong: string[]
  latencies: number[]
}

const OPENED_AT_ONCE = 100
const DEFECT_EVERY = 10
/** Keeps reports small when everything goes wrong. */
const MAX_WRONG = 20

// Clients in a process of their own.
const connections: Connection[] = []
const replays: Uint8Array[] = []
let target: LoadTarget | undefined
let sent = 0

takeOrders<LoadOrder, LoadReport>(async (order) => {
  const tally: Tally = { open: 0, accepted: 0, refused: {}, wrong: [], latencies: [] }
  if (order.order === 'open') await open(order, tally)
  if (order.order === 'send') await sendAll(order, tally)
  if (order.order === 'pace') await pace(order, tally)
  if (order.order === 'close') for (const connection of connections.splice(0)) connection.close()
  return { ...tally, open: connections.filter(({ isOpen }) => isOpen).length }
})

async function open(order: LoadOrder & { order: 'open' }, tally: Tally): Promise<void> {
  target = order.target
  const { port } = order.target
  while (connections.length < order.connections) {
    const count = Math.min(OPENED_AT_ONCE, order.connections - connections.length)
    const batch = await Promise.all(Array.from({ length: count }, () => openConnection(port)))
    if (order.greets) await Promise.all(batch.map((connection) => greet(connection, tally)))
    connections.push(...batch)
  }
}

async function greet(connection: Connection, tally: Tally): Promise<void> {
  await sendOne(connection, await prepare(1), tally)
}

/** A request, and what must come back. */
interface Prepared {
  readonly bytes: Uint8Array
  readonly expected: string
}

async function prepare(index: number): Promise<Prepared> {
  if (target === undefined) throw new Error('nothing is open')
  const { startedAt, honest, revoked } = target
  const now = NOW + Date.now() - startedAt
  if (index % DEFECT_EVERY !== 0) return { bytes: await createHonest(now, honest), expected: 'ok' }
  const defects = createDefects(revoked)
  const turn = (index / DEFECT_EVERY) % (defects.length + 1)
  const defect = defects[turn]
  const replay = replays.at(-1)
  if (defect !== undefined) return { bytes: encodeRequest(await defect.create(now)), expected: defect.code }
  return replay === undefined ? prepare(1) : { bytes: replay, expected: 'nonce_replayed' }
}

async function sendAll(order: { requests: number; inFlight: number }, tally: Tally): Promise<void> {
  let left = order.requests
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      // Taken out, so that none carries two requests at once.
      const connection = connections.shift()
      if (connection === undefined) throw new Error('nothing is open')
      await sendOne(connection, await prepare(sent++), tally)
      connections.push(await reopen(connection))
    }
  }
  await Promise.all(Array.from({ length: order.inFlight }, work))
}

/** A refusal may end its connection, when a part of its request was not read. */
async function reopen(connection: Connection): Promise<Connection> {
  if (connection.isOpen || target === undefined) return connection
  return openConnection(target.port)
}

async function sendOne(
  connection: Connection,
  { bytes, expected }: Prepared,
  tally: Tally,
  start: number = performance.now(),
): Promise<void> {
  const code = await connection.send(bytes).then(readCode, (error: Error) => error.message)
  if (code === 'ok' && !connection.isOpen) tally.wrong.push('an accepted request ended its connection')
  if (code === expected) countExpected(code, bytes, tally)
  else if (tally.wrong.length < MAX_WRONG) tally.wrong.push(`${code} instead of ${expected}`)
  if (expected === 'ok') tally.latencies.push(performance.now() - start)
}

function countExpected(code: string, bytes: Uint8Array, tally: Tally): void {
  if (code !== 'ok') {
    tally.refused[code] = (tally.refused[code] ?? 0) + 1
    return
  }
  tally.accepted += 1
  replays[0] = bytes
}

function readCode({ status, body }: Answer): string {
  const { code } = JSON.parse(body)
  // The status says it, too: no refusal is a 200.
  return (status === 200) === (code === 'ok') ? String(code) : `${status} with ${code}`
}

async function pace(order: { perSecond: number; seconds: number }, tally: Tally): Promise<void> {
  const free = createPool(connections)
  const count = order.perSecond * order.seconds
  const requests: Promise<void>[] = []
  const start = performance.now()
  for (let index = 0; index < count; index += 1) {
    const prepared = await prepare(1)
    const due = start + (index * 1000) / order.perSecond
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    requests.push(sendPaced(free, prepared, tally))
  }
  await Promise.all(requests)
}

/** Waits for a connection that is free; the time until then counts. */
async function sendPaced(free: Pool, prepared: Prepared, tally: Tally): Promise<void> {
  const start = performance.now()
  const connection = await reopen(await free.take())
  await sendOne(connection, prepared, tally, start)
  free.give(connection)
}

interface Pool {
  take(): Promise<Connection>
  give(connection: Connection): void
}

/** Connections and those that wait for one, both in their order. */
function createPool(all: readonly Connection[]): Pool {
  const free = all.slice()
  const waiting: ((connection: Connection) => void)[] = []
  return {
    take: () =>
      new Promise((resolve) => {
        const connection = free.shift()
        if (connection === undefined) waiting.push(resolve)
        else resolve(connection)
      }),
    give: (connection) => {
      const next = waiting.shift()
      if (next === undefined) free.push(connection)
      else next(connection)
    },
  }
}

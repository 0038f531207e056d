import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { type Child, startChild } from '../../faults/support/child.ts'
import { freePort } from '../../support/free-port.ts'
import { type CutChain, makeChains } from './make-chains.ts'
import type { AuthorityOrder, AuthorityReport, ReaderOrder, ReaderReport } from './messages.ts'

/** How much is measured. */
export interface MeasureOptions {
  readonly subscribers: number
  readonly apis: number
  readonly revocations: number
  /** Options of Node for every process beside those that run sources. */
  readonly nodeOptions: readonly string[]
  /** Told of progress. */
  readonly report: (line: string) => void
}

/** What was measured of one kind of reader. */
export interface MeasuredReaders {
  /** Milliseconds from the answer to each decision. */
  readonly times: readonly number[]
  /** Milliseconds that the authority and all readers were on a processor for all revocations. */
  readonly processorTime: number
}

/** What was measured. */
export interface Measured {
  readonly subscribers: MeasuredReaders
  readonly middleware: MeasuredReaders
}

type Reader = Child<ReaderOrder, ReaderReport>

const FOLDER = '../../bench/revocation'
/** As many as there are processors to share. */
const PROCESSES = 2
const WAIT_SECONDS = 10

/**
 * Revokes chain after chain at a real authority; subscribers, and then complete APIs, say when they refused.
 *
 * @throws Error when one of them does not accept a chain before it is revoked
 */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { nodeOptions } = options
  const folder = mkdtempSync(join(tmpdir(), 'behalf-revocation-'))
  const authority = startChild<AuthorityOrder, AuthorityReport>(
    `${FOLDER}/authority-process.ts`,
    [],
    nodeOptions,
  )
  try {
    const operator = createMemoryWallet()
    const port = await freePort()
    const { issuer } = await authority.order({ do: 'open', operator: operator.did, folder, port })
    const parts = { ...options, authority, operator, issuer, origin: `http://127.0.0.1:${port}` }
    const subscribers = await measureReaders('subscribers', parts)
    const middleware = await measureReaders('apis', parts)
    return { subscribers, middleware }
  } finally {
    await authority.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Parts extends MeasureOptions {
  readonly authority: Child<AuthorityOrder, AuthorityReport>
  readonly operator: Wallet
  readonly issuer: string
  readonly origin: string
}

async function measureReaders(kind: 'subscribers' | 'apis', parts: Parts): Promise<MeasuredReaders> {
  const { origin, issuer, operator, report, revocations } = parts
  const total = parts[kind]
  const script = `${FOLDER}/${kind}-process.ts`
  const readers: Reader[] = Array.from({ length: Math.min(PROCESSES, total) }, () =>
    startChild(script, [], parts.nodeOptions),
  )
  try {
    const counts = readers.map((_, index) => Math.floor((total + index) / readers.length))
    report(`${kind}: ${counts.join(' + ')} in processes of their own`)
    const opened = await Promise.all(
      readers.map((reader, index) => reader.order({ do: 'open', origin, issuer, count: counts[index] ?? 0 })),
    )
    const origins = opened.flatMap((answer) => answer.origins)
    const locations = origins.length > 0 ? origins : ['https://api.example']
    const chains = await makeChains({
      authority: origin,
      operator,
      locations,
      count: revocations,
      onMade: (made) => report(`${kind}: chain ${made} of ${revocations}`),
    })
    const times: number[] = []
    let processorTime = 0
    for (const [index, chain] of chains.entries()) {
      const one = await revokeOne(chain, { ...parts, readers, total })
      times.push(...one.times)
      processorTime += one.processorTime
      report(`${kind}: revocation ${index + 1} of ${revocations}`)
    }
    return { times, processorTime }
  } finally {
    await Promise.all(readers.map((reader) => reader.end()))
  }
}

async function revokeOne(
  { links, seed, cut }: CutChain,
  {
    authority,
    operator,
    origin,
    readers,
    total,
  }: Parts & { readonly readers: readonly Reader[]; readonly total: number },
): Promise<MeasuredReaders> {
  const chain = { links, seed }
  const before = await Promise.all(readers.map((reader) => reader.order({ do: 'watch', chain })))
  const accepting = sum(before.map((one) => one.accepting))
  if (accepting !== total) throw new Error(`${accepting} of ${total} accept a chain that nobody revoked`)
  const spent =
    (await authority.order({ do: 'answered' })).processorTime + sum(before.map((one) => one.processorTime))
  const waiting = Promise.all(readers.map((reader) => reader.order({ do: 'wait', seconds: WAIT_SECONDS })))
  await operator.authority(origin).revoke({ delegation: cut })
  const after = await waiting
  const { answeredAt, processorTime } = await authority.order({ do: 'answered' })
  const [answered] = answeredAt
  if (answered === undefined || answeredAt.length !== 1)
    throw new Error('no answer to the revocation was seen')
  return {
    times: after.flatMap((answer) => answer.refusedAt.map((at) => at - answered)),
    processorTime: processorTime + sum(after.map((one) => one.processorTime)) - spent,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

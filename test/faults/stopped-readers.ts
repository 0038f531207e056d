import { withFolder } from '../attacks/support/databases.ts'
import { freePort } from '../support/free-port.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type Child, startChild } from './support/child.ts'
import { type Memory, spellBytes } from './support/memory.ts'
import { percentile, spellMilliseconds } from './support/percentile.ts'
import type { ReadingOrder, ReadingReport } from './support/reading-process.ts'
import type { StreamingOrder, StreamingReport } from './support/streaming-process.ts'

interface Scale {
  readonly readers: number
  readonly stopped: number
  /** Keys that are revoked before: every heartbeat names them, which makes it long. */
  readonly keys: number
  /** Revocations that are measured, without and with stopped readers. */
  readonly revocations: number
  readonly everyMilliseconds: number
}

const SCALES: Readonly<Record<Size, Scale>> = {
  long: { readers: 1000, stopped: 100, keys: 500, revocations: 250, everyMilliseconds: 200 },
  short: { readers: 40, stopped: 4, keys: 400, revocations: 250, everyMilliseconds: 5 },
}
const MAX_GROWTH_BYTES = 64 * 1_048_576
/** A p99 may be so many times what it was; a busy machine measures the wait for a processor. */
const MAX_RATIO = 1.5
const NOISE_MS = 50
const PATIENCE_SECONDS = 60

type Authority = Child<StreamingOrder, StreamingReport>
type Readers = Child<ReadingOrder, ReadingReport>

interface Measured {
  readonly latencies: readonly number[]
  readonly memory: Memory
  readonly last: number
}

/** So many revocations, and how long each took until a reader that reads held it. */
async function measure(authority: Authority, readers: Readers, scale: Scale): Promise<Measured> {
  const { revocations: count, everyMilliseconds } = scale
  await readers.order({ do: 'report' })
  const { published, memory } = await authority.order({ do: 'revoke', count, everyMilliseconds })
  const last = published.at(-1)?.sequence ?? 0
  const { arrivals, least, open } = await readers.order({
    do: 'await',
    sequence: last,
    seconds: PATIENCE_SECONDS,
  })
  checkEqual([least, open], [last, scale.readers - scale.stopped], 'whoever reads holds the last heartbeat')
  const publishedAt = new Map(published.map(({ sequence, at }) => [sequence, at]))
  const latencies = arrivals.flatMap(({ sequence, at }) => {
    const since = publishedAt.get(sequence)
    return since === undefined ? [] : [at - since]
  })
  return { latencies, memory, last }
}

async function runStoppedReaders(size: Size, progress: (text: string) => void): Promise<string> {
  const scale = SCALES[size]
  const authority = startChild<StreamingOrder, StreamingReport>('streaming-process.ts')
  const reading = startChild<ReadingOrder, ReadingReport>('reading-process.ts')
  const stopped = startChild<ReadingOrder, ReadingReport>('reading-process.ts')
  try {
    return await withFolder(async (folder) => {
      const port = await freePort()
      await authority.order({ do: 'open', folder: `${folder}/data`, port })
      await authority.order({ do: 'revoke', count: scale.keys, everyMilliseconds: 0 })
      await reading.order({ do: 'open', port, count: scale.readers - scale.stopped })
      await stopped.order({ do: 'open', port, count: scale.stopped })
      const without = await measure(authority, reading, scale)
      progress(`p99 without stopped readers ${spellMilliseconds(percentile(without.latencies, 0.99))}`)
      await stopped.order({ do: 'stop' })
      const withStopped = await measure(authority, reading, scale)
      return await judge(size, { scale, without, withStopped, stopped, port })
    })
  } finally {
    for (const child of [authority, reading, stopped]) await child.end()
  }
}

interface Judged {
  readonly scale: Scale
  readonly without: Measured
  readonly withStopped: Measured
  readonly stopped: Readers
  readonly port: number
}

async function judge(size: Size, { scale, without, withStopped, stopped, port }: Judged): Promise<string> {
  const growth = Math.max(0, withStopped.memory.rss - without.memory.rss)
  check(growth <= MAX_GROWTH_BYTES, `memory grows by ${spellBytes(growth)} for readers that stopped`)
  // What reached them before they were cut is read, and then they learn that they were.
  const { open, least } = await stopped.order({ do: 'go on', seconds: PATIENCE_SECONDS })
  checkEqual(open, 0, 'readers that stopped are cut')
  const again = await stopped.order({ do: 'open', port, count: 1, lastSequence: least })
  check(again.open === 1, 'whoever was cut may come back')
  const [before, after] = [without, withStopped].map(({ latencies }) => ({
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }))
  if (before === undefined || after === undefined) throw new TypeError('two were measured')
  if (size === 'long') {
    check(
      after.p99 <= before.p99 * MAX_RATIO + NOISE_MS,
      `p99 ${after.p99} ms with stopped readers, ${before.p99} without`,
    )
  }
  const told = ({ p50, p99 }: { p50: number; p99: number }): string =>
    `p50 ${spellMilliseconds(p50)}, p99 ${spellMilliseconds(p99)}`
  return `${scale.readers} readers of the status stream, ${scale.stopped} of them stopped, ${scale.revocations} revocations: ${told(after)} for the others (${told(before)} before any stopped), all hold the last; ${spellBytes(growth)} more resident; all ${scale.stopped} cut`
}

/** F-14: of those who read the status stream, some stop. */
export const stoppedReaders: Experiment = {
  name: 'stopped-readers',
  about: '1,000 readers of the status stream, 100 of which stop reading',
  run: runStoppedReaders,
}

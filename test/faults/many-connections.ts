import { NOW } from '../attacks/support/chain.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type Child, startChild } from './support/child.ts'
import { type LiveApi, untilReport, withLiveApi } from './support/live-api.ts'
import type { LiveApiReport } from './support/live-api-process.ts'
import type { LoadOrder, LoadReport, LoadTarget } from './support/load-process.ts'
import { spellBytes } from './support/memory.ts'
import { percentile, spellMilliseconds } from './support/percentile.ts'
import { mintChain } from './support/timeline.ts'

type Loader = Child<LoadOrder, LoadReport>

interface Scale {
  readonly connections: number
  readonly loaders: number
  readonly requests: number
  /** Requests on their way at once, of each loader. */
  readonly inFlight: number
}

const REVOKED_INDEX = 300
/** What a process needs beside its connections. */
const OTHER_FILES = 200
const SCALES: Readonly<Record<Size, Scale>> = {
  long: { connections: 10_000, loaders: 2, requests: 20_000, inFlight: 8 },
  short: { connections: 300, loaders: 1, requests: 600, inFlight: 16 },
}
/** Memory may be so many times what it was. */
const MAX_GROWTH = 1.1
const DEFECTIVE = 0.1

/** What all loaders found together. */
interface Total {
  readonly accepted: number
  readonly refused: number
  readonly latencies: readonly number[]
}

async function tellAll(
  loaders: readonly Loader[],
  order: (index: number) => LoadOrder,
): Promise<readonly LoadReport[]> {
  return Promise.all(loaders.map((loader, index) => loader.order(order(index))))
}

/** Opens all connections, sends requests over all of them, and closes them. */
async function runWave(
  api: LiveApi,
  loaders: readonly Loader[],
  {
    scale,
    target,
    progress,
  }: { readonly scale: Scale; readonly target: LoadTarget; readonly progress: (text: string) => void },
): Promise<Total> {
  const share = (total: number): number => Math.ceil(total / loaders.length)
  const opened = await tellAll(loaders, () => ({
    order: 'open',
    target,
    connections: share(scale.connections),
  }))
  const open = opened.reduce((sum, report) => sum + report.open, 0)
  checkEqual(open, scale.connections, 'every connection is open')
  await untilReport(
    api,
    ({ fileDescriptors }) => fileDescriptors >= scale.connections,
    'the API holds them all',
  )
  progress(`${open} connections open`)
  const sent = await tellAll(loaders, () => ({
    order: 'send',
    requests: share(scale.requests),
    inFlight: scale.inFlight,
  }))
  const wrong = sent.flatMap((report) => report.wrong)
  checkEqual(wrong, [], 'nothing is accepted or refused that should not be')
  checkEqual(
    sent.reduce((sum, report) => sum + report.open, 0),
    open,
    'as many connections are open afterwards',
  )
  await tellAll(loaders, () => ({ order: 'close' }))
  return {
    accepted: sent.reduce((sum, { accepted }) => sum + accepted, 0),
    refused: sent.flatMap(({ refused }) => Object.values(refused)).reduce((sum, count) => sum + count, 0),
    latencies: sent.flatMap(({ latencies }) => latencies),
  }
}

/** Every connection is closed on its side, too, and what they needed was let go. */
async function settle(api: LiveApi, empty: LiveApiReport): Promise<LiveApiReport> {
  const isClosed = ({ fileDescriptors }: LiveApiReport): boolean => fileDescriptors <= empty.fileDescriptors
  await untilReport(api, isClosed, 'no file descriptor leaks')
  return untilReport(api, isClosed, 'no file descriptor leaks')
}

/**
 * What is resident is up to the allocator, so what counts is what is held, and how much was ever needed; the latter
 * only in a long run, since a process goes on growing in its first seconds.
 */
function checkMemory(size: Size, before: LiveApiReport, after: LiveApiReport): void {
  for (const member of size === 'long' ? (['held', 'peak'] as const) : (['held'] as const)) {
    const [was, is] = [before.memory[member], after.memory[member]]
    check(is <= was * MAX_GROWTH, `memory (${member}) ${spellBytes(is)} after ${spellBytes(was)}`)
  }
}

async function runManyConnections(size: Size, progress: (text: string) => void): Promise<string> {
  const say = size === 'long' ? progress : (): void => undefined
  const scale = fitToMachine(SCALES[size], progress)
  const honest = await mintChain(NOW + 86_400_000, { firstIndex: 500 })
  const revoked = await mintChain(NOW + 86_400_000, { firstIndex: REVOKED_INDEX })
  const loaders = Array.from({ length: scale.loaders }, () =>
    startChild<LoadOrder, LoadReport>('load-process.ts'),
  )
  // As long as the run lasts: the server's own times would cut what waits for its turn.
  const server = { keepAliveTimeout: 600_000, headersTimeout: 600_000, requestTimeout: 600_000 }
  try {
    return await withLiveApi({ server, revoked: REVOKED_INDEX }, async (api) => {
      const { port, startedAt } = api
      const wave = { scale, target: { port, startedAt, honest, revoked }, progress: say }
      const empty = await api.report()
      // What the first wave makes the allocator take for good is used again; what the second adds would be a leak.
      await runWave(api, loaders, wave)
      const before = await settle(api, empty)
      const total = await runWave(api, loaders, wave)
      const after = await settle(api, empty)
      checkEqual(after.faults, [], 'no faults')
      checkEqual(
        after.handled - before.handled,
        total.accepted,
        'as many reached the handler as were answered 200',
      )
      check(total.refused >= scale.requests * DEFECTIVE * 0.99, 'a tenth was refused')
      checkMemory(size, before, after)
      return describe(scale, total, { empty, before, after })
    })
  } finally {
    for (const loader of loaders) await loader.end()
  }
}

/** As many connections as one process may hold here, and no other number in secret. */
function fitToMachine(scale: Scale, progress: (text: string) => void): Scale {
  const limit = readFileLimit()
  const connections = Math.min(scale.connections, limit - OTHER_FILES)
  if (connections === scale.connections) return scale
  progress(`only ${connections} connections: a process may open ${limit} files here (ulimit -n)`)
  return { ...scale, connections }
}

function readFileLimit(): number {
  const report: unknown = process.report.getReport()
  const text = JSON.stringify(report, ['userLimits', 'open_files', 'soft'])
  return Number(/"soft":"?(\d+)/.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
}

function describe(
  { connections }: Scale,
  { accepted, refused, latencies }: Total,
  { empty, before, after }: Readonly<Record<'empty' | 'before' | 'after', LiveApiReport>>,
): string {
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  const memory = (report: LiveApiReport): string =>
    `${spellBytes(report.memory.held)} held, ${spellBytes(report.memory.rss)} resident, at most ${spellBytes(report.memory.peak)}`
  return `${connections} connections, ${accepted} accepted, ${refused} refused, 0 wrong; p50 ${spellMilliseconds(p50)}, p99 ${spellMilliseconds(p99)}; file descriptors ${empty.fileDescriptors} before, ${after.fileDescriptors} after; memory ${memory(before)} after the first wave, ${memory(after)} after the second`
}

/** F-15: ten thousand keep-alive connections, a tenth of the requests defective. */
export const manyConnections: Experiment = {
  name: 'many-connections',
  about: '10,000 keep-alive connections, a tenth of the requests defective',
  run: runManyConnections,
}

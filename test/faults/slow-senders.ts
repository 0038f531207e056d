import { NOW } from '../attacks/support/chain.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type Child, startChild } from './support/child.ts'
import { type LiveApi, untilReport, withLiveApi } from './support/live-api.ts'
import type { LiveApiReport } from './support/live-api-process.ts'
import type { LoadOrder, LoadReport } from './support/load-process.ts'
import { percentile, spellMilliseconds } from './support/percentile.ts'
import { SLOW_PARTS, type SlowOrder, type SlowPart, type SlowReport } from './support/slow-process.ts'
import { mintChain } from './support/timeline.ts'

type Loader = Child<LoadOrder, LoadReport>
type SlowSenders = Child<SlowOrder, SlowReports>
type SlowReports = Readonly<Record<SlowPart, SlowReport>>

interface Scale {
  /** Good clients that are connected and say nothing. */
  readonly idle: number
  readonly slow: number
  /** From the first slow connection to the last one. */
  readonly rampMilliseconds: number
  readonly everyMilliseconds: number
  /** How long headers, and bodies, may take. */
  readonly timeoutSeconds: number
  /** Times slow senders come, each as long as `paceSeconds`. */
  readonly rounds: number
  readonly perSecond: number
  readonly paceSeconds: number
}

const SCALES: Readonly<Record<Size, Scale>> = {
  long: {
    idle: 9000,
    slow: 1000,
    rampMilliseconds: 4000,
    everyMilliseconds: 1000,
    timeoutSeconds: 6,
    rounds: 7,
    perSecond: 50,
    paceSeconds: 12,
  },
  short: {
    idle: 20,
    slow: 30,
    rampMilliseconds: 100,
    everyMilliseconds: 100,
    timeoutSeconds: 1,
    rounds: 1,
    perSecond: 50,
    paceSeconds: 1,
  },
}
const CHECKING_MS = 250
/** From the end of the time until the other side has noticed, on a machine that is busy. */
const SLACK_MS = 6000
const GOOD_CONNECTIONS = 60
const MAX_SLOWDOWN = 2
/** Processor time of one slow sender. */
const MAX_COST_MS = 2
/** Below this part of a processor, waiting for it is what is measured. */
const MIN_SHARE = 0.8
const SPIN_MS = 50
const P99 = 0.99

/** An API, good clients that ask it at a fixed rate, and good clients that are connected and say nothing. */
interface Side {
  readonly api: LiveApi
  readonly good: Loader
  readonly idle: Loader
}

/** Good clients of one side ask. Resolves to how long each waited. */
async function askAtPace({ good }: Side, { perSecond, paceSeconds }: Scale): Promise<readonly number[]> {
  const { wrong, latencies } = await good.order({ order: 'pace', perSecond, seconds: paceSeconds })
  checkEqual(wrong, [], 'good clients are answered as always')
  return latencies
}

/** Slow senders come to one side, all of which must be cut. */
async function sendSlowly({ api }: Side, slow: SlowSenders, scale: Scale): Promise<SlowReports> {
  const { slow: connections, rampMilliseconds, everyMilliseconds, timeoutSeconds } = scale
  const where = { port: api.port, now: api.now() }
  const reports = await slow.order({ ...where, connections, rampMilliseconds, everyMilliseconds })
  const limit = timeoutSeconds * 1000 + CHECKING_MS + SLACK_MS
  for (const part of SLOW_PARTS) {
    const { longest, codes } = reports[part]
    check(longest <= limit, `slow ${part} cut in time: the last after ${longest.toFixed(0)} ms`)
    const isExpected = (code: string): boolean => code === '408 body_timeout' || code === 'closed'
    check(Object.keys(codes).every(isExpected), `slow ${part}: ${JSON.stringify(codes)}`)
  }
  return reports
}

/** How long good clients waited among slow ones, and at the same time without them. */
interface Waits {
  readonly among: readonly number[]
  readonly alone: readonly number[]
  /** Processor time that each slow sender took from the API, milliseconds. */
  readonly cost: number
  /** What part of a processor one process got, from 0 to 1. */
  readonly share: number
  readonly slow: SlowReports
}

async function measure(
  sides: readonly [Side, Side],
  slow: SlowSenders,
  { scale, progress }: { readonly scale: Scale; readonly progress: (text: string) => void },
): Promise<readonly Waits[]> {
  const rounds: Waits[] = []
  for (let round = 1; round <= scale.rounds; round += 1) {
    // They take turns, so that it does not matter which of the two processes is luckier.
    const [visited, spared] = round % 2 === 0 ? sides : [sides[1], sides[0]]
    const share = measureProcessorShare()
    const before = [await visited.api.report(), await spared.api.report()] as const
    const [reports, among, alone] = await Promise.all([
      sendSlowly(visited, slow, scale),
      askAtPace(visited, scale),
      askAtPace(spared, scale),
    ])
    const after = [await visited.api.report(), await spared.api.report()] as const
    const cost =
      (after[0].processorTime - before[0].processorTime - after[1].processorTime + before[1].processorTime) /
      scale.slow
    rounds.push({ among, alone, cost, share, slow: reports })
    progress(`round ${round} of ${scale.rounds}, ${spellWaits(rounds.slice(-1))}`)
  }
  return rounds
}

/** What came of all rounds together; costs and shares are those of the middle round. */
function summarize(
  waits: readonly Waits[],
): Readonly<Record<'among' | 'alone' | 'ratio' | 'cost' | 'share', number>> {
  const among = percentile(
    waits.flatMap((wait) => wait.among),
    P99,
  )
  const alone = percentile(
    waits.flatMap((wait) => wait.alone),
    P99,
  )
  const cost = percentile(
    waits.map((wait) => wait.cost),
    0.5,
  )
  const share = percentile(
    waits.map((wait) => wait.share),
    0.5,
  )
  return { among, alone, ratio: among / alone, cost, share }
}

function spellWaits(waits: readonly Waits[]): string {
  const { among, alone, ratio, cost, share } = summarize(waits)
  return `good clients' p99 ${spellMilliseconds(among)} among them, ${spellMilliseconds(alone)} at the same time without (${ratio.toFixed(2)} times); each took ${spellMilliseconds(cost)} of processor time; a process got ${(share * 100).toFixed(0)} % of a processor`
}

/** What part of a processor a process gets that never waits: little on a machine that is busy with other things. */
function measureProcessorShare(): number {
  const [start, used] = [performance.now(), process.cpuUsage()]
  for (;;) {
    const { user, system } = process.cpuUsage(used)
    if (user + system >= SPIN_MS * 1000) return (user + system) / 1000 / (performance.now() - start)
  }
}

/** Returns what was found. Where processes wait for a processor, waits say nothing about the API, and are not judged. */
function judge(waits: readonly Waits[], size: Size): string {
  const figures = spellWaits(waits)
  const { ratio, cost, share } = summarize(waits)
  if (size === 'short') return figures
  check(cost <= MAX_COST_MS, figures)
  if (share < MIN_SHARE)
    return `${figures}: NOT JUDGED against ${MAX_SLOWDOWN} times, the machine is too busy`
  check(ratio <= MAX_SLOWDOWN, figures)
  return figures
}

function spellSlow(reports: readonly SlowReports[]): string {
  const parts = SLOW_PARTS.map((part) => {
    const cut = reports.reduce((sum, report) => sum + report[part].cut, 0)
    const longest = Math.max(...reports.map((report) => report[part].longest))
    const codes = [...new Set(reports.flatMap((report) => Object.keys(report[part].codes)))].join(' or ')
    return `${cut} slow ${part} cut (${codes}) after at most ${(longest / 1000).toFixed(1)} s`
  })
  return parts.join(', ')
}

async function openSide(api: LiveApi, { good, idle }: Omit<Side, 'api'>, scale: Scale): Promise<Side> {
  const honest = await mintChain(NOW + 86_400_000, { firstIndex: 500 })
  const target = { port: api.port, startedAt: api.startedAt, honest, revoked: honest }
  const open = { order: 'open', target, greets: true } as const
  const side = { api, good, idle }
  const opened = await Promise.all([
    idle.order({ ...open, connections: scale.idle }),
    good.order({ ...open, connections: GOOD_CONNECTIONS }),
  ])
  checkEqual(
    opened.flatMap(({ wrong }) => wrong),
    [],
    'good clients are answered',
  )
  // Until the engine has compiled what it runs.
  await askAtPace(side, scale)
  return side
}

/** Nobody but the slow senders was cut, and nothing of them is left. */
async function checkAfterwards({ api, idle }: Side, before: LiveApiReport, scale: Scale): Promise<void> {
  const isSettled = ({ fileDescriptors }: LiveApiReport): boolean => fileDescriptors <= before.fileDescriptors
  const after = await untilReport(api, isSettled, 'no file descriptor leaks')
  checkEqual(after.faults, [], 'no faults')
  const { open } = await idle.order({ order: 'send', requests: 0, inFlight: 0 })
  checkEqual(open, scale.idle, 'no idle client is cut')
}

async function runSlowSenders(size: Size, progress: (text: string) => void): Promise<string> {
  const scale = SCALES[size]
  const say = size === 'long' ? progress : (): void => undefined
  const slow = startChild<SlowOrder, SlowReports>('slow-process.ts')
  const startLoader = (): Loader => startChild('load-process.ts')
  const loaders = { good: [startLoader(), startLoader()], idle: [startLoader(), startLoader()] } as const
  const timeout = scale.timeoutSeconds * 1000
  const server = {
    headersTimeout: timeout,
    requestTimeout: timeout,
    connectionsCheckingInterval: CHECKING_MS,
    keepAliveTimeout: 600_000,
  }
  const options = { server, bodyTimeoutSeconds: scale.timeoutSeconds }
  try {
    return await withLiveApi(options, (api1) =>
      withLiveApi(options, async (api2) => {
        const sides = await Promise.all([
          openSide(api1, { good: loaders.good[0], idle: loaders.idle[0] }, scale),
          openSide(api2, { good: loaders.good[1], idle: loaders.idle[1] }, scale),
        ])
        say(`${scale.idle} idle connections to each of two APIs`)
        const before = [await api1.report(), await api2.report()] as const
        const waits = await measure(sides, slow, { scale, progress: say })
        await checkAfterwards(sides[0], before[0], scale)
        await checkAfterwards(sides[1], before[1], scale)
        return `${scale.idle} idle clients kept; ${spellSlow(waits.map((wait) => wait.slow))}; ${judge(waits, size)}`
      }),
    )
  } finally {
    for (const child of [slow, ...loaders.good, ...loaders.idle]) await child.end()
  }
}

/** R16: slow headers, slow bodies, one byte at a time. */
export const slowSenders: Experiment = {
  name: 'slow-senders',
  about: '1,000 clients that send headers, bodies or everything byte by byte',
  run: runSlowSenders,
}

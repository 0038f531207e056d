import { NOW } from '../attacks/support/chain.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type Child, startChild } from './support/child.ts'
import { type LiveApi, withLiveApi } from './support/live-api.ts'
import type { LoadOrder, LoadReport } from './support/load-process.ts'
import { percentile, spellMilliseconds } from './support/percentile.ts'
import { SLOW_PARTS, type SlowOrder, type SlowPart, type SlowReport } from './support/slow-process.ts'
import { mintChain } from './support/timeline.ts'

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
  /** Alternating times with slow senders and without, each as long as `paceSeconds`. */
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
    rounds: 5,
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
const SLACK_MS = 3000
const GOOD_CONNECTIONS = 60
const MAX_SLOWDOWN = 2
const P99 = 0.99

interface Parties {
  readonly api: LiveApi
  readonly good: Child<LoadOrder, LoadReport>
  readonly slow: Child<SlowOrder, SlowReports>
}

/** Good clients ask at a fixed rate. Resolves to how long each waited. */
async function askAtPace({ good }: Parties, { perSecond, paceSeconds }: Scale): Promise<readonly number[]> {
  const { wrong, latencies } = await good.order({ order: 'pace', perSecond, seconds: paceSeconds })
  checkEqual(wrong, [], 'good clients are answered as always')
  return latencies
}

/** The same while slow senders are there, all of which must be cut. */
async function askAmongSlow(
  parties: Parties,
  scale: Scale,
): Promise<{ latencies: readonly number[]; slow: SlowReports }> {
  const { api, slow } = parties
  const { rampMilliseconds, everyMilliseconds, timeoutSeconds } = scale
  const [reports, latencies] = await Promise.all([
    slow.order({
      port: api.port,
      now: api.now(),
      connections: scale.slow,
      rampMilliseconds,
      everyMilliseconds,
    }),
    askAtPace(parties, scale),
  ])
  const limit = timeoutSeconds * 1000 + CHECKING_MS + SLACK_MS
  for (const part of SLOW_PARTS) {
    const { longest, codes } = reports[part]
    check(longest <= limit, `slow ${part} cut in time: the last after ${longest.toFixed(0)} ms`)
    const expected = ['408 body_timeout', 'closed']
    check(
      Object.keys(codes).every((code) => expected.includes(code)),
      `slow ${part}: ${JSON.stringify(codes)}`,
    )
  }
  return { latencies, slow: reports }
}

async function measure(parties: Parties, scale: Scale, progress: (text: string) => void): Promise<string> {
  const { api } = parties
  const { fileDescriptors } = await api.report()
  const alone: number[] = []
  const among: number[] = []
  const reports: SlowReports[] = []
  for (let round = 1; round <= scale.rounds; round += 1) {
    alone.push(...(await askAtPace(parties, scale)))
    const { latencies, slow } = await askAmongSlow(parties, scale)
    among.push(...latencies)
    reports.push(slow)
    progress(`round ${round} of ${scale.rounds}`)
  }
  const after = await api.report()
  check(after.fileDescriptors <= fileDescriptors, 'no file descriptor leaks')
  checkEqual(after.faults, [], 'no faults')
  const [p99Alone, p99Among] = [percentile(alone, P99), percentile(among, P99)]
  const ratio = p99Among / p99Alone
  const figures = `${spellMilliseconds(p99Among)} among them, ${spellMilliseconds(p99Alone)} without (${ratio.toFixed(2)} times)`
  if (scale === SCALES.long) check(ratio <= MAX_SLOWDOWN, `good clients' p99 ${figures}`)
  return `${spellSlow(reports)}; good clients' p99 ${figures}`
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

async function runSlowSenders(size: Size, progress: (text: string) => void): Promise<string> {
  const scale = SCALES[size]
  const honest = await mintChain(NOW + 86_400_000, { firstIndex: 500 })
  const good = startChild<LoadOrder, LoadReport>('load-process.ts')
  const idle = startChild<LoadOrder, LoadReport>('load-process.ts')
  const slow = startChild<SlowOrder, SlowReports>('slow-process.ts')
  const timeout = scale.timeoutSeconds * 1000
  const server = {
    headersTimeout: timeout,
    requestTimeout: timeout,
    connectionsCheckingInterval: CHECKING_MS,
    keepAliveTimeout: 600_000,
  }
  try {
    return await withLiveApi({ server, bodyTimeoutSeconds: scale.timeoutSeconds }, async (api) => {
      const { port, startedAt } = api
      const target = { port, startedAt, honest, revoked: honest }
      await idle.order({ order: 'open', target, connections: scale.idle, greets: true })
      const { wrong } = await good.order({
        order: 'open',
        target,
        connections: GOOD_CONNECTIONS,
        greets: true,
      })
      checkEqual(wrong, [], 'good clients are answered')
      // Until the engine has compiled what it runs.
      await good.order({ order: 'pace', perSecond: scale.perSecond, seconds: scale.paceSeconds })
      const say = size === 'long' ? progress : (): void => undefined
      say(`${scale.idle} idle connections open`)
      const figures = await measure({ api, good, slow }, scale, say)
      const { open } = await idle.order({ order: 'send', requests: 0, inFlight: 0 })
      checkEqual(open, scale.idle, 'no idle client is cut')
      return `${scale.idle} idle clients kept; ${figures}`
    })
  } finally {
    await good.end()
    await idle.end()
    await slow.end()
  }
}

/** R16: slow headers, slow bodies, one byte at a time. */
export const slowSenders: Experiment = {
  name: 'slow-senders',
  about: '1,000 clients that send headers, bodies or everything byte by byte',
  run: runSlowSenders,
}

import {
  type AuditRecord,
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
  type RequestVerifier,
  type RequestVerifierOptions,
  type SetTimer,
  type StatusSource,
  type StatusState,
  type VerifierError,
} from '@behalf/verifier'
import { NOW } from './chain.ts'
import { issuer, type Party } from './party.ts'
import { createStatusFeed, HEARTBEAT_URL, STREAM_URL, type StatusFeed } from './status-feed.ts'

/** What a case needs to be different in the protected API. */
export interface WorldOptions
  extends Partial<
    Pick<
      RequestVerifierOptions<unknown>,
      | 'replayStore'
      | 'useCounter'
      | 'requiredContext'
      | 'mapPrincipal'
      | 'origins'
      | 'bodyTimeoutSeconds'
      | 'maxBodyBytes'
      | 'auditSink'
      | 'statusSource'
      | 'chainCache'
    >
  > {
  /** Trusted beside the issuer of the baseline chain. */
  readonly alsoTrusted?: readonly Party[]
  /** Keeps what was seen of status across restarts. */
  readonly state?: StatusState
  /** Pause between two polls of the status source. */
  readonly pollSeconds?: number
  /** Whether the verifier follows the stream of the issuer. */
  readonly stream?: boolean
  /** Changes what the issuer publishes, before it does. */
  readonly arrange?: (feed: StatusFeed) => void
}

/** A verifier for https://api.test and everything around it that a case can change while it runs. */
export interface World {
  readonly verifier: RequestVerifier<unknown>
  readonly feed: StatusFeed
  readonly records: readonly AuditRecord[]
  readonly faults: readonly VerifierError[]
  /** Milliseconds; the verifier's clock reads it. Time passes when it is set. */
  now: number
  /** The verifier's clock is set, and no time passes. */
  step(milliseconds: number): void
  /** The issuer publishes what it holds now, and the verifier asks for it. */
  refresh(): Promise<void>
  /** The verifier asks for what is published. */
  poll(): Promise<void>
  /** Of the heartbeat that the verifier holds. */
  verifiedSequence(): number
  /** Time passes, and what was to be done by then is done. */
  pass(milliseconds: number): Promise<void>
  close(): void
}

/** A world in which the baseline request is accepted. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { alsoTrusted = [], state, arrange, pollSeconds = 5, stream = false, ...verifierOptions } = options
  const records: AuditRecord[] = []
  const faults: VerifierError[] = []
  // The stores have been running for a while.
  const time = { now: NOW - 3_600_000, passed: 0 }
  const clock = (): number => time.now
  const monotonicClock = (): number => time.passed
  const pass = (milliseconds: number): void => {
    time.now += milliseconds
    time.passed += milliseconds
  }
  const timers = createTimers(monotonicClock)
  const feed = createStatusFeed()
  arrange?.(feed)
  const status = createStatusSource({
    issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
    fetch: (url, { signal }) => (url === STREAM_URL ? feed.openStream(signal) : feed.fetch(url)),
    stream,
    clock,
    monotonicClock,
    setTimer: timers.set,
    pollSeconds,
    reportFault: (fault) => void faults.push(fault),
    ...(state === undefined ? {} : { state }),
  })
  const verifier = createRequestVerifier<unknown>({
    origins: ['https://api.test'],
    trustedIssuers: [issuer, ...alsoTrusted].map(({ did }) => did),
    statusSource: status,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: { record: (record) => void records.push(record) },
    clock,
    monotonicClock,
    reportFault: (fault) => void faults.push(fault),
    chainCache: { offerReferences: true },
    ...verifierOptions,
  })
  const world: World = {
    verifier,
    feed,
    records,
    faults,
    get now() {
      return time.now
    },
    set now(now) {
      pass(now - time.now)
    },
    step: (milliseconds) => {
      time.now += milliseconds
    },
    refresh: async () => {
      await feed.publish(time.now)
      await status.poll()
    },
    poll: () => status.poll(),
    verifiedSequence: () => status.read(issuer.did).sequence,
    pass: async (milliseconds) => {
      pass(milliseconds)
      await timers.runDue()
    },
    close: () => status.close(),
  }
  world.now = NOW
  await world.refresh()
  if (stream) await startStreaming(world, status)
  return world
}

/** Timers that run when they are told to, and nothing that was called off. */
function createTimers(clock: () => number): { set: SetTimer; runDue: () => Promise<void> } {
  const waiting = new Map<() => void, number>()
  return {
    set: (run, milliseconds) => {
      waiting.set(run, clock() + milliseconds)
      return () => void waiting.delete(run)
    },
    runDue: async () => {
      for (const [run, at] of Array.from(waiting)) {
        if (at > clock()) continue
        waiting.delete(run)
        run()
      }
      // What they began goes on in promises, which nothing outside of this process keeps waiting.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

/** The stream is open, and what it begins with is held. */
async function startStreaming({ feed }: World, status: StatusSource): Promise<void> {
  await status.ready()
  while (feed.streams === 0) await new Promise(setImmediate)
  feed.push()
}

import { join } from 'node:path'
import { type Authority, createAuthority } from '@behalf/authority'
import { createEd25519Signer } from '@behalf/core'
import { verifyHeartbeat } from '@behalf/credential'
import { parsePolicy } from '@behalf/issuer'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
  type PollingStatusSource,
  type RequestVerifier,
} from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { type AuthorityClient, createMemoryWallet } from '@behalf/wallet'
import { NOW } from '../../attacks/support/chain.ts'
import { freePort } from '../../support/free-port.ts'
import { API, type HandedAgent, handOver } from './handed-agent.ts'
import { originOf, STORAGE_POLICY, seedOf } from './storage-authority.ts'
import { forgetConnections } from './storage-site.ts'

/** A heartbeat that an authority signed, and when that truly was. */
export interface SignedHeartbeat {
  readonly truth: number
  readonly sequence: number
  /** As it says, milliseconds. */
  readonly time: number
  /** By the address of each list. */
  readonly versions: ReadonlyMap<string, number>
}

/** An authority whose clock is set, and an API, agents and an operator whose clocks are right. */
export interface AuthorityTimeline {
  readonly origin: string
  readonly clocks: AuthorityClocks
  readonly authority: Authority
  readonly operator: AuthorityClient
  /** Every heartbeat, in the order in which they were signed. */
  readonly signed: readonly SignedHeartbeat[]
  /** What the log warned of. */
  readonly warnings: readonly string[]
  /** Time passes: heartbeats are due every 10 s, the API polls every 5 s. */
  pass(seconds: number): Promise<void>
  /** Takes note of what was signed. */
  note(): Promise<void>
  /** The authority is started again on its files, and its machine too. */
  restart(): Promise<void>
  /** What the API says to a fresh request. */
  ask(agent: HandedAgent): Promise<string>
  close(): Promise<void>
}

/** Milliseconds. */
interface AuthorityClocks {
  /** What the time is; it passes with `pass`. */
  truth: number
  /** How far the wall clock of the authority is ahead. */
  ahead: number
  /** For how long its monotonic clock stood still, as that of a machine that sleeps. */
  slept: number
}

/** How long requests wait to be decided. */
export const REQUEST_SECONDS = 30
/** The longest that a delegation lives. */
export const LONGEST_SECONDS = 2 * 86_400
const HEARTBEAT_SECONDS = 10
const POLL_SECONDS = 5
const SEED = seedOf('authority whose clock is set')

/** Begins at `NOW` with every clock right. */
export async function createAuthorityTimeline(folder: string): Promise<AuthorityTimeline> {
  const clocks: AuthorityClocks = { truth: NOW, ahead: 0, slept: 0 }
  const port = await freePort()
  const origin = originOf(port)
  const wallet = createMemoryWallet({ seed: seedOf('operator'), clock: () => clocks.truth })
  openVerifierDatabase(noncesPathOf(folder), { clock: () => NOW - 60_000 }).close()
  const warnings: string[] = []
  const start = (): Promise<Beating> =>
    startAuthority({ folder, port, clocks, warnings, operator: wallet.did })
  let { authority, beat } = await start()
  const api = await openApi({ origin, issuer: authority.issuerDid, clocks })
  const signed: SignedHeartbeat[] = []
  const note = async (): Promise<void> => {
    const last = await authority.issuer.lastHeartbeat()
    if (last === undefined || last.sequence === signed.at(-1)?.sequence) return
    signed.push({ ...readHeartbeat(last.jws, authority.issuerDid, last.time), truth: clocks.truth })
  }
  await note()
  return {
    origin,
    clocks,
    get authority() {
      return authority
    },
    operator: wallet.authority(origin),
    signed,
    warnings,
    pass: async (seconds) => {
      for (let second = 0; second < seconds; second += 1) {
        clocks.truth += 1000
        const passed = (clocks.truth - NOW) / 1000
        if (passed % HEARTBEAT_SECONDS === 0) await beat()
        await note()
        if (passed % POLL_SECONDS === 0) await api.status.poll()
      }
    },
    note,
    restart: async () => {
      await authority.close()
      const started = await start()
      authority = started.authority
      beat = started.beat
      await note()
    },
    ask: (agent) => handOver(api.verifier, agent),
    close: async () => {
      api.status.close()
      await authority.close()
    },
  }
}

interface Beating {
  readonly authority: Authority
  /** What the timer of heartbeats would do. */
  readonly beat: () => Promise<void>
}

async function startAuthority(options: {
  readonly folder: string
  readonly port: number
  readonly clocks: AuthorityClocks
  readonly warnings: string[]
  readonly operator: string
}): Promise<Beating> {
  const { folder, port, clocks, warnings, operator } = options
  const repeated: (() => Promise<void>)[] = []
  const startedAt = clocks.truth - clocks.slept
  const authority = await createAuthority({
    databasePath: join(folder, 'authority.db'),
    noncesPath: noncesPathOf(folder),
    issuerSeed: SEED,
    origin: originOf(port),
    policy: parsePolicy({ id: 'clocks', files: [{ name: 'clocks.cedar', text: STORAGE_POLICY }] }),
    operators: [{ did: operator, name: 'operator' }],
    clock: () => clocks.truth + clocks.ahead,
    monotonicClock: () => clocks.truth - clocks.slept - startedAt,
    requestSeconds: REQUEST_SECONDS,
    maxSeconds: LONGEST_SECONDS,
    limits: { questionsPerAgent: 10_000 },
    log: { info: () => undefined, warn: (_, text) => void warnings.push(text), error: () => undefined },
    repeat: (run) => {
      repeated.push(run)
      return async () => undefined
    },
  })
  await authority.listen({ host: '127.0.0.1', port })
  await forgetConnections(originOf(port))
  return { authority, beat: async () => repeated[0]?.() }
}

function noncesPathOf(folder: string): string {
  return join(folder, 'authority.nonces')
}

/** It hears from the authority when it polls. */
async function openApi(options: {
  readonly origin: string
  readonly issuer: string
  readonly clocks: AuthorityClocks
}): Promise<{ readonly status: PollingStatusSource; readonly verifier: RequestVerifier<unknown> }> {
  const { origin, issuer: did, clocks } = options
  let isOpen = false
  // The stores began an hour ago, so that nothing has to be waited out.
  const clock = (): number => clocks.truth - (isOpen ? 0 : 3_600_000)
  const status = createStatusSource({
    issuers: [{ did, url: `${origin}/status/heartbeat` }],
    fetch: (url, init) => fetch(url, init),
    clock: () => clocks.truth,
    monotonicClock: () => clocks.truth,
    // Time that passes does not pass by itself.
    setTimer: () => () => undefined,
    reportFault: () => undefined,
  })
  const verifier = createRequestVerifier({
    origins: [API],
    trustedIssuers: [did],
    statusSource: status,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    clock,
    monotonicClock: () => clocks.truth,
    reportFault: () => undefined,
  })
  isOpen = true
  await status.poll()
  return { status, verifier }
}

/** It is believed by whoever has the same clock. */
function readHeartbeat(jws: string, issuer: string, now: number): Omit<SignedHeartbeat, 'truth'> {
  const { publicKey } = createEd25519Signer(SEED)
  const { sequence, time, lists } = verifyHeartbeat(jws, { issuer, issuers: () => publicKey, now })
  return { sequence, time, versions: new Map(lists.map(({ id, version }) => [id, version])) }
}

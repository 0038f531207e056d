import { join } from 'node:path'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { NOW } from '../attacks/support/chain.ts'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { runAuthorityClock } from './authority-clock.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { createTimeline, mintChain, type Timeline } from './support/timeline.ts'

/** What happens to one clock, and what is answered to honest requests while it lasts. */
interface Jump {
  readonly name: string
  readonly apply: (timeline: Timeline) => Promise<void> | void
  readonly undo: (timeline: Timeline) => Promise<void> | void
  /** The first answer after the jump. */
  readonly first: string
  readonly during: readonly string[]
  /** The answer to a delegation that the issuer signs during the jump, with its clock. */
  readonly newborn?: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MAX_STALENESS_MS = 30_000
/** How far a clock may be set off unnoticed. */
const TOLERANCE_MS = 5000
/** How late an end may come by a clock that no jump here leaves further behind and believed. */
const MAX_LATENESS_MS = 6000
/** A heartbeat every 10 s, a poll every 5 s, and the second in which the question is asked. */
const MAX_RECOVERY_SECONDS = 16
/** A stepped clock is confirmed by a heartbeat of up to 10 s ago, and each of the two has its tolerance. */
const MAX_CONFIRMED_LAG_MS = 10_000 + 5000 + 2 * TOLERANCE_MS

const stepped = (milliseconds: number, answers: Pick<Jump, 'name' | 'first' | 'during'>): Jump => ({
  ...answers,
  apply: ({ world }) => world.step(milliseconds),
  undo: ({ world }) => world.step(-milliseconds),
})

const refused = { first: 'clock_unsynchronized', during: ['clock_unsynchronized'] } as const
const unnoticed = { first: 'ok', during: ['ok'] } as const
const set = (member: 'issuerAhead' | 'agentAhead' | 'drift', value: number) => ({
  apply: (timeline: Timeline) => {
    timeline[member] = value
  },
  undo: (timeline: Timeline) => {
    timeline[member] = 0
  },
})

/** The offset of the place this process is in changes; its clock does not. */
function moveTo(zone: string | undefined): void {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
}
const home = process.env['TZ']

const JUMPS: readonly Jump[] = [
  stepped(DAY, { name: 'verifier +1 d', ...refused }),
  stepped(-HOUR, { name: 'verifier -1 h', ...refused }),
  stepped(60_000, { name: 'verifier +1 min', ...refused }),
  stepped(-6000, {
    name: 'verifier -6 s',
    first: 'clock_unsynchronized',
    // A heartbeat that is a few seconds old agrees with it.
    during: ['clock_unsynchronized', 'signature_not_yet_valid'],
  }),
  stepped(5000, { name: 'verifier +5 s', ...unnoticed }),
  stepped(-5000, { name: 'verifier -5 s', ...unnoticed }),
  stepped(1000, { name: 'leap second left out', ...unnoticed }),
  stepped(-1000, { name: 'leap second put in', ...unnoticed }),
  {
    name: 'daylight saving time',
    apply: () => moveTo('Pacific/Kiritimati'),
    undo: () => moveTo(home),
    ...unnoticed,
  },
  { name: 'verifier gains 500 ppm', ...set('drift', 0.0005), ...unnoticed },
  { name: 'verifier loses 500 ppm', ...set('drift', -0.0005), ...unnoticed },
  {
    name: 'verifier sleeps 8 h',
    apply: (timeline) => timeline.sleep(8 * 3600),
    undo: () => undefined,
    first: 'clock_unsynchronized',
    during: ['clock_unsynchronized', 'ok'],
  },
  {
    name: 'issuer +1 d',
    ...set('issuerAhead', DAY),
    first: 'ok',
    during: ['ok', 'status_invalid'],
    newborn: 'credential_not_yet_valid',
  },
  {
    name: 'issuer -1 h',
    ...set('issuerAhead', -HOUR),
    first: 'ok',
    during: ['ok', 'status_rollback'],
    newborn: 'credential_expired',
  },
  { name: 'issuer +5 s', ...set('issuerAhead', 5000), ...unnoticed, newborn: 'ok' },
  {
    name: 'agent +1 d',
    ...set('agentAhead', DAY),
    first: 'signature_not_yet_valid',
    during: ['signature_not_yet_valid'],
  },
  {
    name: 'agent -1 h',
    ...set('agentAhead', -HOUR),
    first: 'signature_expired',
    during: ['signature_expired'],
  },
  { name: 'agent +5 s', ...set('agentAhead', 5000), ...unnoticed },
]

/** Chains beside the honest one: what they may do ends while the clocks are wrong. */
interface Doomed {
  readonly expiring: readonly string[]
  readonly expiresAt: number
  readonly revoked: readonly string[]
  readonly honest: readonly string[]
  revokedAt: number
}

const REVOKED_INDEX = 300

async function createDoomed(expiresAt: number): Promise<Doomed> {
  return {
    expiring: await mintChain(expiresAt, { firstIndex: 400 }),
    expiresAt,
    revoked: await mintChain(NOW + 30 * DAY, { firstIndex: REVOKED_INDEX }),
    honest: await mintChain(NOW + 30 * DAY, { firstIndex: 500 }),
    revokedAt: Number.POSITIVE_INFINITY,
  }
}

/** Asks for what must not be given any more, and for what was given before. */
async function probe(timeline: Timeline, doomed: Doomed, lateness: number): Promise<void> {
  const { accepted, truth } = timeline
  const first = accepted[0]
  const latest = accepted.at(-1)
  if (first !== undefined) await timeline.replay(first)
  if (latest !== undefined) await timeline.replay(latest)
  const expiring = await timeline.ask({ chain: doomed.expiring })
  check(expiring !== 'ok' || truth < doomed.expiresAt + lateness, 'nothing expired is accepted')
  const revoked = await timeline.ask({ chain: doomed.revoked })
  const isTolerable = truth <= doomed.revokedAt + MAX_STALENESS_MS + lateness
  check(revoked !== 'ok' || isTolerable, 'nothing revoked is accepted later than maxStaleness after')
}

/** How long a clock stays wrong, and how often it is asked meanwhile. */
interface Pace {
  readonly seconds: number
  readonly everySeconds: number
}

async function runJump(jump: Jump, { seconds, everySeconds }: Pace): Promise<number> {
  const timeline = await createTimeline()
  const doomed = await createDoomed(NOW + 30_000)
  const ask = () => timeline.ask({ chain: doomed.honest })
  for (let second = 0; second < 20; second += everySeconds) {
    await timeline.pass(everySeconds)
    checkEqual(await ask(), 'ok', `${jump.name}: before`)
    await probe(timeline, doomed, MAX_LATENESS_MS)
  }
  await jump.apply(timeline)
  timeline.world.feed.revoke(REVOKED_INDEX)
  doomed.revokedAt = timeline.truth
  checkEqual(await ask(), jump.first, `${jump.name}: at once`)
  await checkNewborn(timeline, jump)
  for (let second = 0; second < seconds; second += everySeconds) {
    await timeline.pass(everySeconds)
    const outcome = await ask()
    check(jump.during.includes(outcome), `${jump.name}: ${outcome} while it lasts`)
    await probe(timeline, doomed, MAX_LATENESS_MS)
  }
  await jump.undo(timeline)
  return recover(timeline, jump, doomed)
}

async function checkNewborn(timeline: Timeline, { name, newborn }: Jump): Promise<void> {
  if (newborn === undefined) return
  const signedAt = timeline.truth + timeline.issuerAhead
  const chain = await mintChain(signedAt + 600_000, { firstIndex: 600, validFrom: signedAt })
  checkEqual(await timeline.ask({ chain }), newborn, `${name}: a delegation signed now`)
}

/** Every clock is right again. Resolves to how many seconds it took until requests were accepted. */
async function recover(timeline: Timeline, jump: Jump, doomed: Doomed): Promise<number> {
  const since = timeline.truth
  const ask = () => timeline.ask({ chain: doomed.honest })
  for (let outcome = await ask(); outcome !== 'ok'; outcome = await ask()) {
    const seconds = (timeline.truth - since) / 1000
    check(seconds <= MAX_RECOVERY_SECONDS, `${jump.name}: ${outcome} still, ${seconds} s after it ended`)
    await probe(timeline, doomed, MAX_LATENESS_MS)
    await timeline.pass(1)
  }
  const recovery = (timeline.truth - since) / 1000
  // Until the issuer's next heartbeat has come.
  await timeline.pass(MAX_RECOVERY_SECONDS)
  checkEqual(await ask(), 'ok', `${jump.name}: afterwards`)
  checkEqual(await timeline.ask({ chain: doomed.revoked }), 'credential_revoked', jump.name)
  await probe(timeline, doomed, MAX_LATENESS_MS)
  return recovery
}

const STEPS_MS = [-HOUR, -60_000, -20_000, -4000, 4000, 20_000, HOUR, DAY] as const

/** The verifier's clock is set again and again, and the issuer falls silent now and then. */
async function runRandomly(seed: number): Promise<number> {
  const random = new Random(seed, 0)
  const timeline = await createTimeline()
  const doomed = await createDoomed(NOW + 60_000)
  let wrong = 0
  let accepted = 0
  for (let second = 0; second < 240; second += 1) {
    if (second === 60) {
      timeline.world.feed.revoke(REVOKED_INDEX)
      doomed.revokedAt = timeline.truth
    }
    if (random.chance(0.05)) {
      const step = random.chance(0.5) ? -wrong : random.pick(STEPS_MS)
      wrong += step
      timeline.world.step(step)
    }
    if (random.chance(0.05)) timeline.isBeating = !timeline.isBeating
    if ((await timeline.ask({ chain: doomed.honest })) === 'ok') accepted += 1
    await probe(timeline, doomed, MAX_CONFIRMED_LAG_MS)
    await timeline.pass(1)
  }
  return accepted
}

/** A verifier is started again with its clock an hour behind: its database knows better. */
function runRestart(): Promise<string> {
  return withFolder(async (folder) => {
    const path = join(folder, 'verifier.db')
    const clock = { now: NOW - HOUR }
    const open = () => openVerifierDatabase(path, { clock: () => clock.now })
    const first = open()
    clock.now = NOW
    const before = await createTimeline({ replayStore: first.replayStore })
    checkEqual(await before.ask(), 'ok', 'before the restart')
    const request = before.accepted[0]
    check(request !== undefined, 'a request was accepted')
    first.close()
    const second = open()
    const after = await createTimeline({ replayStore: second.replayStore })
    after.world.step(-HOUR)
    checkEqual(await after.replay(request), 'clock_unsynchronized', 'a replay after the restart')
    await after.pass(20)
    checkEqual(await after.ask(), 'clock_unsynchronized', 'with the clock an hour behind')
    after.world.step(HOUR)
    await after.pass(1)
    checkEqual(await after.ask(), 'clock_unsynchronized', 'until a heartbeat confirms the clock')
    await after.pass(MAX_RECOVERY_SECONDS)
    checkEqual(await after.replay(request), 'nonce_replayed', 'a replay with the clock right')
    const outcome = await after.ask()
    second.close()
    return outcome
  })
}

async function runClockJumps(size: Size, progress: (text: string) => void): Promise<string> {
  const pace = size === 'long' ? { seconds: 300, everySeconds: 1 } : { seconds: 40, everySeconds: 5 }
  let slowest = 0
  for (const jump of JUMPS) {
    const recovery = await runJump(jump, pace)
    slowest = Math.max(slowest, recovery)
    if (size === 'long') progress(`${jump.name}, ${jump.during.join(' or ')}, well again after ${recovery} s`)
  }
  checkEqual(await runRestart(), 'ok', 'after the restart with the clock right')
  const sequences = size === 'long' ? 100 : 1
  let accepted = 0
  for (let seed = 1; seed <= sequences; seed += 1) {
    accepted += await runRandomly(seed)
    if (seed % 20 === 0) progress(`${seed} random sequences`)
  }
  check(accepted > sequences * 20, 'honest requests get through in between')
  const authority = await runAuthorityClock(size, progress)
  return `${JUMPS.length} jumps, 1 restart, ${sequences} random sequences (${accepted} honest requests accepted); well again after at most ${slowest} s; 0 replays, 0 expired, 0 revoked accepted; ${authority}`
}

/** F-09: the clocks of verifier, issuer, agent and authority jump, drift and come back while requests and heartbeats go on. */
export const clockJumps: Experiment = {
  name: 'clock-jumps',
  about: 'wall clocks of verifier, issuer, agent and authority jump, drift, sleep, come back',
  run: runClockJumps,
}

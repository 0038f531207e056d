import {
  BehalfError,
  createEd25519Signer,
  createUuid,
  isJsonObject,
  parseJson,
  systemRandomBytes,
} from '@behalf/core'
import { createDpopProof } from '@behalf/credential'
import { encodeDidKey } from '@behalf/did'
import { withFolder } from '../attacks/support/databases.ts'
import { check, checkEqual, type Size } from './experiment.ts'
import {
  type AuthorityTimeline,
  createAuthorityTimeline,
  LONGEST_SECONDS,
  REQUEST_SECONDS,
} from './support/authority-timeline.ts'
import { API, createHandedAgent, HANDED_TERMS, type HandedAgent } from './support/handed-agent.ts'
import { operatorWallet, seedOf } from './support/storage-authority.ts'

/** What happens to the clock of an authority. */
interface AuthorityJump {
  readonly name: string
  readonly apply: (timeline: AuthorityTimeline) => void
  /** Absent where the clock was right all along. */
  readonly undo?: (timeline: AuthorityTimeline) => void
  /** Whether it is too great to be taken for nothing. */
  readonly isStep: boolean
  /** Whether what is recorded goes back in time, once a clock is believed that came back. */
  readonly goesBack: boolean
  /** What an API whose clock is right says to honest requests while it lasts. */
  readonly during: readonly string[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SETTLING_MS = 60_000
const TOLERANCE_MS = 5000
/** A clock that came back is believed after a minute; then the next heartbeat and the next poll. */
const MAX_RECOVERY_SECONDS = 60 + 10 + 5 + 1
/** What was revoked is refused after the next poll. */
const MAX_HEARD_MS = 5000 + 1000

function setAhead(milliseconds: number, facts: Omit<AuthorityJump, 'apply' | 'undo'>): AuthorityJump {
  return {
    ...facts,
    apply: ({ clocks }) => {
      clocks.ahead += milliseconds
    },
    undo: ({ clocks }) => {
      clocks.ahead -= milliseconds
    },
  }
}

const home = process.env['TZ']
const SMALL = { isStep: false, goesBack: false, during: ['ok'] } as const

const JUMPS: readonly AuthorityJump[] = [
  setAhead(DAY, {
    name: 'authority +1 d',
    isStep: true,
    goesBack: true,
    during: ['ok', 'status_invalid', 'status_stale'],
  }),
  setAhead(-HOUR, {
    name: 'authority -1 h',
    isStep: true,
    goesBack: true,
    during: ['ok', 'status_rollback', 'status_stale'],
  }),
  setAhead(5000, { name: 'authority +5 s', ...SMALL }),
  setAhead(-5000, { name: 'authority -5 s', ...SMALL }),
  setAhead(1000, { name: 'authority, leap second left out', ...SMALL }),
  setAhead(-1000, { name: 'authority, leap second put in', ...SMALL }),
  {
    name: 'authority, daylight saving time',
    apply: () => {
      process.env['TZ'] = 'Pacific/Kiritimati'
    },
    undo: () => {
      if (home === undefined) delete process.env['TZ']
      else process.env['TZ'] = home
    },
    ...SMALL,
  },
  {
    name: 'authority sleeps 8 h',
    apply: ({ clocks }) => {
      clocks.truth += 8 * HOUR
      clocks.slept += 8 * HOUR
    },
    isStep: true,
    goesBack: false,
    during: ['ok', 'status_stale'],
  },
]

/** Who and what ends while the clock is wrong. */
interface Doomed {
  readonly honest: HandedAgent
  readonly revoked: HandedAgent
  /** Its delegation ends with the request that waits, or before. */
  readonly short: HandedAgent
  /** Id of a request that nobody decides in time. */
  readonly pending: string
  readonly endsAt: number
}

async function createDoomed({ authority, operator, origin, clocks }: AuthorityTimeline): Promise<Doomed> {
  const clock = (): number => clocks.truth
  const create = (name: string, validForSeconds: number): Promise<HandedAgent> =>
    createHandedAgent({ operator, origin, clock, seed: seedOf(name), validForSeconds })
  const stranger = encodeDidKey(createEd25519Signer(seedOf('stranger')).publicKey)
  const { id } = await authority.issuer.requestDelegation({ agent: stranger, ...HANDED_TERMS })
  return {
    honest: await create('honest', LONGEST_SECONDS),
    revoked: await create('revoked', LONGEST_SECONDS),
    short: await create('short', REQUEST_SECONDS),
    pending: id,
    endsAt: clocks.truth + REQUEST_SECONDS * 1000,
  }
}

/** One jump, and what is known of it. */
interface JumpRun {
  readonly jump: AuthorityJump
  readonly timeline: AuthorityTimeline
  readonly doomed: Doomed
  /** When the clock was set last. */
  steppedAt: number
  revokedAt: number
}

/** Within a minute of a step that is not taken for nothing. */
function isDoubted({ jump, timeline, steppedAt }: JumpRun): boolean {
  return jump.isStep && timeline.clocks.truth - steppedAt < SETTLING_MS
}

/** A code, or `ok`. */
async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'ok'
  } catch (error) {
    if (error instanceof BehalfError) return error.code
    throw error
  }
}

/** Asks for everything that must not be given. */
async function probe(run: JumpRun): Promise<void> {
  const { jump, timeline, doomed } = run
  const { clocks } = timeline
  const { issuer } = timeline.authority
  const { truth, ahead } = clocks
  const said = {
    approve: await outcomeOf(() =>
      issuer.approve({ id: doomed.pending, version: 1, operator: operatorWallet().did }),
    ),
    collect: await outcomeOf(() => issuer.collect({ id: doomed.short.request, agent: doomed.short.did })),
    exchange: await exchange(timeline, doomed.short),
  }
  const hasEnded = truth >= doomed.endsAt + TOLERANCE_MS
  // What is given by a clock that is behind, and believed, has ended for everybody else.
  const isBelievedBehind = ahead < -TOLERANCE_MS && !isDoubted(run)
  for (const [deed, outcome] of Object.entries(said)) {
    const isRefused = outcome !== 'ok' || isBelievedBehind || !hasEnded
    check(isRefused, `${jump.name}: ${deed} of what has ended, ${(truth - run.steppedAt) / 1000} s after`)
  }
  const revoked = await timeline.ask(doomed.revoked)
  const isHeard = truth - run.revokedAt >= MAX_HEARD_MS
  check(revoked !== 'ok' || !isHeard, `${jump.name}: what was revoked is accepted`)
}

/** A token that was given ends when the chain does, by the true clock. */
async function exchange({ origin, signed }: AuthorityTimeline, { did, chain }: HandedAgent): Promise<string> {
  const url = `${origin}/token`
  const asked = await fetch(url, { method: 'POST' })
  const proof = await createDpopProof({
    signer: createEd25519Signer(seedOf('short')),
    method: 'POST',
    url,
    nonce: asked.headers.get('dpop-nonce') ?? '',
    now: signed.at(-1)?.time ?? 0,
    jti: createUuid(systemRandomBytes),
  })
  const answer = await fetch(url, {
    method: 'POST',
    headers: { dpop: proof, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: chain.map((link) => `"${link}"`).join(', '),
      subject_token_type: 'urn:behalf:token-type:delegation-chain',
      resource: API,
    }).toString(),
  })
  if (answer.ok) return 'ok'
  const told = parseJson(await answer.text())
  return isJsonObject(told) && typeof told['code'] === 'string' ? told['code'] : `${answer.status} to ${did}`
}

/** What is granted afresh. It is nothing while the clock is in doubt, and begins now by a clock that is right. */
async function grant(run: JumpRun): Promise<string> {
  const { timeline, doomed, jump } = run
  const { issuer } = timeline.authority
  const { truth, ahead } = timeline.clocks
  const question = { ...HANDED_TERMS, purpose: `At ${truth}`, agent: doomed.honest.did }
  let delegationId: string | undefined
  const outcome = await outcomeOf(async () => {
    ;({ delegationId } = await issuer.requestDelegation(question))
  })
  if (isDoubted(run))
    checkEqual(outcome, 'clock_unsynchronized', `${jump.name}: a grant while it is in doubt`)
  if (outcome !== 'ok') return outcome
  const issued = await issuer.findDelegation(delegationId ?? '')
  check(issued !== undefined, `${jump.name}: what was asked is granted`)
  const isAhead = ahead > TOLERANCE_MS
  check(isAhead || issued.validFrom <= truth + TOLERANCE_MS, `${jump.name}: nothing begins in the future`)
  return outcome
}

/**
 * What was published since the last look does not go back, but for the time of a clock that came back and is believed;
 * for the first minute of a step nobody notices it.
 *
 * @returns how many heartbeats were looked at
 */
function checkPublished(run: JumpRun, looked: number): number {
  const { jump, timeline, steppedAt } = run
  const { signed } = timeline
  for (const [place, heartbeat] of signed.entries()) {
    const before = signed[place - 1]
    if (place < looked || before === undefined) continue
    check(heartbeat.sequence > before.sequence, `${jump.name}: sequences rise`)
    for (const [id, version] of before.versions) {
      check(
        (heartbeat.versions.get(id) ?? 0) >= version,
        `${jump.name}: the versions of lists do not go back`,
      )
    }
    const isBelieved = jump.goesBack && heartbeat.truth - steppedAt >= SETTLING_MS
    check(isBelieved || heartbeat.time >= before.time, `${jump.name}: heartbeats do not go back`)
  }
  return signed.length
}

/** How long a clock stays wrong, and how often it is asked meanwhile. */
interface Pace {
  readonly seconds: number
  readonly everySeconds: number
}

function runJump(jump: AuthorityJump, { seconds, everySeconds }: Pace): Promise<number> {
  return withTimeline(async (timeline) => {
    const { clocks, operator } = timeline
    const doomed = await createDoomed(timeline)
    let looked = 0
    for (let second = 0; second < 20; second += everySeconds) {
      await timeline.pass(everySeconds)
      checkEqual(await timeline.ask(doomed.honest), 'ok', `${jump.name}: before`)
    }
    const run: JumpRun = { jump, timeline, doomed, steppedAt: clocks.truth, revokedAt: clocks.truth }
    jump.apply(timeline)
    run.steppedAt = clocks.truth
    run.revokedAt = clocks.truth
    // As a person does it in the page, whose session is no signature that has to be fresh.
    await timeline.authority.issuer.revokeDelegation({
      id: doomed.revoked.delegation,
      caller: { did: operatorWallet().did, operator: true },
    })
    await timeline.note()
    for (let second = 0; second < seconds; second += everySeconds) {
      looked = await look(run, looked)
      const isSigned = await outcomeOf(() => operator.listRequests())
      if (isDoubted(run)) checkEqual(isSigned, 'clock_unsynchronized', `${jump.name}: a signed call`)
      await timeline.pass(everySeconds)
    }
    jump.undo?.(timeline)
    if (jump.undo) run.steppedAt = clocks.truth
    return recover(run, looked)
  })
}

/** Everything is asked for, and what is published is looked at. */
async function look(run: JumpRun, looked: number): Promise<number> {
  const { jump, timeline, doomed } = run
  await grant(run)
  await probe(run)
  const outcome = await timeline.ask(doomed.honest)
  check(jump.during.includes(outcome), `${jump.name}: ${outcome} while it lasts`)
  const { truth, ahead } = timeline.clocks
  const { time, truth: signedAt } = timeline.signed.at(-1) ?? { time: 0, truth: 0 }
  const isUnnoticed = isDoubted(run) && ahead !== 0 && signedAt >= run.steppedAt
  const isRight = Math.abs(time - signedAt) <= TOLERANCE_MS
  check(!isUnnoticed || isRight, `${jump.name}: in its first minute heartbeats go on as before, at ${truth}`)
  return checkPublished(run, looked)
}

/** Every clock is right again. Resolves to how many seconds it took until everything was well. */
async function recover(run: JumpRun, looked: number): Promise<number> {
  const { jump, timeline, doomed } = run
  const { clocks, operator, warnings } = timeline
  const since = clocks.truth
  const areWell = async (): Promise<boolean> => {
    const granted = await grant(run)
    const signed = await outcomeOf(() => operator.listRequests())
    const asked = await timeline.ask(doomed.honest)
    await probe(run)
    return granted === 'ok' && signed === 'ok' && asked === 'ok'
  }
  let seen = looked
  while (!(await areWell())) {
    const seconds = (clocks.truth - since) / 1000
    check(seconds <= MAX_RECOVERY_SECONDS, `${jump.name}: not well again, ${seconds} s after it ended`)
    await timeline.pass(1)
    seen = checkPublished(run, seen)
  }
  const recovery = (clocks.truth - since) / 1000
  await timeline.pass(15)
  checkPublished(run, seen)
  checkEqual(await timeline.ask(doomed.honest), 'ok', `${jump.name}: afterwards`)
  checkEqual(await timeline.ask(doomed.revoked), 'credential_revoked', jump.name)
  checkEqual(warnings.length > 0, jump.isStep, `${jump.name}: the log tells of a step`)
  checkEqual(await hasAnomalies(timeline), jump.goesBack, `${jump.name}: records say when time went back`)
  return recovery
}

async function hasAnomalies({ operator }: AuthorityTimeline): Promise<boolean> {
  const entries = await operator.listLogEntries({ from: 0 })
  return entries.some(({ record }) => record.includes('"time_anomaly":true'))
}

/** Started again with its clock an hour behind, it knows what it signed before. */
function runRestart(): Promise<number> {
  return withTimeline(async (timeline) => {
    const doomed = await createDoomed(timeline)
    await timeline.pass(20)
    const { clocks } = timeline
    const jump: AuthorityJump = {
      name: 'authority, started again with its clock set back',
      apply: () => undefined,
      isStep: true,
      goesBack: false,
      during: ['ok', 'status_stale'],
    }
    clocks.ahead = -HOUR
    await timeline.restart()
    const run: JumpRun = {
      jump,
      timeline,
      doomed,
      steppedAt: clocks.truth,
      revokedAt: Number.POSITIVE_INFINITY,
    }
    let looked = 0
    for (let second = 0; second < 50; second += 5) {
      looked = await look(run, looked)
      await timeline.pass(5)
    }
    clocks.ahead = 0
    run.steppedAt = clocks.truth
    run.revokedAt = clocks.truth
    await timeline.authority.issuer.revokeDelegation({
      id: doomed.revoked.delegation,
      caller: { did: operatorWallet().did, operator: true },
    })
    return recover(run, looked)
  })
}

function withTimeline<Result>(run: (timeline: AuthorityTimeline) => Promise<Result>): Promise<Result> {
  return withFolder(async (folder) => {
    const timeline = await createAuthorityTimeline(folder)
    try {
      return await run(timeline)
    } finally {
      await timeline.close()
    }
  })
}

/** F-09 for an authority. Resolves to what was measured. */
export async function runAuthorityClock(size: Size, progress: (text: string) => void): Promise<string> {
  const pace = size === 'long' ? { seconds: 300, everySeconds: 1 } : { seconds: 80, everySeconds: 5 }
  let slowest = await runRestart()
  for (const jump of JUMPS) {
    const recovery = await runJump(jump, pace)
    slowest = Math.max(slowest, recovery)
    if (size === 'long') progress(`${jump.name}, ${jump.during.join(' or ')}, well again after ${recovery} s`)
  }
  return `${JUMPS.length} jumps and 1 restart of an authority: nothing that had ended was given, nothing published went back; well again after at most ${slowest} s`
}

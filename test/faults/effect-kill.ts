import { once } from 'node:events'
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseCapabilities } from '@behalf/credential'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { freePort } from '../support/free-port.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { startChild } from './support/child.ts'
import type { EffectSettings } from './support/effect-process.ts'
import { findOrphans, isToldUnknown } from './support/find-orphans.ts'
import { seedOf } from './support/storage-authority.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

const ROUNDS: Readonly<Record<Size, number>> = { long: 200, short: 3 }
const SEED = 1129
/** Requests that are under way when the API is killed. */
const AT_ONCE = 4
const LEAST_SPAN_MS = 50
/** On a busy machine requests take longer, and what comes after them is not to be cut off alone. */
const SPAN = 1.25
/** Requests that were cut off, of which a trace is read at the end. */
const TRACED = 10

interface Caller {
  readonly agent: Wallet
  readonly settings: EffectSettings
}

/** What came of the requests of all rounds, by path. */
interface Tally {
  readonly answered: Set<string>
  sent: number
}

async function openCaller(site: StorageSite, folder: string, isUnrecorded: boolean): Promise<Caller> {
  const { operator, origin: authority } = site
  const port = await freePort()
  const api = `http://127.0.0.1:${port}`
  const agent = createMemoryWallet({ seed: seedOf('acting agent') })
  const onBehalfOf = { id: 'acct-42' }
  const capabilities = parseCapabilities([
    { type: 'http', locations: [api], actions: ['POST'], paths: ['/issues/**'] },
  ])
  await operator.enrol({ agent: agent.did, onBehalfOf, capabilities, maxSeconds: 3600 })
  await operator.registerApi({ did: createMemoryWallet({ seed: seedOf('api') }).did, origins: [api] })
  const { issuer } = await operator.describe()
  await agent.requestDelegation({
    authority,
    onBehalfOf,
    capabilities,
    purpose: 'Sort',
    validForSeconds: 3600,
  })
  return { agent, settings: { ...readPaths(folder), authority, issuer, port, isUnrecorded } }
}

function readPaths(folder: string): Pick<EffectSettings, 'databasePath' | 'effectsPath' | 'recordedPath'> {
  const recordedPath = join(folder, 'recorded')
  writeFileSync(recordedPath, '')
  return { databasePath: join(folder, 'verifier.db'), effectsPath: join(folder, 'effects'), recordedPath }
}

/** Starts the API, sends it requests and kills it once they are answered, or when `until` resolves. */
async function cutOff(
  { agent, settings }: Caller,
  tally: Tally,
  until?: () => Promise<unknown>,
): Promise<number> {
  const api = startChild<object, number>('effect-process.ts', [JSON.stringify(settings)])
  await api.order({})
  const start = performance.now()
  const sending = Array.from({ length: AT_ONCE }, async () => {
    tally.sent += 1
    const path = `/issues/${tally.sent}`
    const response = await agent.fetch(`http://127.0.0.1:${settings.port}${path}`, { method: 'POST' })
    if (response.ok) tally.answered.add(path)
  })
  const settled = Promise.allSettled(sending)
  await Promise.race([settled, until?.() ?? settled])
  const span = performance.now() - start
  await api.end()
  await settled
  return span
}

/** Resolves when the authority has the record of a request, and its answer is on its way. */
async function onRecorded({ settings }: Caller): Promise<void> {
  const watching = watch(settings.recordedPath, { persistent: false })
  await once(watching, 'change')
  watching.close()
}

/** What the log of the authority has. */
interface Recorded {
  /** Paths of the requests that were accepted. */
  readonly intents: readonly string[]
  /** Paths of those of which it is known what was answered. */
  readonly outcomes: readonly string[]
}

async function readRecorded({ operator }: StorageSite): Promise<Recorded> {
  const accepted = await readRecords(operator, 'request_accepted')
  const answered = await readRecords(operator, 'answered')
  const paths = new Map(accepted.map(({ request_id: id, path }) => [id, path ?? '']))
  check(
    accepted.every(({ outcome }) => outcome === 'follows'),
    'each request that is accepted awaits its outcome',
  )
  return {
    intents: accepted.map(({ path = '' }) => path),
    outcomes: answered.map(({ request_id: id }) => paths.get(id) ?? `no request ${id}`),
  }
}

interface RequestRecord {
  readonly request_id: string
  readonly path?: string
  readonly outcome?: string
}

async function readRecords(
  operator: StorageSite['operator'],
  type: string,
): Promise<readonly RequestRecord[]> {
  const records: RequestRecord[] = []
  for (let from = 0; ; ) {
    const entries = await operator.listLogEntries({ about: `type:${type}`, from })
    const last = entries.at(-1)
    if (last === undefined) return records
    records.push(...entries.map(({ record }) => JSON.parse(record) as RequestRecord))
    from = last.index + 1
  }
}

/** What was done, in order. */
function readEffects({ settings }: Caller): readonly string[] {
  if (!existsSync(settings.effectsPath)) return []
  return readFileSync(settings.effectsPath, 'utf8').split('\n').filter(Boolean)
}

interface Balance {
  readonly effects: number
  readonly intents: number
  /** Intents of which nothing was done. */
  readonly orphans: number
  /** Intents of which nobody knows what became of them. */
  readonly unknown: number
}

/**
 * Every effect was intended, and none happened twice. Nothing that was answered, or of which it is known what was, is
 * without an effect: so whatever was not done is among that of which nobody knows.
 */
function checkBalance(effects: readonly string[], { intents, outcomes }: Recorded, tally: Tally): Balance {
  const [done, intended] = [new Set(effects), new Set(intents)]
  const unintended = effects.filter((path) => !intended.has(path))
  check(unintended.length === 0, `each effect has an intent on record: ${unintended.join(' ')} has none`)
  check(done.size === effects.length, 'no request has its effect twice')
  check(intended.size === intents.length, 'no request is on record as accepted twice')
  check(effects.length <= intents.length, 'there are no more effects than intents')
  check(
    [...tally.answered].every((path) => done.has(path)),
    'what was answered was done',
  )
  const unfounded = outcomes.filter((path) => !done.has(path) || !intended.has(path))
  check(unfounded.length === 0, `each outcome is of an effect: ${unfounded.join(' ')} is not`)
  check(new Set(outcomes).size === outcomes.length, 'no request has two outcomes')
  const orphans = intents.filter((path) => !done.has(path)).length
  return {
    effects: effects.length,
    intents: intents.length,
    orphans,
    unknown: intents.length - outcomes.length,
  }
}

/** Of some of what was cut off between record and effect a trace is read. Resolves to of how many. */
async function checkOrphans(site: StorageSite, effects: readonly string[], size: Size): Promise<number> {
  const orphans = await findOrphans(site, new Set(effects))
  check(size === 'short' || orphans.length > 0, 'some are cut off between record and effect')
  const some = orphans.slice(0, TRACED)
  for (const id of some) check(await isToldUnknown(site, id), 'a trace says that the outcome is unknown')
  const [answered] = await readRecords(site.operator, 'answered')
  check(size === 'short' || answered !== undefined, 'outcomes of what was not cut off are on record')
  if (answered !== undefined)
    check(!(await isToldUnknown(site, answered.request_id)), 'a trace says so of nothing else')
  return some.length
}

/** Kills an API between what it records and what it does. Exported for what it must notice. */
export async function runEffectKill(
  size: Size,
  progress: (text: string) => void,
  { isUnrecorded = false }: { readonly isUnrecorded?: boolean } = {},
): Promise<string> {
  return withFolder((folder) =>
    withStorageSite(folder, async (site) => {
      await startStorage(site)
      const caller = await openCaller(site, folder, isUnrecorded)
      const [tally, random]: [Tally, Random] = [{ answered: new Set(), sent: 0 }, new Random(SEED, 0)]
      const took = await cutOff(caller, tally)
      checkEqual(tally.answered.size, AT_ONCE, 'without a kill everything is answered')
      const span = Math.max(LEAST_SPAN_MS, SPAN * took)
      for (let round = 1; round <= ROUNDS[size]; round += 1) {
        // At any moment, and at the one between record and effect.
        const anyTime = (): Promise<void> => wait(random.next() % Math.ceil(span))
        await cutOff(caller, tally, round % 2 === 0 ? anyTime : () => onRecorded(caller))
        // Against the log as it is when the process is gone: an effect may not wait for its record.
        const recorded = await readRecorded(site)
        checkBalance(readEffects(caller), recorded, tally)
        if (round % 20 === 0) progress(`${round} rounds, ${recorded.intents.length} intents`)
      }
      const flagged = await checkOrphans(site, readEffects(caller), size)
      const { effects, intents, orphans, unknown } = checkBalance(
        readEffects(caller),
        await readRecorded(site),
        tally,
      )
      return `${ROUNDS[size]} times killed within ${span.toFixed(0)} ms of ${AT_ONCE} requests; ${tally.sent} sent, ${intents} on record as accepted, ${effects} done, ${tally.answered.size} answered; 0 done without a record before, ${orphans} on record that were not done, all of them among ${unknown} whose outcome nobody knows, as the traces of ${flagged} say`
    }),
  )
}

/** F-04: an API is killed between the record of a request, its effect and its answer. */
export const effectKill: Experiment = {
  name: 'effect-kill',
  about: 'an API is killed between the record of a request, its effect and its answer',
  run: (size, progress) => runEffectKill(size, progress),
}

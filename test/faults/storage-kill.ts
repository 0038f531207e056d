import { parseDelegation } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import {
  checkConsistent,
  checkForward,
  checkKept,
  checkPlaces,
  nothingSeen,
  readCheckpoint,
  type Seen,
} from './support/storage-checks.ts'
import { createDeeds, DEEDS, type Deeds, type PreparedRound } from './support/storage-deeds.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

const ROUNDS: Readonly<Record<Size, number>> = { long: 200, short: 2 }
const SEED = 1128
const LEAST_SPAN_MS = 50
/** On a busy machine a deed takes longer, and what comes after it is not to be cut off alone. */
const SPAN = 1.25
/** Records and requests that are looked at after each start; after the last one all are. */
const LAST = 3

/** Each deed, at the same time. Resolves to what was not acknowledged. */
async function doRound(round: PreparedRound): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(DEEDS.map((deed) => round[deed]()))
  return DEEDS.filter((_, index) => outcomes[index]?.status === 'rejected')
}

/** What was cut off is done again: nothing of it stands in the way, whether it was done or not. */
async function repeat(round: PreparedRound, deeds: readonly string[]): Promise<void> {
  for (const deed of DEEDS.filter((name) => deeds.includes(name))) {
    await round[deed]().catch((error: unknown) => {
      const isDone = error instanceof Error && 'code' in error && error.code === 'approval_consumed'
      check(deed === 'approve' && isDone, `${deed} again after a restart: ${String(error)}`)
    })
  }
}

/** Milliseconds that a round takes when nobody is killed. */
async function measureSpan(deeds: Deeds): Promise<number> {
  const round = await deeds.prepare()
  const start = performance.now()
  checkEqual(await doRound(round), [], 'without a kill everything is acknowledged')
  return Math.max(LEAST_SPAN_MS, SPAN * (performance.now() - start))
}

interface Cut {
  readonly deeds: Deeds
  readonly random: Random
  readonly span: number
  readonly seen: Seen
  readonly issuer: Did
}

/** Starts, asks for a round of deeds and kills. Resolves to how many of them were cut off. */
async function cutOff(site: StorageSite, { deeds, random, span, seen, issuer }: Cut): Promise<number> {
  const running = await startStorage(site)
  const round = await deeds.prepare()
  await checkForward(site.operator, issuer, seen)
  const doing = doRound(round)
  await new Promise((resolve) => setTimeout(resolve, random.next() % Math.ceil(span)))
  await running.kill()
  const cut = await doing
  const again = await startStorage(site)
  await checkForward(site.operator, issuer, seen)
  await checkKept(site.operator, deeds.acknowledged, { issuer, last: LAST })
  await repeat(round, cut)
  await again.kill()
  return cut.length
}

/** Everything that was ever acknowledged, and every checkpoint that was ever seen. */
async function checkAll(site: StorageSite, deeds: Deeds, { seen, issuer }: Cut): Promise<void> {
  const running = await startStorage(site)
  const { operator } = site
  await checkForward(operator, issuer, seen)
  await checkKept(operator, deeds.acknowledged, { issuer })
  const head = readCheckpoint(await operator.logCheckpoint(), issuer)
  for (const checkpoint of seen.checkpoints) await checkConsistent(operator, checkpoint, head)
  const { issued, revoked } = deeds.acknowledged
  checkPlaces(issued)
  await checkRecorded(site, [
    ...issued.map(({ jws }) => parseDelegation(jws).id),
    ...revoked.map(({ delegation }) => delegation.id),
  ])
  await running.kill()
}

/** Every delegation that somebody has stands in the record, once. */
async function checkRecorded({ operator }: StorageSite, ids: readonly string[]): Promise<void> {
  for (const id of new Set(ids)) {
    const entries = await operator.listLogEntries({ about: `lineage:${id}` })
    const issued = entries.filter(({ record }) => JSON.parse(record).type === 'issued')
    checkEqual(issued.length, 1, `a delegation that was issued stands in the record once: ${id}`)
  }
}

function withSite<Result>(run: (site: StorageSite) => Promise<Result>): Promise<Result> {
  return withFolder((folder) => withStorageSite(folder, run))
}

async function runStorageKill(size: Size, progress: (text: string) => void): Promise<string> {
  return withSite(async (site) => {
    const first = await startStorage(site)
    const { issuer } = await site.operator.describe()
    const deeds = createDeeds(site)
    await deeds.setUp()
    const span = await measureSpan(deeds)
    await first.kill()
    const cut: Cut = { deeds, random: new Random(SEED, 0), span, seen: nothingSeen(), issuer }
    let unanswered = 0
    for (let round = 1; round <= ROUNDS[size]; round += 1) {
      unanswered += await cutOff(site, cut)
      if (round % 20 === 0) progress(`${round} rounds, ${unanswered} deeds cut off`)
    }
    await checkAll(site, deeds, cut)
    return describe(ROUNDS[size], { deeds, unanswered, cut })
  })
}

function describe(
  rounds: number,
  { deeds, unanswered, cut }: { readonly deeds: Deeds; readonly unanswered: number; readonly cut: Cut },
): string {
  const { revoked, approved, issued, reported } = deeds.acknowledged
  return `${rounds} times killed within ${cut.span.toFixed(0)} ms of a revocation, an approval, an issue and a record; ${unanswered} of ${4 * rounds} cut off, and done after the restart; acknowledged ${revoked.length} revocations, ${approved.length} approvals, ${issued.length} delegations, ${reported.length} records, 0 lost; 0 places given twice; ${cut.seen.checkpoints.length} checkpoints, each the beginning of the last`
}

/** F-01 and F-03: an authority is killed while it revokes, approves, issues and records. */
export const storageKill: Experiment = {
  name: 'storage-kill',
  about: 'an authority is killed while it revokes, approves, issues and records',
  run: runStorageKill,
}

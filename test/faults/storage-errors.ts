import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withFolder } from '../attacks/support/databases.ts'
import { SOURCE_OPTIONS } from '../attacks/support/killed-process.ts'
import { Random } from '../fuzz/random.ts'
import { ROOT } from '../support/source-files.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { parseTrace, readDescriptor, type SystemCall } from './support/parse-trace.ts'
import { STORAGE_PASSPHRASE, STORAGE_POLICY } from './support/storage-authority.ts'
import { checkForward, checkKept, nothingSeen } from './support/storage-checks.ts'
import { createDeeds, DEEDS, type Deeds, type PreparedRound } from './support/storage-deeds.ts'
import {
  type StorageProcess,
  type StorageSite,
  startProcess,
  startStorage,
  withStorageSite,
} from './support/storage-site.ts'

const ROUNDS: Readonly<Record<Size, number>> = { long: 30, short: 1 }
const SEED = 1128
/** Syncs of a start, or a few more; and of what comes after it. */
const FIRST_SYNCS = 12
const LATER_SYNCS = 60
/** Of those rounds, that fail at the start already. */
const EARLY = 0.2
const MOST_DEEDS = 40

/** `behalf serve`, whose n-th sync fails once; the system says of every later one that it did it. */
function serveFailing(
  site: StorageSite,
  { policy, failing }: { policy: string; failing: number },
): Promise<StorageProcess> {
  const main = join(ROOT, 'apps', 'behalf', 'src', 'main.ts')
  const { folder, port, origin } = site
  const args = ['--data', folder, '--port', String(port), '--origin', origin, '--policy', policy, '--json']
  const inject = [
    '-y',
    '-e',
    'trace=fsync,fdatasync,openat',
    '-e',
    `inject=fsync,fdatasync:error=EIO:when=${failing}`,
  ]
  return startProcess(site, [process.execPath, ...SOURCE_OPTIONS, main, 'serve', ...args], {
    under: ['strace', '-f', '-qq', ...inject, '-e', 'signal=none', '-o', traceOf(site)],
    env: { BEHALF_PASSPHRASE: STORAGE_PASSPHRASE },
  })
}

function traceOf({ folder }: StorageSite): string {
  return join(folder, '..', 'trace')
}

/**
 * Whether what failed was to sync names that were on disk already: SQLite syncs the folder of its log, too, and goes on
 * when that fails.
 */
function isOfNoAccount(site: StorageSite): boolean {
  const calls = parseTrace(readFileSync(traceOf(site), 'latin1'))
  const failed = calls.findIndex(({ result }) => result.includes('INJECTED'))
  const isFolder = ({ name, args }: SystemCall): boolean =>
    name.startsWith('f') && readDescriptor(args)?.path === site.folder
  const call = calls[failed]
  if (call === undefined || !isFolder(call)) return false
  const before = calls.slice(0, failed)
  const named = before.findLastIndex(
    ({ args }) => args.includes(`"${site.folder}/`) && args.includes('O_CREAT'),
  )
  return before.slice(named + 1).some(isFolder)
}

/** Deeds until one is not acknowledged. Resolves to how many were; undefined when nothing failed that had to be kept. */
async function doUntilFailure(deeds: Deeds, site: StorageSite): Promise<number | undefined> {
  let done = 0
  for (let count = 0; count < MOST_DEEDS; count += 1) {
    if (isOfNoAccount(site)) return undefined
    const round = await deeds.prepare().catch(() => undefined)
    if (round === undefined) return done
    for (const deed of DEEDS) {
      const isDone = await isAcknowledged(round, deed)
      if (!isDone) {
        await checkSilent(round)
        return done
      }
      done += 1
    }
  }
  check(false, 'a sync that fails is noticed')
}

function isAcknowledged(round: PreparedRound, deed: (typeof DEEDS)[number]): Promise<boolean> {
  return round[deed]().then(
    () => true,
    () => false,
  )
}

/** The disk is well again, as it says; nobody is told so. */
async function checkSilent(round: PreparedRound): Promise<void> {
  for (const deed of DEEDS)
    check(!(await isAcknowledged(round, deed)), `no ${deed} is acknowledged after a failed sync`)
}

/** When a disk failed, and how many deeds were acknowledged before. */
interface DiskFailure {
  readonly at: 'start' | 'work' | 'nothing'
  readonly done: number
}

async function failOnce(
  deeds: Deeds,
  { site, starting }: { readonly site: StorageSite; readonly starting: Promise<StorageProcess> },
): Promise<DiskFailure> {
  const running = await starting.catch(() => undefined)
  if (running === undefined) return { at: 'start', done: 0 }
  const done = await doUntilFailure(deeds, site)
  if (done === undefined) {
    await running.kill()
    return { at: 'nothing', done: 0 }
  }
  checkEqual(await running.ended, 1, 'the process ends, for a service manager to start it again')
  return { at: 'work', done }
}

function withSite<Result>(run: (site: StorageSite, folder: string) => Promise<Result>): Promise<Result> {
  return withFolder((folder) => withStorageSite(folder, (site) => run(site, folder)))
}

async function runStorageErrors(size: Size, progress: (text: string) => void): Promise<string> {
  return withSite(async (site, folder) => {
    const policy = join(folder, 'policy.cedar')
    writeFileSync(policy, STORAGE_POLICY)
    const deeds = createDeeds(site)
    const seen = nothingSeen()
    const random = new Random(SEED, 0)
    const first = await startStorage(site)
    await deeds.setUp()
    const { issuer } = await site.operator.describe()
    await first.kill()
    const counts = { start: 0, work: 0, nothing: 0, acknowledged: 0 }
    for (let round = 1; round <= ROUNDS[size]; round += 1) {
      const isEarly = size === 'long' && random.chance(EARLY)
      const failing = isEarly ? 1 + random.below(FIRST_SYNCS) : FIRST_SYNCS + 1 + random.below(LATER_SYNCS)
      const { at, done } = await failOnce(deeds, { site, starting: serveFailing(site, { policy, failing }) })
      counts[at] += 1
      counts.acknowledged += done
      const again = await startStorage(site)
      await checkForward(site.operator, issuer, seen)
      await checkKept(site.operator, deeds.acknowledged, { issuer })
      await again.kill()
      if (round % 5 === 0) progress(`${round} failed syncs`)
    }
    return `${ROUNDS[size]} syncs failed once with EIO, ${counts.start} of them at a start, ${counts.work} at work and ${counts.nothing} where names were synced once more; but for these nothing more was acknowledged and behalf serve ended with exit code 1; ${counts.acknowledged} deeds acknowledged before, 0 lost after a restart`
  })
}

/** F-08: a sync fails, and the next one does not. */
export const storageErrors: Experiment = {
  name: 'storage-errors',
  about: 'a sync fails once with an input/output error, and never again',
  needs: 'strace',
  run: runStorageErrors,
}

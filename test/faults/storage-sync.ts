import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withFolder } from '../attacks/support/databases.ts'
import { check, type Experiment, type Size } from './experiment.ts'
import { checkSyncs, SYNC_CALLS, type SyncReport } from './support/check-syncs.ts'
import { parseTrace } from './support/parse-trace.ts'
import { createDeeds, DEEDS } from './support/storage-deeds.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

const ROUNDS: Readonly<Record<Size, number>> = { long: 250, short: 3 }
/** What an authority that does not wait for the disk is tried with. */
const UNSYNCED_ROUNDS = 2

/** Every call of an authority to the system, from its first start on, while it does so many of each deed. */
async function traceDeeds(
  rounds: number,
  { isUnsynced, progress }: { readonly isUnsynced: boolean; readonly progress: (text: string) => void },
): Promise<SyncReport> {
  const trace = async (site: StorageSite, folder: string): Promise<SyncReport> => {
    const file = join(folder, 'trace')
    const under = ['strace', '-f', '-y', '-qq', '-s', '64', '-e', `trace=${SYNC_CALLS}`, '-e', 'signal=none']
    const running = await startStorage(site, { under: [...under, '-o', file], isUnsynced })
    const deeds = createDeeds(site)
    await deeds.setUp()
    for (let count = 1; count <= rounds; count += 1) {
      const round = await deeds.prepare()
      // One after the other, so that what was written since a request came was written for it.
      for (const deed of DEEDS) await round[deed]()
      if (count % 50 === 0) progress(`${count} rounds of deeds`)
    }
    await running.kill()
    return checkSyncs(parseTrace(readFileSync(file, 'latin1')), {
      folder: site.folder,
      database: join(site.folder, 'authority.db'),
    })
  }
  return withFolder((folder) => withStorageSite(folder, (site) => trace(site, folder)))
}

async function runStorageSync(size: Size, progress: (text: string) => void): Promise<string> {
  const rounds = ROUNDS[size]
  const report = await traceDeeds(rounds, { isUnsynced: false, progress })
  const { answers, changes, writes, syncs, violations } = report
  check(violations.length === 0, `nothing is acknowledged before it is on disk: ${violations[0]}`)
  // Four deeds, the delegation and the request that two of them need, and collecting what was issued.
  check(changes >= rounds * 7, `every deed was seen: ${changes} answers`)
  const unsynced = await traceDeeds(UNSYNCED_ROUNDS, { isUnsynced: true, progress })
  check(
    unsynced.violations.length >= UNSYNCED_ROUNDS * DEEDS.length,
    `an authority with synchronous = OFF is noticed: ${unsynced.violations.length} of ${unsynced.answers} answers`,
  )
  return `${answers} answers of success, ${changes} of them to changes, each after a completed sync of all that was written and of every new name: ${writes} writes, ${syncs} syncs; with synchronous = OFF ${unsynced.violations.length} violations in ${unsynced.answers} answers`
}

/** What is acknowledged is on disk before: killing a process proves nothing, since the system keeps what it wrote. */
export const storageSync: Experiment = {
  name: 'storage-sync',
  about: 'every answer of success comes after a completed sync, by the trace of the system calls',
  needs: 'strace',
  run: runStorageSync,
}

import { AssertionError } from 'node:assert'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, parseJson } from '@behalf/core'
import { type Delegation, parseDelegation } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { createMemoryWallet } from '@behalf/wallet'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { check, type Experiment, type Size } from './experiment.ts'
import { type CutDisk, DISK_CALLS, watchDisk } from './support/cut-disk.ts'
import { parseTrace, readBytes, readDescriptor, type SystemCall } from './support/parse-trace.ts'
import { openStorageAuthority, seedOf } from './support/storage-authority.ts'
import { checkKept, checkPlaces } from './support/storage-checks.ts'
import { type Acknowledged, createDeeds, DEEDS } from './support/storage-deeds.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

interface Scale {
  /** Rounds of deeds, in each of two processes. */
  readonly rounds: number
  readonly cuts: number
}

const SCALES: Readonly<Record<Size, Scale>> = {
  long: { rounds: 12, cuts: 1000 },
  short: { rounds: 1, cuts: 12 },
}
/** An authority that does not wait for the disk, which must be noticed. */
const UNSYNCED: Scale = { rounds: 1, cuts: 10 }
const SEED = 1128
/** Of each kind, that are looked at after a cut; of revocations all are. */
const LAST = 4
const LONGEST_TEXT = 1_000_000

/** What an authority did on its disk and told on its connections, and where its disk is. */
interface Recording {
  readonly root: string
  readonly site: StorageSite
  readonly issuer: Did
  readonly calls: readonly SystemCall[]
}

/** Two processes, one after the other, the first one from an empty folder on. */
function record(folder: string, rounds: number, isUnsynced: boolean): Promise<Recording> {
  const root = join(folder, 'disk')
  mkdirSync(root)
  return withStorageSite(root, (site) => recordSite(site, { folder, root, rounds, isUnsynced }))
}

async function recordSite(
  site: StorageSite,
  {
    folder,
    root,
    rounds,
    isUnsynced,
  }: {
    readonly folder: string
    readonly root: string
    readonly rounds: number
    readonly isUnsynced: boolean
  },
): Promise<Recording> {
  const calls: SystemCall[] = []
  const deeds = createDeeds(site)
  let issuer: Did | undefined
  for (const part of ['first', 'second']) {
    const file = join(folder, part)
    const under = ['strace', '-f', '-y', '-qq', '-s', String(LONGEST_TEXT), '-e', `trace=${DISK_CALLS}`]
    const running = await startStorage(site, {
      under: [...under, '-e', 'signal=none', '-o', file],
      isUnsynced,
      // Its files would be a part of the disk.
      env: { NODE_DISABLE_COMPILE_CACHE: '1' },
    })
    issuer ??= (await site.operator.describe()).issuer
    if (part === 'first') await deeds.setUp()
    for (let count = 0; count < rounds; count += 1) {
      const round = await deeds.prepare()
      await Promise.all(DEEDS.map((deed) => round[deed]()))
    }
    await running.kill()
    calls.push(...parseTrace(readFileSync(file, 'latin1')))
  }
  if (issuer === undefined) throw new Error('nothing was recorded')
  return { root, site, issuer, calls }
}

/** What was told by then. */
interface Told extends Acknowledged {
  readonly delegations: Map<string, Delegation>
}

/** An answer of success, as it was written to a connection. */
function noteAnswer({ name, args, result }: SystemCall, told: Told): void {
  if (!name.startsWith('write') || result.startsWith('-1')) return
  if (!readDescriptor(args)?.path.startsWith('socket:')) return
  const [head = '', body = ''] = new TextDecoder().decode(readBytes(args)).split('\r\n\r\n')
  if (!/^HTTP\/1\.1 20[01] /u.test(head) || !/^content-type: application\/json/imu.test(head)) return
  const answer = parseJson(body)
  if (!isJsonObject(answer)) return
  const { id, status, delegation, revoked, sequence, records, checkpoint } = answer
  if (typeof id === 'string' && status === 'approved') told.approved.push(id)
  if (typeof delegation === 'string') {
    const parsed = parseDelegation(delegation)
    told.delegations.set(parsed.id, parsed)
    told.issued.push({ requestId: '', jws: delegation })
  }
  const stopped = typeof revoked === 'string' && told.delegations.get(revoked)
  if (stopped && typeof sequence === 'number') told.revoked.push({ delegation: stopped, sequence })
  const [first] = Array.isArray(records) ? records : []
  if (!isJsonObject(first) || typeof checkpoint !== 'string') return
  const { request_id: requestId, index } = first
  if (typeof requestId !== 'string' || typeof index !== 'number') return
  told.reported.push({ requestId, index, checkpoint })
}

/** Opens what a cut left as an authority does, and looks for everything that was told before it. */
async function checkCut(disk: CutDisk, told: Told, recording: Recording): Promise<void> {
  await withFolder(async (folder) => {
    const moved = (path: string): string => folder + path.slice(recording.root.length)
    for (const path of disk.folders) mkdirSync(moved(path), { mode: 0o700 })
    for (const [path, bytes] of disk.files) writeFileSync(moved(path), bytes, { mode: 0o600 })
    const { port, folder: data } = recording.site
    const authority = await openStorageAuthority({ folder: moved(data), port }).catch(
      (error: unknown): never => {
        throw new AssertionError({
          message: `what a power cut leaves opens without repair: ${String(error)}`,
        })
      },
    )
    const wallet = createMemoryWallet({
      seed: seedOf('operator'),
      fetch: async (url, init) => authority.app.request(url, init),
    })
    try {
      if (told.issued.length === 0) return
      check(authority.issuerDid === recording.issuer, 'the key of an issuer that issued is there')
      const client = wallet.authority(recording.site.origin)
      await checkKept(client, told, { issuer: recording.issuer, last: LAST })
    } finally {
      await authority.close()
    }
  })
}

interface CutOptions {
  readonly cuts: number
  readonly progress: (text: string) => void
  /** What a cut is found to have lost ends the run, unless this is told of it. */
  readonly onLoss?: (loss: unknown) => void
}

/** Cuts the power at so many places of a recording. */
async function cutPower(recording: Recording, { cuts, progress, onLoss }: CutOptions): Promise<Told> {
  const random = new Random(SEED, recording.calls.length)
  const places = Array.from({ length: cuts }, () => random.below(recording.calls.length)).toSorted(
    (one, other) => one - other,
  )
  const disk = watchDisk(recording.root)
  const told: Told = { revoked: [], approved: [], issued: [], reported: [], delegations: new Map() }
  let done = 0
  for (const [place, call] of recording.calls.entries()) {
    disk.note(call)
    noteAnswer(call, told)
    while (places[done] === place) {
      await checkCut(disk.cut(random), told, recording).catch(onLoss ?? rethrow)
      done += 1
      if (done % 100 === 0) progress(`${done} power cuts`)
    }
  }
  return told
}

function rethrow(error: unknown): never {
  throw error
}

async function runStoragePowerCut(size: Size, progress: (text: string) => void): Promise<string> {
  const { rounds, cuts } = SCALES[size]
  const figures = await withFolder(async (folder) => {
    const recording = await record(folder, rounds, false)
    progress(`${recording.calls.length} calls recorded`)
    const told = await cutPower(recording, { cuts, progress })
    const { revoked, approved, issued, reported } = told
    checkPlaces([...new Map(issued.map((one) => [one.jws, one])).values()])
    check(revoked.length === 2 * rounds && reported.length === 2 * rounds, 'every deed was seen')
    return `${cuts} power cuts within ${recording.calls.length} calls; by the end ${revoked.length} revocations, ${approved.length} approvals, ${issued.length} delegations and ${reported.length} records acknowledged, 0 of them lost at any cut; each time opened without repair`
  })
  const losses: unknown[] = []
  await withFolder(async (folder) => {
    const recording = await record(folder, UNSYNCED.rounds, true)
    await cutPower(recording, { cuts: UNSYNCED.cuts, progress, onLoss: (loss) => losses.push(loss) })
  })
  check(losses.length > 0, 'an authority with synchronous = OFF is noticed')
  return `${figures}; with synchronous = OFF ${losses.length} of ${UNSYNCED.cuts} cuts lost something`
}

/** F-02: the power is cut while an authority works; of what was not synced any part is lost. */
export const storagePowerCut: Experiment = {
  name: 'storage-power-cut',
  about: 'the power is cut while an authority works, and any part of what was not synced is lost',
  needs: 'strace',
  run: runStoragePowerCut,
}

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Did } from '@behalf/did'
import { WalletError } from '@behalf/wallet'
import { withFolder } from '../attacks/support/databases.ts'
import { Random } from '../fuzz/random.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import {
  checkForward,
  checkKept,
  checkLog,
  checkPublished,
  nothingSeen,
  type Seen,
} from './support/storage-checks.ts'
import { createDeeds, DEEDS, type Deed, type Deeds } from './support/storage-deeds.ts'
import { type StorageSite, startStorage, withStorageSite } from './support/storage-site.ts'

/** For each place of the nonces. */
const CYCLES: Readonly<Record<Size, number>> = { long: 10, short: 1 }
const SEED = 1128
const DISK_MEGABYTES = 32
/** As much as a log grows to before it is written back is free in the beginning; then anything up to a megabyte. */
const MOST_LEFT_BYTES = 1_048_576
/** Rounds in a row in which nothing is acknowledged: then the disk is full for everybody. */
const FULL_ROUNDS = 2
const MOST_ROUNDS = 400
/** What may be answered when there is no space. */
const CODES: readonly string[] = ['internal_error', 'audit_unavailable', 'replay_store_unavailable']

interface Full {
  readonly site: StorageSite
  readonly deeds: Deeds
  readonly seen: Seen
  readonly issuer: Did
  readonly refused: Map<string, number>
}

/** Takes all the space there is but for so many bytes. */
function fillDisk(path: string, left: number): void {
  const file = openSync(path, 'w')
  const chunk = new Uint8Array(65_536)
  try {
    for (;;) if (writeSync(file, chunk) < chunk.length) break
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    closeSync(file)
  }
  spawnSync('truncate', ['--size', `-${left}`, path])
}

/** Asks for deeds until none is acknowledged any more. */
async function exhaust({ deeds, refused }: Full): Promise<void> {
  let full = 0
  for (let count = 0; full < FULL_ROUNDS; count += 1) {
    check(count < MOST_ROUNDS, 'a full disk is noticed')
    const round = await deeds.prepare().catch((error: unknown) => note(refused, 'issue', error))
    if (round === undefined) {
      full += 1
      continue
    }
    for (const deed of DEEDS) await round[deed]().catch((error: unknown) => note(refused, deed, error))
  }
}

/** Whatever is refused for lack of space is refused as a failure of the server, with a code. */
function note(refused: Map<string, number>, deed: Deed, error: unknown): undefined {
  const code = readCode(error)
  check(CODES.includes(code), `${deed} on a full disk: ${String(error)}`)
  refused.set(code, (refused.get(code) ?? 0) + 1)
}

function readCode(error: unknown): string {
  if (error instanceof WalletError)
    return (error.status ?? 0) >= 500 ? error.code : `${error.status} ${error.code}`
  return /^Error: 5\d\d \{.*"code":"([a-z_]+)"/u.exec(String(error))?.[1] ?? 'none'
}

/** The disk is filled up, and has space again. */
async function runCycle(
  full: Full,
  { ballast, left }: { readonly ballast: string; readonly left: number },
): Promise<void> {
  const { site, deeds, seen, issuer } = full
  fillDisk(ballast, left)
  checkEqual(await site.operator.isReady(), false, 'the first question whether it is ready is answered no')
  await exhaust(full)
  checkEqual(await site.operator.isReady(), false, 'what takes no change is not ready')
  // Everything that is served was signed whole.
  await checkPublished(site.operator, issuer, seen)
  // A checkpoint that would leave out what is on record is refused.
  await checkLog(site.operator, issuer, seen).catch((error: unknown) => {
    if (error instanceof WalletError) note(full.refused, 'audit', error)
    else throw error
  })
  checkEqual(await site.operator.isHealthy(), true, 'the process lives on')
  rmSync(ballast)
  checkEqual(await site.operator.isReady(), true, 'the first question after there is space is answered yes')
  const round = await deeds.prepare()
  for (const deed of DEEDS) await round[deed]()
  await checkForward(site.operator, issuer, seen)
  await checkKept(site.operator, deeds.acknowledged, { issuer })
}

function withTmpfs<Result>(run: (site: StorageSite, folder: string) => Promise<Result>): Promise<Result> {
  return withFolder(async (parent) => {
    const folder = join(parent, 'disk')
    mkdirSync(folder)
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m`, 'tmpfs', folder])
    try {
      return await withStorageSite(folder, (site) => run(site, folder))
    } finally {
      spawnSync('umount', [folder])
    }
  })
}

/** Where the nonces of calls are. */
type Nonces = 'on a disk of their own' | 'beside the database'

/** Returns what was found, in words. */
function fillUp(
  nonces: Nonces,
  { cycles, progress }: { readonly cycles: number; readonly progress: (text: string) => void },
): Promise<string> {
  return withTmpfs(async (site, folder) => {
    const options = {
      // On another disk, a call is not refused before it comes to what it changes.
      ...(nonces === 'on a disk of their own' && { noncesPath: join(folder, '..', 'nonces.db') }),
      env: { NODE_DISABLE_COMPILE_CACHE: '1' },
    }
    const running = await startStorage(site, options)
    const { issuer } = await site.operator.describe()
    const deeds = createDeeds(site)
    await deeds.setUp()
    const full: Full = { site, deeds, seen: nothingSeen(), issuer, refused: new Map() }
    const random = new Random(SEED, 0)
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      await runCycle(full, { ballast: join(folder, 'ballast'), left: random.below(MOST_LEFT_BYTES) })
      progress(`full ${cycle} times, nonces ${nonces}`)
    }
    await running.kill()
    const again = await startStorage(site, options)
    await checkForward(site.operator, issuer, full.seen)
    await checkKept(site.operator, deeds.acknowledged, { issuer })
    await again.kill()
    const { revoked, approved, reported } = deeds.acknowledged
    const codes = [...full.refused].map(([code, count]) => `${count} ${code}`).join(', ')
    return `with nonces ${nonces} full ${cycles} times: ${codes}; ${revoked.length} revocations, ${approved.length} approvals and ${reported.length} records acknowledged, 0 lost`
  })
}

async function runStorageFull(size: Size, progress: (text: string) => void): Promise<string> {
  const cycles = CYCLES[size]
  const found = [
    await fillUp('on a disk of their own', { cycles, progress }),
    await fillUp('beside the database', { cycles, progress }),
  ]
  return `${found.join('; ')}; lists and heartbeat served whole; ready was what it was, at the first question; well again as soon as there was space`
}

/** F-05: the disk is full while an authority revokes, approves, issues and records. */
export const storageFull: Experiment = {
  name: 'storage-full',
  about: 'the disk is full while an authority revokes, approves, issues and records',
  needs: 'tmpfs',
  run: runStorageFull,
}

import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { type Clock, encodeHex, type RandomBytes, systemClock, systemRandomBytes } from '@behalf/core'
import { WalletError } from './error.ts'
import { isSystemError } from './private-file.ts'
import { type Wait, waitMilliseconds } from './wait.ts'

/** A save takes a few seconds at the highest work factor; whoever holds a lock this long is gone. */
const STALE_MILLISECONDS = 60_000
const RETRY_MILLISECONDS = 50
const GIVE_UP_MILLISECONDS = 90_000

/** What withFileLock can be told. */
export interface FileLockOptions {
  /** Compared with the file system's times, so only a test has a reason to replace it. */
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly wait?: Wait
}

/** A lock that is held. */
export interface FileLock {
  /** Throws keystore_locked when another process has taken the lock over: call it right before the commit. */
  assertHeld(): Promise<void>
}

/**
 * `run` was the only holder of the lock file at `path` while it ran, among processes that use this function. The lock
 * of a process that died is taken over: at once on the same host, after 60 seconds otherwise.
 *
 * @returns what `run` returned
 * @throws {WalletError} keystore_locked after 90 seconds of waiting
 */
export async function withFileLock<Result>(
  path: string,
  run: (lock: FileLock) => Promise<Result>,
  options: FileLockOptions = {},
): Promise<Result> {
  const { clock = systemClock, random = systemRandomBytes, wait = waitMilliseconds } = options
  const token = `${encodeHex(random(16))} ${process.pid} ${hostname()}`
  const lockFile = { path, token, spare: `${path}.${encodeHex(random(8))}`, clock }
  await acquire(lockFile, wait)
  try {
    return await run({ assertHeld: () => assertHeld(lockFile) })
  } finally {
    await release(lockFile)
  }
}

interface LockFile {
  readonly path: string
  readonly token: string
  /** A name of our own in the same folder. */
  readonly spare: string
  readonly clock: Clock
}

async function acquire(lockFile: LockFile, wait: Wait): Promise<void> {
  const tries = GIVE_UP_MILLISECONDS / RETRY_MILLISECONDS
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (await linkNew(lockFile, lockFile.path)) return
    await removeIfStale(lockFile)
    await wait(RETRY_MILLISECONDS)
  }
  throw new WalletError('keystore_locked', 'another process holds the file: try again, or remove its .lock')
}

async function linkNew({ token, spare }: LockFile, path: string): Promise<boolean> {
  // Written aside and linked into place, so that nobody ever sees a lock without its token.
  await writeFile(spare, token, { flag: 'wx', mode: 0o600 })
  try {
    await link(spare, path)
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(spare, { force: true })
  }
}

async function removeIfStale(lockFile: LockFile): Promise<void> {
  const { path } = lockFile
  const found = await readLock(path)
  if (found === undefined || !(await isStale(lockFile, found))) return
  // One process at a time removes stale locks; two at once could remove the live lock that came after.
  const takeover = `${path}.takeover`
  if (!(await linkNew(lockFile, takeover))) {
    if (await isOld(lockFile, takeover)) await rm(takeover, { force: true })
    return
  }
  try {
    if ((await readLock(path)) === found) await rm(path, { force: true })
  } finally {
    await rm(takeover, { force: true })
  }
}

async function isStale(lockFile: LockFile, token: string): Promise<boolean> {
  const [, pid, host] = token.split(' ')
  if (host === hostname() && !isAlive(Number(pid))) return true
  return await isOld(lockFile, lockFile.path)
}

async function isOld({ clock }: LockFile, path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined)
  return status !== undefined && clock() - status.mtimeMs > STALE_MILLISECONDS
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM means alive and somebody else's.
    return isSystemError(error, 'EPERM')
  }
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

async function assertHeld({ path, token }: LockFile): Promise<void> {
  if ((await readLock(path)) === token) return
  throw new WalletError('keystore_locked', 'another process took the lock over: nothing was saved')
}

async function release({ path, token }: LockFile): Promise<void> {
  if ((await readLock(path)) === token) await rm(path, { force: true })
}

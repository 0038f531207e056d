import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { AuthorityClient } from '@behalf/wallet'
import { SOURCE_OPTIONS } from '../../attacks/support/killed-process.ts'
import { freePort } from '../../support/free-port.ts'
import { operatorWallet, originOf, type StorageAuthorityOptions } from './storage-authority.ts'

/** Files and an address for authorities that come and go. */
export interface StorageSite extends StorageAuthorityOptions {
  readonly origin: string
  readonly operator: AuthorityClient
  /** Every process that was started on it. */
  readonly started: StorageProcess[]
}

/** An authority that takes requests, in a process of its own. */
export interface StorageProcess {
  /** Ends it without a word. Resolves once it is gone. */
  kill(): Promise<void>
  /** Resolves when it has ended, to its exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>
}

/** How an authority is started. */
export interface StartOptions
  extends Pick<StorageAuthorityOptions, 'noncesPath' | 'heartbeatSeconds' | 'isUnsynced' | 'host'> {
  /** Program and arguments that run what follows them, such as `strace -f`. */
  readonly under?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs with a site whose data folder does not exist yet, inside a folder that does, and ends all its processes. */
export async function withStorageSite<Result>(
  parent: string,
  run: (site: StorageSite) => Promise<Result>,
): Promise<Result> {
  const port = await freePort()
  const origin = originOf(port)
  const operator = operatorWallet().authority(origin)
  const started: StorageProcess[] = []
  try {
    return await run({ folder: join(parent, 'data'), port, origin, operator, started })
  } finally {
    for (const running of started) await running.kill()
  }
}

/**
 * Starts an authority on the files of the site. Resolves once it takes requests.
 *
 * @throws Error with what it printed when it ends before
 */
export function startStorage(site: StorageSite, options: StartOptions = {}): Promise<StorageProcess> {
  const { folder, port } = site
  const { under, env, ...authority } = options
  const script = join(import.meta.dirname, 'storage-process.ts')
  const args = [...SOURCE_OPTIONS, script, JSON.stringify({ ...authority, folder, port })]
  const cache = join(folder, '..', 'cache')
  return startProcess(site, [process.execPath, ...args], {
    ...(under && { under }),
    env: { NODE_COMPILE_CACHE: cache, ...env },
  })
}

/**
 * Starts a command that prints its process id, alone on a line or as the member `pid` of a JSON document, once it takes
 * requests.
 *
 * @throws Error with what it printed when it ends before
 */
export async function startProcess(
  { origin, started: all }: StorageSite,
  command: readonly string[],
  { under = [], env = {} }: Pick<StartOptions, 'under' | 'env'>,
): Promise<StorageProcess> {
  const [program = '', ...args] = [...under, ...command]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const printed: string[] = []
  const { promise: started, resolve } = Promise.withResolvers<number | undefined>()
  const ended = once(child, 'close').then(([code]): number | undefined => {
    resolve(undefined)
    return typeof code === 'number' ? code : undefined
  })
  createInterface(child.stderr).on('line', (line) => printed.push(line))
  createInterface(child.stdout).on('line', (line) => {
    printed.push(line)
    const pid = readPid(line)
    if (pid !== undefined) resolve(pid)
  })
  const pid = await started
  if (pid === undefined) throw new Error(`it ended before it took requests: ${printed.join('\n')}`)
  const running: StorageProcess = {
    ended,
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) kill(pid)
      await ended
    },
  }
  all.push(running)
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  await forgetConnections(origin, () => isOver)
  return running
}

/** Not what runs it, which would leave it alone; and it may be over already while that is not. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function readPid(line: string): number | undefined {
  const pid = /^([0-9]+)$|"pid":\s*([0-9]+)/u.exec(line)
  return pid === null ? undefined : Number(pid[1] ?? pid[2])
}

/**
 * Calls until it answers, or is over: `fetch` keeps connections to the process before, and learns only by using them.
 */
export async function forgetConnections(origin: string, isOver = (): boolean => false): Promise<void> {
  while (!isOver()) {
    const isThere = await fetch(`${origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere) return
  }
}

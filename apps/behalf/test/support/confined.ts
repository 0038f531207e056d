import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { CommandRun } from './test-io.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
/** A network of its own with nothing in it, where the system lets anybody have one. */
const NO_NETWORK = ['unshare', '--map-root-user', '--net']

/**
 * Runs node in a process that reads the code and the files that are named and nothing else, writes nothing, reaches no
 * network, and has an empty home and nothing of this environment.
 *
 * @param argv - after the options of node
 */
export async function runConfined(
  argv: readonly string[],
  readable: readonly string[] = [],
): Promise<CommandRun> {
  const home = await mkdtemp(join(tmpdir(), 'behalf-empty-'))
  const reads = [ROOT, ...readable].map((path) => `--allow-fs-read=${path}`)
  const node = [process.execPath, '--permission', ...reads, '--conditions=behalf-source', ...argv]
  const [program = '', ...args] = canUnshare() ? [...NO_NETWORK, ...node] : node
  const child = spawn(program, args, {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const [[exit], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ])
    return { exit: Number(exit), stdout, stderr }
  } finally {
    await rm(home, { recursive: true })
  }
}

function canUnshare(): boolean {
  const [program = '', ...args] = NO_NETWORK
  return spawnSync(program, [...args, 'true']).status === 0
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FIND_BROWSER = join(import.meta.dirname, '..', 'browser', 'support', 'print-browser.ts')

/** What something may need that a machine may lack, and how to get it. */
interface Need {
  readonly how: string
  readonly available: () => boolean
}

/** Every such thing. */
export const REQUIREMENTS = {
  vectors: {
    how: 'put the published conformance vectors beside the checkout, in ../shared/vectors',
    available: () => existsSync(sharedFolder('vectors')),
  },
  attacks: {
    how: 'put the attack catalogue beside the checkout, in ../shared/attacks.json',
    available: () => existsSync(sharedFolder('attacks.json')),
  },
  nginx: {
    how: 'apt-get install nginx-light',
    available: () => spawnSync('nginx', ['-v']).status === 0,
  },
  browser: {
    how: 'apt-get install libnss3, or chromium',
    available: () => spawnSync(process.execPath, [FIND_BROWSER]).status === 0,
  },
  strace: {
    how: 'apt-get install strace, and let it trace processes',
    available: () => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0,
  },
  tmpfs: {
    how: 'run as root, with leave to mount a file system',
    available: canMount,
  },
  tun: {
    how: 'apt-get install iproute2 socat, and run as root, with leave to make networks',
    available: canMakeNetwork,
  },
} as const satisfies Readonly<Record<string, Need>>

export type Requirement = keyof typeof REQUIREMENTS

/** Where a file or folder lies that tests share but the checkout does not hold. */
export function sharedFolder(name: string): string {
  return join(import.meta.dirname, '..', '..', '..', 'shared', name)
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status === 0
  if (isMounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return isMounted
}

function canMakeNetwork(): boolean {
  const name = `behalf-${process.pid}`
  const run = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0
  if (!run('socat', '-V') || !run('ip', 'netns', 'add', name)) return false
  run('ip', 'netns', 'del', name)
  return existsSync('/dev/net/tun')
}

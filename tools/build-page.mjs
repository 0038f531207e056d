// The page for people is built before whatever serves it, when a source of it is newer than the last build.
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const SOURCES = [
  'apps/approval/src',
  'apps/approval/public',
  'apps/approval/index.html',
  'apps/approval/package.json',
  'apps/approval/vite.config.ts',
  'packages/core/src',
  'packages/did/src',
  'packages/http-signature/src',
  'packages/audit-log/src',
  'packages/credential/src',
  'packages/authority/src/error.ts',
  'packages/authority/src/trace.ts',
  'packages/authority/src/trace',
  'pnpm-lock.yaml',
]
const BUILT = 'apps/approval/dist/index.html'
const COMMAND = ['vite', 'build', 'apps/approval', '--logLevel', 'error']

/**
 * The page is as new as its sources when this resolves to 0.
 * @param root the folder of the workspace
 * @param run runs a command to its end and resolves to its exit code
 */
export async function buildPage(root, run) {
  const built = changedAt(join(root, BUILT))
  if (SOURCES.every((source) => changedAt(join(root, source)) <= built)) return 0
  console.error('Building the page for people (some 5 s, only when its sources changed) …')
  const code = await run(COMMAND)
  if (code !== 0) console.error('The page for people could not be built.')
  return code
}

/** The package of the command carries the page that its `serve` serves. */
export function packPage(root) {
  const packed = join(root, 'apps/behalf/page')
  rmSync(packed, { recursive: true, force: true })
  cpSync(join(root, 'apps/approval/dist'), packed, { recursive: true })
}

/** Milliseconds of the newest change in a file or folder; 0 when there is none. */
function changedAt(path) {
  const entry = statSync(path, { throwIfNoEntry: false })
  if (entry === undefined) return 0
  if (!entry.isDirectory()) return entry.mtimeMs
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))))
}

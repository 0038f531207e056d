import { spawn } from 'node:child_process'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const LINE = /^ *\d+\.\d s {2}(?<text>.*)$/u

/** The story while it is played. */
export interface Play {
  /** Resolves to what the pattern found as soon as it was printed; rejects when the story ends without it. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>
  /** As Ctrl-C. */
  readonly interrupt: () => void
  /** What it said, without times, every line with them, and its exit code. */
  readonly ended: Promise<{
    readonly said: readonly string[]
    readonly told: readonly string[]
    readonly code: number | null
  }>
}

/**
 * Plays the story as `npm start` does, without a terminal.
 *
 * @param temporary - the folder in which it makes its own
 */
export function startPlay(temporary: string, args: readonly string[] = []): Play {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = process.env
  const child = spawn(process.execPath, ['--conditions=behalf-source', MAIN, ...args], {
    env: { ...environment, NO_COLOR: '1', TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(text)
        if (found) resolve(found)
      }
      look()
      child.stdout.on('data', look)
      child.once('close', () => reject(new Error(`The story ended without ${pattern}:\n${text}`)))
    })
  const ended = new Promise<Awaited<Play['ended']>>((resolve) => {
    child.once('close', (code) => {
      const said = text.split('\n').flatMap((line) => LINE.exec(line)?.groups?.['text']?.trim() ?? [])
      // What the log tells has times of its own.
      const told = text.split('\n').map((line) => line.trim().replace(/^\d{4}-\S+Z {2}/u, ''))
      resolve({ said, told, code })
    })
  })
  return { printed, interrupt: () => void child.kill('SIGINT'), ended }
}

/** What came of each call of the story: its status and code, in order. */
export function outcomesOf(said: readonly string[]): readonly string[] {
  return said.flatMap((line) => /^[✓✗] ([^:]+): /u.exec(line)?.[1] ?? [])
}

/**
 * What comes of each call when the story is played to its end.
 *
 * @param exported - of the one call that takes a person's approval, not a program's
 */
export function wholeStory(exported: '200' | '403 approval_required'): readonly string[] {
  return [
    'access_denied',
    'not_found',
    '200',
    '201',
    '403 scope_exceeded',
    '403 policy_denied',
    '403 forbidden',
    exported,
    '401 nonce_replayed',
    '400 digest_mismatch',
    '401 key_mismatch',
    '200',
    '401 credential_expired',
    '200',
    '403 scope_exceeded',
    '200',
    '200',
    'credential_missing',
    '401 credential_revoked',
    '401 credential_revoked',
    'credential_revoked',
    'credential_revoked',
  ]
}

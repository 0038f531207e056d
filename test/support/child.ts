import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process that a test started. */
export interface Child {
  readonly process: ChildProcess
  /** What it wrote so far, on both. */
  readonly said: () => string
  /** Resolves when it has said it, whether it did already or does later; rejects when it ends without. */
  says(words: string | RegExp): Promise<void>
  /** Asks it to end, and resolves when it has. */
  end(): Promise<void>
}

/** Starts a script on this Node, from the sources. */
export function startChild(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Child {
  const child = spawn(process.execPath, ['--conditions=behalf-source', script, ...args], {
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const listeners = new Set<() => void>()
  let said = ''
  const listen = (part: Buffer): void => {
    said += part.toString('utf8')
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  return {
    process: child,
    said: () => said,
    says: (words) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (typeof words === 'string' ? said.includes(words) : words.test(said)) resolve()
        }
        listeners.add(look)
        void ended.then(() => reject(new Error(`it ended without ${String(words)}: ${said}`)))
        look()
      }),
    end: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** Whether a server answers yet: something when it does. */
export type Probe<T> = (printed: () => string) => Promise<T | undefined>

/** Every process that the story starts, so that all of them end with it, in the opposite order. */
export interface ProcessGroup {
  /** Starts a TypeScript entry with a channel for messages. */
  fork(entry: string, args: readonly string[]): ChildProcess
  /**
   * Starts a server, and gives what `probe` gives once it gives something.
   *
   * @param probe told what the server has printed so far
   * @throws Error with what the server said, when it ends before that
   */
  serve<T>(entry: string, args: readonly string[], probe: Probe<T>): Promise<T>
  /** Runs a command to its end. */
  run(
    entry: string,
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  /** Stops what is still running: asks first, and kills what has not ended after five seconds. */
  end(): Promise<void>
}

/**
 * @param env environment of every process, beside what they need of this one's
 * @param interruption ends the waiting for a server
 */
export function createProcessGroup(
  env: Readonly<Record<string, string>>,
  interruption: AbortSignal,
): ProcessGroup {
  const children: ChildProcess[] = []
  // A group of their own keeps a Ctrl-C in the terminal from reaching them before the story can end them in order.
  const options = { env: { ...process.env, ...env }, detached: true }
  const keep = <Child extends ChildProcess>(child: Child): Child => {
    children.unshift(child)
    return child
  }
  const start = (entry: string, args: readonly string[]) =>
    keep(
      spawn(process.execPath, [...process.execArgv, entry, ...args], {
        ...options,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  return {
    fork: (entry, args) => keep(fork(entry, args, { ...options, execArgv: process.execArgv })),
    serve: (entry, args, probe) => waitForServer(start(entry, args), probe, interruption),
    run: async (entry, args) => {
      const child = start(entry, args)
      const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
      const [code] = await once(child, 'close')
      return { code: Number(code ?? 1), stdout: stdout(), stderr: stderr() }
    },
    end: async () => {
      for (const child of children) await stop(child)
    },
  }
}

type Output = NonNullable<ChildProcess['stdout']>

function collect(stream: Output): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

async function waitForServer<T>(
  child: ChildProcess & { readonly stdout: Output; readonly stderr: Output },
  probe: Probe<T>,
  interruption: AbortSignal,
): Promise<T> {
  const [printed, errors] = [collect(child.stdout), collect(child.stderr)]
  const ended = once(child, 'close')
  for (;;) {
    interruption.throwIfAborted()
    const found = await probe(printed).catch(() => undefined)
    if (found !== undefined) return found
    const isOver = await Promise.race([ended.then(() => true), wait(50)])
    if (isOver === true) throw new Error(`A server ended before it was ready.\n${errors()}`)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(patience)
}

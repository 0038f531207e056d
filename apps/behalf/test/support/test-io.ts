import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { BehalfIo, InputStream, OutputStream } from '../../src/io.ts'
import { runBehalf } from '../../src/run.ts'

/** What a command run in this process left behind. */
export interface CommandRun {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** How a test run differs from a run without terminal, environment and interruption. */
export interface TestIoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly clock?: () => number
  readonly fetch?: typeof globalThis.fetch
  /** Makes every stream a terminal at which a person types these lines. */
  readonly typed?: readonly string[]
  readonly interruption?: AbortSignal
  /** What stands on standard input, to its end. */
  readonly input?: string
  /** The person at the terminal ends the input after the last line. */
  readonly endOfInput?: boolean
  /** Default: no time passes, but everything else gets its turn. */
  readonly wait?: BehalfIo['wait']
}

/** The streams of one run and what was written to them so far. */
export interface TestIo {
  readonly io: BehalfIo
  readonly stdout: () => string
  readonly stderr: () => string
}

/** A process-like surrounding that records everything. */
export function createTestIo(options: TestIoOptions = {}): TestIo {
  const isTTY = options.typed !== undefined
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined })
  const stdout = record(isTTY)
  const stderr = record(isTTY)
  typeOnPrompt(stdin, {
    prompts: stderr.stream,
    lines: options.typed ?? [],
    end: options.endOfInput ?? false,
  })
  if (options.input !== undefined) stdin.end(options.input)
  return {
    io: {
      stdin: stdin satisfies InputStream,
      stdout: stdout.stream,
      stderr: stderr.stream,
      env: options.env ?? {},
      cwd: options.cwd ?? process.cwd(),
      clock: options.clock ?? Date.now,
      fetch: options.fetch ?? globalThis.fetch,
      wait: options.wait ?? skipWaiting,
      interruption: () => options.interruption ?? new AbortController().signal,
    },
    stdout: stdout.text,
    stderr: stderr.text,
  }
}

/** Runs a command line in this process. */
export async function behalf(argv: readonly string[], options: TestIoOptions = {}): Promise<CommandRun> {
  const { io, stdout, stderr } = createTestIo(options)
  const exit = await runBehalf(argv, io)
  return { exit, stdout: stdout(), stderr: stderr() }
}

/** The one JSON document a command printed. */
export function documentOf(run: CommandRun): Record<string, unknown> {
  return JSON.parse(run.stdout) as Record<string, unknown>
}

/** The code of the failure a command reported under `--json`. */
export function codeOf(run: CommandRun): unknown {
  const { error } = documentOf(run) as { error?: { code?: unknown } }
  return error?.code
}

async function skipWaiting(_milliseconds: number, signal?: AbortSignal): Promise<void> {
  await setImmediate(undefined, signal === undefined ? {} : { signal })
}

function record(isTTY: boolean): { stream: OutputStream; text: () => string } {
  const chunks: string[] = []
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString('utf8')))
  return { stream, text: () => chunks.join('') }
}

/** Types the next line whenever a prompt appeared, as a person would. */
function typeOnPrompt(
  stdin: PassThrough,
  asked: { readonly prompts: OutputStream; readonly lines: readonly string[]; readonly end: boolean },
): void {
  const lines = [...asked.lines]
  asked.prompts.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8')
    const line = /assphrase|again|\[y\/N\]/.test(text) ? lines.shift() : undefined
    if (line !== undefined) {
      queueMicrotask(() => (asked.end ? stdin.end() : stdin.write(`${line}\r`)))
    }
  })
}

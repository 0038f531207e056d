import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { JsonObject } from '@behalf/core'
import { type SetTimer, VerifierError } from '@behalf/verifier'
import { readServerMessage, type ServerMessage } from './server-message.ts'
import { createLineSplitter } from './split-lines.ts'

/** A program that speaks MCP on its standard input and output. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  /** All of its environment: nothing else is handed on. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder it runs in; default: that of this process. */
  readonly cwd?: string
}

/** What is kept of what goes to a process and comes from it. */
export interface ServerProcessLimits {
  /** Bytes of one message of the server, default 10,485,760; a server that writes a longer one is ended. */
  readonly maxMessageBytes: number
  /** Bytes that may wait for a server that does not read, and for a caller that does not. Default 1,048,576. */
  readonly maxQueuedBytes: number
  /** From the request to end until the process is killed, default 2. */
  readonly stopGraceSeconds: number
}

/** Who is told of what a process does. */
export interface ServerProcessEvents {
  readonly onMessage: (message: ServerMessage) => void
  /** Once; nothing comes after it. */
  readonly onEnd: () => void
  /** What people should know: what the server says on stderr, and why it ended. */
  readonly onNote: (text: string) => void
}

/** A server that was started. */
export interface ServerProcess {
  /**
   * Writes a message.
   *
   * @throws VerifierError mcp_server_unavailable where it ended, or does not read
   */
  send(message: JsonObject): void
  /** Ends it, whatever it is doing. */
  stop(): void
  /** Resolves when it is over. */
  readonly ended: Promise<void>
}

/** Windows has no groups of processes; there only the process itself is ended. */
const HAS_GROUPS = process.platform !== 'win32'
const LAST_WORDS_MS = 1000

/** Starts a server in a group of processes of its own, so that what it starts ends with it. */
export function startServerProcess(
  { command, args, env, cwd }: ServerCommand,
  { limits, events, setTimer }: ServerProcessOptions,
): ServerProcess {
  const child = spawn(command, [...args], {
    env: { ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: 'pipe',
    detached: HAS_GROUPS,
    windowsHide: true,
  })
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let isOver = false
  const end = (why: string): void => {
    if (isOver) return
    isOver = true
    stopGroup(child, { seconds: limits.stopGraceSeconds, setTimer })
    events.onNote(`the server ended: ${why}`)
    events.onEnd()
  }
  // What it wrote last may still be on its way, and something that it started may hold the pipe open.
  const endSoon = (why: string): void => {
    child.once(
      'close',
      setTimer(() => end(why), LAST_WORDS_MS),
    )
  }
  child.once('error', (error) => {
    end(error.message)
    if (child.pid === undefined) resolve()
  })
  child.once('exit', (code, signal) => endSoon(signal ?? `exit ${code}`))
  child.once('close', (code, signal) => {
    end(signal ?? `exit ${code}`)
    resolve()
  })
  child.stdin.once('error', () => endSoon('it does not read any more'))
  child.stdin.on('error', () => undefined)
  child.stdout.once('end', () => endSoon('it writes no more'))
  readOutput(child, { limits, events, end, isOver: () => isOver })
  return {
    ended,
    stop: () => end('it was told to'),
    send: (message) => {
      if (isOver) throw new VerifierError('mcp_server_unavailable', 'the server ended')
      if (child.stdin.writableLength > limits.maxQueuedBytes) {
        throw new VerifierError('mcp_server_unavailable', 'the server does not read')
      }
      child.stdin.write(`${JSON.stringify(message)}\n`)
    },
  }
}

/** What a process is started with. */
export interface ServerProcessOptions {
  readonly limits: ServerProcessLimits
  readonly events: ServerProcessEvents
  readonly setTimer: SetTimer
}

interface Reading extends Pick<ServerProcessOptions, 'limits' | 'events'> {
  readonly end: (why: string) => void
  readonly isOver: () => boolean
}

function readOutput(child: ChildProcessWithoutNullStreams, { limits, events, end, isOver }: Reading): void {
  const takeOutput = createLineSplitter(limits.maxMessageBytes, (line) => {
    if (isOver()) return
    const message = readServerMessage(line)
    if (message === undefined) events.onNote('the server wrote a line that is not a message')
    else events.onMessage(message)
  })
  child.stdout.on('data', (bytes: Buffer) => {
    if (!isOver() && !takeOutput(bytes)) end('it wrote a message beyond the limit')
  })
  const takeNotes = createLineSplitter(limits.maxQueuedBytes, events.onNote)
  child.stderr.on('data', takeNotes)
}

/** Asks the group to end, and kills what is left of it after a while. */
function stopGroup(
  child: ChildProcessWithoutNullStreams,
  { seconds, setTimer }: { readonly seconds: number; readonly setTimer: SetTimer },
): void {
  child.stdin.end()
  if (!signalGroup(child, 'SIGTERM')) return
  const callOff = setTimer(() => void signalGroup(child, 'SIGKILL'), seconds * 1000)
  child.once('close', () => {
    if (!signalGroup(child, 0)) callOff()
  })
}

/** @returns false where nobody is left in the group */
function signalGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals | 0): boolean {
  const { pid } = child
  if (pid === undefined) return false
  if (!HAS_GROUPS) return child.kill(signal)
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

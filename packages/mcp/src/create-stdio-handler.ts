import { type Clock, encodeBase64url, type RandomBytes, systemClock, systemRandomBytes } from '@behalf/core'
import { type AnyVerifiedRequest, type SetTimer, systemTimer, VerifierError } from '@behalf/verifier'
import { type ForwardedMessage, metaOf, toForwardedMessage, VERSION_META } from './forwarded-message.ts'
import { SESSION_FIELD } from './mcp-protocol.ts'
import type { McpHandler } from './serve-verified.ts'
import {
  type ServerCommand,
  type ServerProcess,
  type ServerProcessEvents,
  type ServerProcessLimits,
  startServerProcess,
} from './server-process.ts'
import { createSessionServer, type SessionServer } from './session-server.ts'
import { createSharedServer, type SharedServer } from './shared-server.ts'
import { verifiedCaller } from './verified-caller.ts'

/** A server that speaks MCP over stdio, and how much of it there may be. */
export interface StdioHandlerOptions extends ServerCommand, Partial<ServerProcessLimits> {
  /** Processes for sessions at once, default 64. */
  readonly maxProcesses?: number
  /** Requests that wait for an answer at once: of all callers of the shared process, default 256. */
  readonly maxInFlight?: number
  /** The same of one agent, or of one session, default 32. */
  readonly maxInFlightPerAgent?: number
  /** A process that has not opened its session after so long is ended; default 30. */
  readonly startTimeoutSeconds?: number
  /** A process whose session nobody used for so long is ended; default 1,800. */
  readonly sessionIdleSeconds?: number
  /** Told what the server says on stderr, and why it ended. Default: nobody is. */
  readonly onNote?: (text: string) => void
  readonly clock?: Clock
  readonly random?: RandomBytes
  readonly setTimer?: SetTimer
}

/** A server over stdio as an endpoint serves it. */
export interface StdioHandler {
  /** For `createMcpEndpoint`. */
  readonly handler: McpHandler
  /** Ends every process; resolves when they are over. */
  readonly close: () => Promise<void>
}

type Settings = Required<Omit<StdioHandlerOptions, 'cwd'>> & Pick<StdioHandlerOptions, 'cwd'>

/** What a handler has running. */
interface Running {
  readonly settings: Settings
  readonly sessions: Map<string, SessionServer>
  readonly ending: Set<Promise<void>>
  readonly shared: SharedServer
}

const SESSION_ID_BYTES = 24
const RESTART_PAUSE_MS = 1000

/**
 * Makes a handler that serves a program which speaks MCP on its standard input and output, as it is. Each session of
 * MCP 2025-11-25 has a process of its own, which ends with it; requests of MCP 2026-07-28 go to one process, which is
 * started with the first of them, each under an id that is used once. The program is given messages, who calls in
 * `_meta["behalf/caller"]`, and nothing else of a request. When it ends, whoever waits is answered with
 * `mcp_server_unavailable`; it is started again with the next call.
 *
 * @throws TypeError for a limit that is not a positive number
 * @see MCP 2025-11-25 and 2026-07-28, stdio and Streamable HTTP
 * @example
 * const server = createStdioHandler({ command: 'node', args: ['server.js'], env: { PATH: process.env.PATH } })
 * const endpoint = createMcpEndpoint({ url, handler: server.handler, ...options })
 */
export function createStdioHandler(options: StdioHandlerOptions): StdioHandler {
  const settings = withDefaults(options)
  const shared = createSharedServer({ ...settings, start: createPacedStart(settings) })
  const running: Running = { settings, shared, sessions: new Map(), ending: new Set() }
  return {
    handler: async (request, { authInfo }) => {
      const id = request.headers.get(SESSION_FIELD)
      const session = id === null ? undefined : findSession(running, id)
      if (request.method === 'DELETE') return endSession(session)
      if (request.method === 'GET') return session?.listen() ?? notAllowed()
      const verified = verifiedCaller({ authInfo })
      const message = toForwardedMessage(verified)
      const { signal } = request
      if (session !== undefined) return await session.post(message, { signal })
      if (isOpening(message)) return await openSession(message, { signal, running })
      return await serveAlone(message, { signal, verified, shared })
    },
    close: async () => {
      for (const session of running.sessions.values()) session.stop()
      await Promise.all([shared.stop(), ...running.ending])
    },
  }
}

function withDefaults(options: StdioHandlerOptions): Settings {
  const limits = {
    maxMessageBytes: 10_485_760,
    maxQueuedBytes: 1_048_576,
    stopGraceSeconds: 2,
    maxProcesses: 64,
    maxInFlight: 256,
    maxInFlightPerAgent: 32,
    startTimeoutSeconds: 30,
    sessionIdleSeconds: 1800,
  }
  const settings = {
    ...limits,
    onNote: () => undefined,
    clock: systemClock,
    random: systemRandomBytes,
    setTimer: systemTimer,
    ...options,
  }
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    if (!(settings[name] > 0)) throw new TypeError(`${name} is a positive number`)
  }
  return settings
}

type StartEvents = Pick<ServerProcessEvents, 'onMessage' | 'onEnd'>

function start(settings: Settings, events: StartEvents): ServerProcess {
  const { onNote, setTimer } = settings
  return startServerProcess(settings, { limits: settings, events: { ...events, onNote }, setTimer })
}

/** Starts the shared process, not again before a while has passed: one that fails at once would be all there is. */
function createPacedStart(settings: Settings): (events: StartEvents) => ServerProcess {
  let next = Number.NEGATIVE_INFINITY
  return (events) => {
    const now = settings.clock()
    if (now < next) throw new VerifierError('mcp_server_unavailable', 'the server ended just now')
    next = now + RESTART_PAUSE_MS
    return start(settings, events)
  }
}

function findSession({ sessions }: Running, id: string): SessionServer {
  const session = sessions.get(id)
  if (session === undefined) throw new VerifierError('not_found', 'the session ended')
  return session
}

function endSession(session: SessionServer | undefined): Response {
  if (session === undefined) return notAllowed()
  session.stop()
  return new Response(null, { status: 200 })
}

/** Where there is no session there is no stream and nothing to end. @see MCP 2026-07-28, Streamable HTTP */
function notAllowed(): Response {
  return new Response(null, { status: 405, headers: { Allow: 'POST' } })
}

/** What opens a session is never for the shared process, whatever it claims: it would take it for its only client. */
function isOpening({ read }: ForwardedMessage): boolean {
  return read.kind === 'request' && read.method === 'initialize'
}

interface Opening {
  readonly running: Running
  readonly signal: AbortSignal
}

async function openSession(message: ForwardedMessage, { running, signal }: Opening): Promise<Response> {
  const { settings, sessions } = running
  signal.throwIfAborted()
  if (sessions.size >= settings.maxProcesses) {
    throw new VerifierError('rate_limited', 'too many sessions are open')
  }
  const id = encodeBase64url(settings.random(SESSION_ID_BYTES))
  const session = createSessionServer({
    maxInFlight: settings.maxInFlightPerAgent,
    maxQueuedBytes: settings.maxQueuedBytes,
    sessionIdleSeconds: settings.sessionIdleSeconds,
    setTimer: settings.setTimer,
    start: (events) => start(settings, events),
    onEnd: () => void sessions.delete(id),
  })
  sessions.set(id, session)
  keepEnding(session, running)
  const stop = (): void => session.stop()
  const callOff = settings.setTimer(stop, settings.startTimeoutSeconds * 1000)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const answer = await session.post(message, { signal, headers: { [SESSION_FIELD]: id } })
    return await checkOpened(answer, stop)
  } catch (error) {
    stop()
    throw error
  } finally {
    callOff()
    signal.removeEventListener('abort', stop)
  }
}

/** A session that the server did not open is none. */
async function checkOpened(answer: Response, stop: () => void): Promise<Response> {
  const document = (await answer.clone().json()) as { readonly error?: unknown }
  if (document.error === undefined) return answer
  stop()
  return new Response(answer.body, { headers: { 'Content-Type': 'application/json' } })
}

function keepEnding({ ended }: SessionServer, { ending }: Running): void {
  ending.add(ended)
  void ended.then(() => ending.delete(ended))
}

interface Alone {
  readonly signal: AbortSignal
  readonly verified: AnyVerifiedRequest<unknown>
  readonly shared: SharedServer
}

async function serveAlone(message: ForwardedMessage, { signal, verified, shared }: Alone): Promise<Response> {
  const { read } = message
  if (read.kind === 'response' || metaOf({ _meta: read.params['_meta'] ?? {} })[VERSION_META] === undefined) {
    throw new VerifierError('request_malformed', 'a message of no session, and of a version with sessions')
  }
  const caller = { agent: verified.agent, delegation: verified.chain.leaf.id, signal }
  if (read.kind === 'request') return await shared.ask(message, caller)
  shared.tell(message, caller)
  return new Response(null, { status: 202 })
}

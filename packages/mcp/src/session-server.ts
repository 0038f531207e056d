import type { JsonObject } from '@behalf/core'
import { type SetTimer, VerifierError } from '@behalf/verifier'
import { createEventStream, type EventStream } from './event-stream.ts'
import { type ForwardedMessage, metaOf } from './forwarded-message.ts'
import { createPendingAnswer, type PendingAnswer, toErrorMessage } from './pending-answer.ts'
import type { ServerMessage } from './server-message.ts'
import type { ServerProcess, ServerProcessEvents } from './server-process.ts'

/** One server process for one session of MCP 2025-11-25, and for nobody else. */
export interface SessionServer {
  /**
   * The answer to a message of the session: that of the server to a request, 202 to everything else.
   *
   * @param signal aborted when nobody waits any more; the server works on
   * @throws VerifierError rate_limited, request_malformed (an id that waits for an answer), mcp_server_unavailable
   */
  post(message: ForwardedMessage, options: SessionPost): Promise<Response>
  /** A stream of what the server says by itself; one that was open before is ended. */
  listen(): Response
  stop(): void
  readonly ended: Promise<void>
}

/** How a message is answered. */
export interface SessionPost {
  readonly signal: AbortSignal
  /** Of the answer. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What the server of a session works with. */
export interface SessionServerOptions {
  readonly start: (events: Pick<ServerProcessEvents, 'onMessage' | 'onEnd'>) => ServerProcess
  /** The server ended, by itself or because it was told to. */
  readonly onEnd: () => void
  readonly maxInFlight: number
  readonly maxQueuedBytes: number
  /** A server whose session nobody used for so long is ended. */
  readonly sessionIdleSeconds: number
  readonly setTimer: SetTimer
}

/** Messages of a server that wait for somebody to hear them. */
const MAX_WAITING = 64

interface Asked {
  readonly answer: PendingAnswer
  readonly progressToken: JsonObject[string] | undefined
  /** Whether what the server says by itself can be told with the answer. */
  isHeard: boolean
}

/** Starts the server of a session. */
export function createSessionServer(options: SessionServerOptions): SessionServer {
  const { maxQueuedBytes, maxInFlight } = options
  const asked = new Map<string | number, Asked>()
  /** Requests of the server that its caller has not answered. */
  const questions = new Set<string | number>()
  const waiting: ServerMessage[] = []
  let listener: EventStream | undefined

  const listenerOf = (message: ServerMessage): ((message: JsonObject) => void) | undefined => {
    const calls = [...asked.values()].filter(({ isHeard }) => isHeard)
    const token = message.kind === 'notification' ? message.params['progressToken'] : undefined
    const named = token === undefined ? undefined : calls.find(({ progressToken }) => progressToken === token)
    const answer = (named ?? calls.at(-1))?.answer
    if (answer !== undefined) return (said) => answer.tell(said)
    const stream = listener
    return stream && ((said) => stream.send(said))
  }
  const relay = (message: ServerMessage): void => {
    const tell = listenerOf(message)
    if (tell !== undefined) tell(message.value)
    else if (waiting.length < MAX_WAITING) waiting.push(message)
    else refuseQuestion(message)
  }
  const refuseQuestion = (message: ServerMessage): void => {
    if (message.kind !== 'request') return
    questions.delete(message.id)
    const error = new VerifierError('mcp_server_unavailable', 'nobody listens who could answer')
    sendQuietly(server, toErrorMessage(message.id, error))
  }
  const relayWaiting = (): void => {
    for (const message of waiting.splice(0)) relay(message)
  }
  const onMessage = (message: ServerMessage): void => {
    if (message.kind === 'response') {
      const found = asked.get(message.id)
      asked.delete(message.id)
      found?.answer.finish(message.value)
      return
    }
    if (message.kind === 'request') {
      if (questions.size >= MAX_WAITING) {
        refuseQuestion(message)
        return
      }
      questions.add(message.id)
    }
    relay(message)
  }
  let callOff: () => void = () => undefined
  const keepAlive = (): void => {
    callOff()
    const { sessionIdleSeconds, setTimer } = options
    const isUsed = (): boolean => asked.size > 0 || listener !== undefined
    callOff = setTimer(() => (isUsed() ? keepAlive() : server.stop()), sessionIdleSeconds * 1000)
  }
  const onEnd = (): void => {
    callOff()
    const error = new VerifierError('mcp_server_unavailable', 'the server ended')
    for (const { answer } of asked.values()) answer.fail(error)
    asked.clear()
    listener?.end()
    options.onEnd()
  }
  const server = options.start({ onMessage, onEnd })
  keepAlive()

  const ask = (message: ForwardedMessage, { signal, headers = {} }: SessionPost): Promise<Response> => {
    const { read, value } = message
    if (read.kind !== 'request') throw new TypeError('only requests are asked')
    if (asked.has(read.id)) throw new VerifierError('request_malformed', 'an id that waits for an answer')
    if (asked.size >= maxInFlight) throw new VerifierError('rate_limited', 'too many calls are under way')
    // Who went away did not cancel: the server works on, and what it answers is for nobody.
    const onGone = (): void => {
      entry.isHeard = false
    }
    const entry: Asked = {
      answer: createPendingAnswer({ id: read.id, maxQueuedBytes, headers, onGone }),
      progressToken: metaOf(value['params'] as JsonObject)['progressToken'],
      isHeard: read.method !== 'initialize',
    }
    signal.addEventListener('abort', onGone, { once: true })
    server.send(value)
    asked.set(read.id, entry)
    if (entry.isHeard) relayWaiting()
    return entry.answer.response
  }
  return {
    post: async (message, post) => {
      keepAlive()
      const { read, value } = message
      if (read.kind === 'request') return await ask(message, post)
      // An answer that nobody waits for could be meant for another question.
      if (read.kind === 'notification' || questions.delete(value['id'] as string | number)) server.send(value)
      return new Response(null, { status: 202 })
    },
    listen: () => {
      keepAlive()
      listener?.end()
      const opened = createEventStream({
        maxQueuedBytes,
        onGone: () => {
          if (listener === opened) listener = undefined
        },
      })
      listener = opened
      relayWaiting()
      return opened.response
    },
    stop: () => server.stop(),
    ended: server.ended,
  }
}

function sendQuietly(server: ServerProcess, message: JsonObject): void {
  try {
    server.send(message)
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error
  }
}

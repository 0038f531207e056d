import type { HeldDelegation } from '@behalf/wallet'
import { McpError } from './error.ts'
import type { McpMessage } from './mcp-message.ts'
import { SESSION_FIELD } from './mcp-protocol.ts'
import { onceRead, type SplicedStream, spliceStream } from './spliced-stream.ts'

/** A message on its way. */
export interface Outgoing {
  /** Undefined for a stream or a session that is opened or ended. */
  readonly message: McpMessage | undefined
  readonly init: RequestInit
  readonly delegation: HeldDelegation
}

/** Sends a message; rejects with what the server refused. */
export type SendOutgoing = (outgoing: Outgoing) => Promise<Response>

/** A session of MCP 2025-11-25 as the SDK knows it, whichever it is at the server. */
export interface ClientSession {
  /** Id of the delegation it goes on under. */
  readonly delegation: string
  /**
   * Sends a message in it. Where that needs another delegation it is opened again first: what the SDK hears from the
   * server without having asked comes from there then, and the one before ends once its last call was answered.
   *
   * @throws McpError as `SendOutgoing`; mcp_session_mismatch where the server opens none
   */
  readonly send: SendOutgoing
}

/** A session at the server. */
interface ServerSession {
  readonly id: string
  readonly delegation: HeldDelegation
  /** How many calls wait in it. */
  calls: number
}

/** The stream that no call waits on. */
interface OwnStream {
  readonly spliced: SplicedStream
  readonly init: RequestInit
}

/**
 * A session that was just opened.
 *
 * @param opening what it was opened with
 */
export function createClientSession(
  id: string,
  { opening, send }: { readonly opening: Outgoing; readonly send: SendOutgoing },
): ClientSession {
  let current: ServerSession = { id, delegation: opening.delegation, calls: 0 }
  let own: OwnStream | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const sendIn = (at: ServerSession, { message, init }: Omit<Outgoing, 'delegation'>): Promise<Response> =>
    send({ message, init: inSession(init, at.id), delegation: at.delegation })
  const end = (at: ServerSession): void => {
    // The delegation may have ended, and the session with it.
    sendIn(at, { message: undefined, init: { method: 'DELETE' } }).then(
      (response) => response.body?.cancel(),
      () => undefined,
    )
  }
  const leave = (at: ServerSession): void => {
    at.calls -= 1
    if (at !== current && at.calls === 0) end(at)
  }
  const move = async (delegation: HeldDelegation): Promise<void> => {
    const before = current
    current = { id: await openAgain({ ...opening, delegation }, send), delegation, calls: 0 }
    if (own?.spliced.isOpen() === true) {
      const { spliced, init } = own
      // Where there is no stream any more the SDK sees it end, and does what it does then.
      await sendIn(current, { message: undefined, init }).then(spliced.goOn, () => spliced.goOn())
    }
    if (before.calls === 0) end(before)
  }
  /** One after the other, so that calls at once open one session. */
  const enter = async (delegation: HeldDelegation): Promise<ServerSession> => {
    const entering = turn.then(async () => {
      if (current.delegation.id !== delegation.id) await move(delegation)
      current.calls += 1
      return current
    })
    turn = entering.catch(() => undefined)
    return await entering
  }
  return {
    get delegation() {
      return current.delegation.id
    },
    send: async ({ message, init, delegation }) => {
      const at = await enter(delegation)
      try {
        const response = nameSession(await sendIn(at, { message, init }), id)
        if (init.method !== 'GET' || !response.ok || response.body === null)
          return onceRead(response, () => leave(at))
        leave(at)
        const spliced = spliceStream(response.body)
        own = { spliced, init: withoutLastEvent(init) }
        return new Response(spliced.body, response)
      } catch (error) {
        leave(at)
        throw error
      }
    },
  }
}

/** Opens another session as one was opened before. */
async function openAgain(opening: Outgoing, send: SendOutgoing): Promise<string> {
  const answer = await send(opening)
  const id = answer.headers.get(SESSION_FIELD)
  await answer.body?.cancel()
  if (id === null) throw new McpError('mcp_session_mismatch', 'the server opened no session')
  const method = 'notifications/initialized'
  const init = inSession({ ...opening.init, body: JSON.stringify({ jsonrpc: '2.0', method }) }, id)
  const message = { kind: 'notification', method, params: {} } as const
  const told = await send({ message, init, delegation: opening.delegation })
  await told.body?.cancel()
  return id
}

/** The SDK goes on with the name that an answer has: its own. */
function nameSession(answer: Response, id: string): Response {
  if (!answer.headers.has(SESSION_FIELD)) return answer
  const headers = new Headers(answer.headers)
  headers.set(SESSION_FIELD, id)
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers })
}

function inSession(init: RequestInit, id: string): RequestInit {
  const headers = new Headers(init.headers)
  headers.set(SESSION_FIELD, id)
  return { ...init, headers }
}

/** Events are counted by each session for itself. */
function withoutLastEvent(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers)
  headers.delete('last-event-id')
  return { ...init, headers }
}

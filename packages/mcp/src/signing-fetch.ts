import { encodeUtf8 } from '@behalf/core'
import type { HeldDelegation } from '@behalf/wallet'
import { McpError } from './error.ts'
import type { McpCaller } from './mcp-caller.ts'
import { type McpMessage, parseMcpMessage } from './mcp-message.ts'
import { SESSION_FIELD } from './mcp-protocol.ts'
import { readRefusal } from './read-refusal.ts'

/** Fetch as the official SDKs call it. */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/** A session as the SDK knows it, and as it is. */
interface OpenSession {
  /** Its id at the server. */
  id: string
  delegation: string
  /** What it was opened with, so that it can be opened again under another delegation. */
  readonly opening: RequestInit
}

/** A message on its way. */
interface Outgoing {
  readonly message: McpMessage | undefined
  readonly init: RequestInit
  readonly delegation: HeldDelegation
}

/**
 * A fetch for the Streamable HTTP transports of both generations: each request is signed under the delegation that
 * allows its message. A session goes on under one delegation; where a call needs another, it is opened again. What is
 * refused for want of an approval is asked for, and sent once more.
 *
 * @param digests of the tools as the server tells them now
 * @returns rejects with McpError for what the server refused, and for another URL than the endpoint's with TypeError
 */
export function createSigningFetch(caller: McpCaller, digests: () => ReadonlyMap<string, string>): McpFetch {
  const sessions = new Map<string, OpenSession>()
  const send = async ({ message, init, delegation }: Outgoing): Promise<Response> => {
    const response = await caller.wallet.fetch(caller.url, {
      ...init,
      redirect: 'manual',
      delegation: delegation.id,
      context: caller.contextOf(message),
    })
    const refusal = await readRefusal(response)
    if (refusal === undefined) return response
    // That a session is not there any more is for the transport to deal with.
    if (refusal.code === 'not_found') return new Response(null, { status: 404 })
    throw refusal
  }
  return async (url, init = {}) => {
    if (String(url) !== caller.url.href)
      throw new TypeError(`only ${caller.url.href} is called with this key`)
    const message = readOutgoing(init)
    const session = sessions.get(new Headers(init.headers).get(SESSION_FIELD) ?? '')
    const deliver = async (delegation: HeldDelegation): Promise<Response> => {
      if (session !== undefined) {
        if (session.delegation !== delegation.id) await reopen(session, delegation, send)
        return await send({ message, init: inSession(init, session), delegation })
      }
      const response = await send({ message, init, delegation })
      const opened = response.headers.get(SESSION_FIELD)
      if (opened !== null) sessions.set(opened, { id: opened, delegation: delegation.id, opening: init })
      return response
    }
    try {
      return await deliver(await caller.delegationFor(message, digests(), session?.delegation))
    } catch (error) {
      const another = await caller.delegationAfter(error, message, digests())
      if (another === undefined) throw error
      return await deliver(another)
    }
  }
}

/** The same session, as far as the SDK can tell, under another delegation. */
async function reopen(
  session: OpenSession,
  delegation: HeldDelegation,
  send: (outgoing: Outgoing) => Promise<Response>,
): Promise<void> {
  const { opening } = session
  const answer = await send({ message: readOutgoing(opening), init: opening, delegation })
  const id = answer.headers.get(SESSION_FIELD)
  await answer.body?.cancel()
  if (id === null) throw new McpError('mcp_session_mismatch', 'the server opened no session')
  session.id = id
  session.delegation = delegation.id
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
  const init = inSession({ ...opening, body }, session)
  const told = await send({
    message: { kind: 'notification', method: 'notifications/initialized', params: {} },
    init,
    delegation,
  })
  await told.body?.cancel()
}

function inSession(init: RequestInit, { id }: OpenSession): RequestInit {
  const headers = new Headers(init.headers)
  headers.set(SESSION_FIELD, id)
  return { ...init, headers }
}

function readOutgoing({ body }: RequestInit): McpMessage | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body !== 'string') throw new TypeError('an MCP message is sent as text')
  return parseMcpMessage(encodeUtf8(body))
}

import { encodeUtf8 } from '@behalf/core'
import type { HeldDelegation } from '@behalf/wallet'
import { type ClientSession, createClientSession, type SendOutgoing } from './client-session.ts'
import type { McpCaller } from './mcp-caller.ts'
import { type McpMessage, parseMcpMessage } from './mcp-message.ts'
import { SESSION_FIELD } from './mcp-protocol.ts'
import { readRefusal } from './read-refusal.ts'

/** Fetch as the official SDKs call it. */
export type McpFetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * A fetch for the Streamable HTTP transports of both generations: each request is signed under the delegation that
 * allows its message. A session goes on under one delegation; where a call needs another, it is opened again. What is
 * refused for want of an approval is asked for, and sent once more.
 *
 * @param digests of the tools as the server tells them now
 * @returns rejects with McpError for what the server refused, and for another URL than the endpoint's with TypeError
 */
export function createSigningFetch(caller: McpCaller, digests: () => ReadonlyMap<string, string>): McpFetch {
  const sessions = new Map<string, ClientSession>()
  const send: SendOutgoing = async ({ message, init, delegation }) => {
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
      const outgoing = { message, init, delegation }
      if (session !== undefined) return await session.send(outgoing)
      const response = await send(outgoing)
      const opened = response.headers.get(SESSION_FIELD)
      if (opened !== null) sessions.set(opened, createClientSession(opened, { opening: outgoing, send }))
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

function readOutgoing({ body }: RequestInit): McpMessage | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body !== 'string') throw new TypeError('an MCP message is sent as text')
  return parseMcpMessage(encodeUtf8(body))
}

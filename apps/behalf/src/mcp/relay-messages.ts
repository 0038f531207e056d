import {
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/client'
import { describeFailure } from '../failure.ts'

/** The two ends that messages go between; neither is started. */
export interface Relay {
  /** To the client, which signs nothing. */
  readonly client: Transport
  /** To the server, which wants proof. */
  readonly server: Transport
  /** Told of each message that could not be passed on. */
  readonly onFailure: (lines: readonly string[]) => void
}

/** How many messages of the client there were. */
export interface RelayCounts {
  readonly passed: number
  readonly refused: number
}

/** JSON-RPC 2.0 section 5.1: the range for what a server defines. */
const REFUSED = -32_000
/** Where a client of MCP 2026-07-28 says with each request which version it speaks. */
const VERSION_META = 'io.modelcontextprotocol/protocolVersion'

/**
 * Passes messages on in both directions until `ended`. A message of the client that is not signed, or that the server
 * refuses, is answered with an error that has the code of the refusal and what to do in `data`; nothing else ends.
 *
 * @returns when both ends are closed
 */
export async function relayMessages(relay: Relay, ended: Promise<unknown>): Promise<RelayCounts> {
  const { client, server, onFailure } = relay
  const counts = { passed: 0, refused: 0 }
  const versions = createVersions(server)
  client.onmessage = (message) => {
    versions.ask(message)
    server.send(message).then(
      () => {
        counts.passed += 1
      },
      async (error: unknown) => {
        counts.refused += 1
        const { code, message: what, next, lines } = describeFailure(error)
        onFailure([`${code}: ${what}`, ...lines])
        if (!isJSONRPCRequest(message)) return
        await client.send({
          jsonrpc: '2.0',
          id: message.id,
          error: { code: REFUSED, message: `${what} (${code}); ${next}`, data: { code, next } },
        })
      },
    )
  }
  client.onerror = (error) => onFailure([`what the client sent is not a message: ${error.message}`])
  server.onmessage = (message) => {
    versions.answer(message)
    void client.send(message)
  }
  await server.start()
  await client.start()
  await ended
  await Promise.all([client.close(), server.close()])
  return counts
}

interface Versions {
  ask(message: JSONRPCMessage): void
  answer(message: JSONRPCMessage): void
}

/** Tells a transport which version the client and the server agreed on, as the client would tell its own. */
function createVersions(server: Transport): Versions {
  const opening = new Set<string | number>()
  const tell = (version: unknown): void => {
    if (typeof version === 'string') server.setProtocolVersion?.(version)
  }
  return {
    ask: (message) => {
      if (!isJSONRPCRequest(message)) return
      if (message.method === 'initialize') opening.add(message.id)
      tell(message.params?._meta?.[VERSION_META])
    },
    answer: (message) => {
      if (!isJSONRPCResultResponse(message) || !opening.delete(message.id)) return
      tell(message.result['protocolVersion'])
    },
  }
}

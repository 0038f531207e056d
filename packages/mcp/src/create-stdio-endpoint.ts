import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { createMessageVerifier, type MessageVerifier, type MessageVerifierOptions } from '@behalf/verifier'
import { endServing, type StdioServing, sendOut, serveLine } from './serve-stdio.ts'
import { createStdioCalls } from './stdio-calls.ts'
import { createStdioProtocol } from './stdio-protocol.ts'
import { createStdioSession } from './stdio-session.ts'
import { createStdioWire, type StdioTransport } from './stdio-wire.ts'

/** What an endpoint works with: the options of its verifier, and the streams between which it stands. */
export interface StdioEndpointOptions<Account> extends Omit<MessageVerifierOptions<Account>, 'protocol'> {
  /** Default: stdin of the process. */
  readonly input?: Readable
  /** Default: stdout of the process. */
  readonly output?: Writable
}

/** A server on stdio that only verified messages reach. */
export interface StdioEndpoint {
  /** For a server of either SDK, which starts and closes it, or for whatever passes messages on to one elsewhere. */
  readonly transport: StdioTransport
  /** From now on no delegation of this issuer is accepted. */
  readonly distrustIssuer: MessageVerifier['distrustIssuer']
}

/** Default of `maxMessageBytes`. */
const MAX_MESSAGE_BYTES = 1_048_576

/**
 * Puts the verifier in front of an MCP server on stdio. Every message carries a proof of its own, whatever session it
 * belongs to, and is answered with a coded refusal where that, its chain or its rights do not hold; only capabilities
 * of type `mcp` for exactly this audience count. A session of MCP 2025-11-25 belongs to the key and the delegation it
 * was opened with. The server sees the verified caller (`verifiedCaller`) and no proof. A call whose chain dies is
 * answered with the refusal that a new one would get, and cancelled at the server.
 *
 * @throws TypeError as `createMessageVerifier`
 * @see docs/mcp-stdio.md
 * @example
 * const { transport } = createStdioEndpoint({ audience: 'urn:example:issues', ...options })
 * serveStdio(createServer, { transport }) // SDK 2.x
 * await createServer().connect(transport) // SDK 1.x
 */
export function createStdioEndpoint<Account = undefined>(
  options: StdioEndpointOptions<Account>,
): StdioEndpoint {
  const { audience, input = process.stdin, output = process.stdout, ...rest } = options
  const { maxMessageBytes: maxBytes = MAX_MESSAGE_BYTES } = rest
  const session = createStdioSession()
  const calls = createStdioCalls((verified) => session.isOf(verified))
  const protocol = createStdioProtocol({ audience, maxBytes, session, calls })
  const verifier = createMessageVerifier<Account>({ ...rest, audience, protocol })
  const wire = createStdioWire({
    input,
    output,
    maxBytes,
    onLine: async (line) => await serveLine(line, serving),
    onSend: async (message) => await sendOut(message, serving),
    onClose: () => endServing(serving),
  })
  const serving: StdioServing = { verifier, session, calls, wire, maxBytes }
  return { transport: wire.transport, distrustIssuer: (did) => verifier.distrustIssuer(did) }
}

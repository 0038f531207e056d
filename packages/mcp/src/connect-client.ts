import { BehalfError } from '@behalf/core'
import { Client, type ClientOptions, type Implementation, type Transport } from '@modelcontextprotocol/client'

/** What a client says of itself to servers. */
export interface ClientIdentity {
  /** Default: `behalf`. */
  readonly clientInfo?: Implementation
  /** Of the SDK. Default: whichever protocol version both sides speak. */
  readonly client?: ClientOptions
}

const CLIENT_INFO: Implementation = { name: 'behalf', version: '0.1.0' }

/**
 * A client of the SDK 2.x, connected over a transport.
 *
 * @param transport not started
 * @throws McpError, WalletError the refusal, where connecting ended in one; otherwise what the SDK throws
 */
export async function connectClient(transport: Transport, identity: ClientIdentity): Promise<Client> {
  const { clientInfo = CLIENT_INFO, client: options } = identity
  const client = new Client(clientInfo, { versionNegotiation: { mode: 'auto' }, ...options })
  try {
    await client.connect(transport)
  } catch (error) {
    throw findRefusal(error) ?? error
  }
  return client
}

/** The refusal that an error of the SDK wraps: the SDK only says that no version could be agreed on. */
function findRefusal(error: unknown): BehalfError<string> | undefined {
  if (error instanceof BehalfError) return error
  return error instanceof Error ? findRefusal(error.cause) : undefined
}

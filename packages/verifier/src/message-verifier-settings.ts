import {
  type ChainVerifierOptions,
  type ChainVerifierSettings,
  parseChainVerifierOptions,
} from './chain-verifier-settings.ts'
import { DEFAULT_REQUEST_LIMITS } from './incoming-request.ts'
import type { MessageProtocol } from './message-protocol.ts'
import { checkPositive } from './positive.ts'
import type { RequestTarget } from './target.ts'

/** What a verifier of messages works with. */
export interface MessageVerifierOptions<Account>
  extends Omit<ChainVerifierOptions<Account>, 'reportObservation'> {
  /** URI of the server as capabilities name it: `https://mcp.example.com/issues`, `urn:example:issues`. */
  readonly audience: string
  readonly protocol: MessageProtocol
  /** Cap on a message, default 1 MiB. */
  readonly maxMessageBytes?: number
}

/** The checked options. */
export interface MessageVerifierSettings<Account> extends ChainVerifierSettings<Account> {
  readonly audience: string
  readonly place: RequestTarget
  readonly protocol: MessageProtocol
  readonly maxMessageBytes: number
}

/**
 * Checks the options once.
 *
 * @throws TypeError as `createMessageVerifier`
 */
export function parseMessageVerifierOptions<Account>(
  options: MessageVerifierOptions<Account>,
): MessageVerifierSettings<Account> {
  const { audience, protocol, maxMessageBytes = DEFAULT_REQUEST_LIMITS.maxBytes } = options
  checkPositive({ maxMessageBytes })
  const place = toPlace(audience)
  return { ...parseChainVerifierOptions(options), audience, place, protocol, maxMessageBytes }
}

/** As records name it: what an endpoint of this URL over HTTP would be called, too. */
function toPlace(audience: string): RequestTarget {
  const url = URL.parse(audience)
  if (url === null || url.href !== audience || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError(`audience: ${audience} is not a URI without query and fragment, as URL spells it`)
  }
  const isPlain = url.origin === 'null' || !audience.startsWith(`${url.origin}/`)
  const [origin, path] = isPlain ? [audience, ''] : [url.origin, url.pathname]
  return { origin, target: path, path, query: '' }
}

import type { Did } from '@behalf/did'
import { decideMessage } from './decide-message.ts'
import { judgeRequest } from './judge-request.ts'
import type { IncomingMessage } from './message-protocol.ts'
import {
  type MessageVerifierOptions,
  type MessageVerifierSettings,
  parseMessageVerifierOptions,
} from './message-verifier-settings.ts'
import { toProblemResponse } from './problem-response.ts'
import type { RefusalAnswers } from './request-guard.ts'
import type { VerifiedRequest } from './verified-request.ts'

/** Verifies messages that carry their proof themselves. */
export interface MessageVerifier<Account = undefined> extends RefusalAnswers {
  /**
   * Verifies one message, or throws a VerifierError. `body` of what it returns is the text that was signed: see
   * `parseMessageStatement`.
   */
  verify(message: IncomingMessage): Promise<VerifiedRequest<Account>>
  /** From now on no delegation of this issuer is accepted. */
  distrustIssuer(issuer: Did): void
}

/**
 * Makes the verifier of a server whose messages come without headers, such as MCP over stdio. The proof of a message
 * goes through the same steps as the signature of a request, in the same order and with the same codes. A chain that
 * was shown once may be named from then on; one that is not held is `cache_miss`.
 *
 * @throws TypeError for an audience that is not one spelling of a URI without query and fragment, for empty or
 * malformed issuers or context members, and a bound that is not a positive number
 * @example
 * const verifier = createMessageVerifier({ audience: 'urn:example:issues', protocol, ...options })
 * const { principal } = await verifier.verify({ bytes: line })
 */
export function createMessageVerifier<Account = undefined>(
  options: MessageVerifierOptions<Account>,
): MessageVerifier<Account> {
  const settings = parseMessageVerifierOptions(options)
  const { audience } = settings
  return {
    requestId: settings.requestId,
    verify: (message) => verifyMessage(message, settings),
    refuse: (error, requestId) =>
      toProblemResponse(error, { origin: audience, requestId, now: settings.wallClock() }),
    distrustIssuer: (issuer) => {
      settings.trusted.distrust(issuer)
      settings.liveChains.lookAt(issuer)
    },
  }
}

async function verifyMessage<Account>(
  message: IncomingMessage,
  settings: MessageVerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { requestId } = message
  // Nothing of the message is a method or a header.
  const shown = { method: '', headers: [], ...(requestId !== undefined && { requestId }) }
  const judged = await judgeRequest(shown, settings, (trail) => decideMessage(message, trail, settings))
  if (judged.refusal !== undefined) throw judged.refusal
  return judged.verified
}

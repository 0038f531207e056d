import { parseTraceparent } from '@behalf/core'
import { addSignal } from './add-signal.ts'
import { decideProof } from './decide-proof.ts'
import type { DecisionTrail } from './decision-trail.ts'
import { VerifierError } from './error.ts'
import { readMessageProof, verifyMessageProof } from './message-proof.ts'
import type { IncomingMessage, ReadMessage } from './message-protocol.ts'
import type { MessageVerifierSettings } from './message-verifier-settings.ts'
import type { ProvenHolder } from './request-protocol.ts'
import type { VerifiedRequest } from './verified-request.ts'

/**
 * The message passed every check: every line is one step, in the order the codes are documented in, of which the later
 * ones are those of `decideProof`.
 *
 * @param trail takes down what is proven, also when a step refuses
 * @throws errors with a code of the table, of this package and of those below
 */
export async function decideMessage<Account>(
  { bytes }: IncomingMessage,
  trail: DecisionTrail,
  settings: MessageVerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { audience, protocol, requiredContext } = settings
  trail.target = settings.place
  checkLength(bytes, settings.maxMessageBytes)
  const read = protocol.read(bytes)
  noteTrace(read, trail)
  const { message } = read
  const now = settings.clock()
  const proof = readMessageProof(read.proof, { audience, message, requiredContext, now })
  const carrier = {
    verifySignature: (publicKey: Uint8Array) => verifyMessageProof(proof, publicKey),
    authorize: (holder: ProvenHolder) => protocol.authorize({ ...holder, message }),
    showEvidence: () => proof.evidence,
  }
  const { chain, authorized, account } = await decideProof(proof, carrier, { trail, settings })
  return Object.freeze(
    addSignal({ ...authorized, account, answerHeaders: NO_HEADERS }, () => settings.liveChains.watch(chain)),
  )
}

const NO_HEADERS = Object.freeze([])

function checkLength({ length }: Uint8Array, maxBytes: number): void {
  if (length <= maxBytes) return
  throw new VerifierError('request_too_large', `the message exceeds ${maxBytes} bytes`)
}

/** What the sender said of its span, where nothing else is known. */
function noteTrace({ traceparent }: ReadMessage, trail: DecisionTrail): void {
  if (traceparent === undefined || parseTraceparent(traceparent) === undefined) return
  trail.traceparent ??= traceparent
}

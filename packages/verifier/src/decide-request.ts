import { DELEGATION_TAG, verifyContentDigest, verifySignature } from '@behalf/http-signature'
import { addAnswered } from './add-answered.ts'
import { addSignal } from './add-signal.ts'
import { readAgentContext } from './agent-context.ts'
import { decideProof } from './decide-proof.ts'
import type { DecisionTrail } from './decision-trail.ts'
import { readPresentation } from './delegation-steps.ts'
import { checkFraming } from './framing.ts'
import { checkHeaderAmbiguity } from './header-ambiguity.ts'
import { readEvidenceField } from './human-approval.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { offerReference } from './offer-reference.ts'
import type { ProvenHolder } from './request-protocol.ts'
import { readBody, readRequestSignature, readSignatory } from './request-steps.ts'
import { readShownLines } from './shown-lines.ts'
import { readTarget } from './target.ts'
import type { VerifiedRequest } from './verified-request.ts'
import type { VerifierSettings } from './verifier-settings.ts'

/**
 * The request passed every check: every line is one step, in the order the codes are documented in, of which the later
 * ones are those of `decideProof`.
 *
 * @param trail takes down what is proven, also when a step refuses
 * @throws errors with a code of the table, of this package and of those below
 */
export async function decideRequest<Account>(
  request: IncomingRequest,
  trail: DecisionTrail,
  settings: VerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { limits, chains, presentations, protocol } = settings
  const headers = checkFraming(request, limits)
  checkHeaderAmbiguity(headers)
  protocol.admit?.(headers.fields)
  const target = readTarget(request.target, headers, settings.origins)
  trail.target = target
  const body = await readBody(request, headers, limits)
  const now = settings.clock()
  const framed = { method: request.method, target, headers, body }
  const signature = readRequestSignature(framed, DELEGATION_TAG)
  const context = readAgentContext(headers.fields, settings.requiredContext)
  const signatory = readSignatory(signature)
  const lines = readShownLines(headers.fields, signature.label)
  const presentation =
    presentations.find(signatory.did, lines) ?? readPresentation(headers.fields, signature.label)
  const shown = { signatory, presentation, signature, context, body, now }
  const carrier = {
    verifySignature: (publicKey: Uint8Array) => verifySignature(signature, publicKey),
    verifyContent: () => verifyContentDigest(headers.fields, body),
    authorize: (holder: ProvenHolder) => protocol.authorize({ ...framed, ...holder }),
    showEvidence: () => readEvidenceField(headers.fields),
  }
  const { chain, authorized, account } = await decideProof(shown, carrier, { trail, settings })
  presentations.keep(signatory.did, lines, presentation)
  const answerHeaders = offerReference(chain, { presentation, chains, label: signature.label })
  const accepted = { ...authorized, account, answerHeaders }
  const verified = addSignal(accepted, () => settings.liveChains.watch(chain))
  return Object.freeze(addAnswered(verified, trail, settings))
}

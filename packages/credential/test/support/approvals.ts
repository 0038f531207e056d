import { encodeBase64url, type JsonObject } from '@behalf/core'
import {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovalStatement,
  type ApprovedEnrolment,
  CURRENT_RENDERER,
  createApprovalChallenge,
  createApprovalEvidence,
  type Delegation,
  type DelegationTerms,
  digestApprovalEvidence,
  formatDateTime,
  parseDelegation,
  renderApproval,
} from '../../src/index.ts'
import { createSoftwarePasskey, type SoftwarePasskey } from '../../src/software-passkey.ts'
import { NOW } from './actors.ts'
import { rootPayload, signUnchecked, withMember } from './delegations.ts'
import { createRandom } from './random.ts'

export const PAGE = 'https://authority.test'
export const PRINCIPAL = 'principal-1'
export const TERMS: Partial<DelegationTerms> = {
  purpose: 'Sum up the open issues',
  policy: { id: 'ask', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-one' },
}

/** Evidence and the root that names it. */
export interface Approved {
  readonly evidence: ApprovalEvidence
  readonly delegation: Delegation
}

/** The software passkey of a number: the same number is the same passkey. */
export function passkeyOf(number: number, origin = PAGE): SoftwarePasskey {
  const { below } = createRandom(number)
  return createSoftwarePasskey({
    origin,
    random: (length) => Uint8Array.from({ length }, () => below(256)),
  })
}

/** What a person's software passkey answers to these payloads; `software` is what the authority noted of it. */
export async function assertApproval(options: {
  readonly payloads: readonly JsonObject[]
  readonly by?: string
  readonly passkey?: SoftwarePasskey
  readonly software?: boolean
  readonly sentences?: readonly (readonly string[])[]
  readonly renderer?: number
  readonly enrolment?: ApprovedEnrolment
}): Promise<ApprovalAssertion> {
  const {
    payloads,
    by = PRINCIPAL,
    passkey = passkeyOf(1),
    software = true,
    renderer = CURRENT_RENDERER,
  } = options
  const { enrolment } = options
  const { sentences = renderAll(payloads, enrolment) } = options
  const nonce = encodeBase64url(new Uint8Array(16).fill(by.length))
  const challenge = createApprovalChallenge({
    payloads,
    renderer,
    sentences,
    nonce,
    ...(enrolment && { enrolment }),
  })
  const { response } = await passkey.authenticate({ challenge: encodeBase64url(challenge) })
  return {
    by,
    at: formatDateTime(NOW),
    nonce,
    rp_id: new URL(PAGE).hostname,
    origin: PAGE,
    passkey: { id: passkey.id, public_key: passkey.publicKey, software },
    authenticator_data: response.authenticatorData,
    client_data_json: response.clientDataJSON,
    signature: response.signature,
  }
}

/** The sentences of each payload. */
export function renderAll(
  payloads: readonly JsonObject[],
  enrolment?: ApprovedEnrolment,
): readonly (readonly string[])[] {
  return renderApproval({ payloads, ...(enrolment && { enrolment }) })
}

/** Evidence over payloads, approved by one software passkey unless said otherwise. */
export async function createEvidence(
  payloads: readonly JsonObject[],
  given?: readonly ApprovalAssertion[] | ApprovalStatement,
  enrolment?: ApprovedEnrolment,
): Promise<ApprovalEvidence> {
  return createApprovalEvidence({
    payloads,
    renderer: CURRENT_RENDERER,
    sentences: renderAll(payloads, enrolment),
    ...(enrolment && { enrolment }),
    requests: payloads.map((_, index) => ({ id: `request-${index}`, version: 1 })),
    given: given ?? [await assertApproval({ payloads, ...(enrolment && { enrolment }) })],
  })
}

/** A root over `payload` that names the evidence, whatever that says. */
export async function signApproved(payload: JsonObject, evidence: ApprovalEvidence): Promise<Delegation> {
  const approval = { method: evidence.method, digest: digestApprovalEvidence(evidence) }
  const approved = withMember(payload, 'credentialSubject.approval', approval)
  return parseDelegation(await signUnchecked(approved))
}

/** One approved root. */
export async function approveRoot(
  changes: Partial<DelegationTerms> = {},
  given?: (payload: JsonObject) => Promise<readonly ApprovalAssertion[] | ApprovalStatement>,
  enrolment?: ApprovedEnrolment,
): Promise<Approved> {
  const payload = rootPayload({ ...TERMS, ...changes })
  const evidence = await createEvidence([payload], await given?.(payload), enrolment)
  return { evidence, delegation: await signApproved(payload, evidence) }
}

import { BehalfError, canonicalizeJson, type JsonObject, type JsonValue } from '@behalf/core'
import {
  type ApprovedEnrolment,
  type ApprovedTerms,
  approvedPart,
  createApprovalChallenge,
} from './approval-challenge.ts'
import {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovedRequest,
  digestApprovalEvidence,
  parseApprovalEvidence,
} from './approval-evidence.ts'
import { parseDateTime } from './date-time.ts'
import { type Delegation, MAX_CHAIN_BYTES } from './delegation.ts'
import type { ApprovalMethod } from './delegation-subject.ts'
import { CredentialError, type CredentialErrorOptions, isWebauthnCode } from './error.ts'
import { parseCompactJws } from './jws.ts'
import { readObject } from './members.ts'
import { verifyPasskeyAssertion } from './passkey-assertion.ts'
import { renderApproval } from './render-approval.ts'

/** What {@link verifyApprovalEvidence} checks against. */
export interface VerifyApprovalEvidenceOptions {
  /** The root of a verified chain: that it is the authority's is not looked at here. */
  readonly delegation: Delegation
  /** The only relying party, a host name; without it any whose host the origin belongs to. */
  readonly rpId?: string
  /** The only origins of the approval page. */
  readonly origins?: readonly string[]
  /** The only passkeys, by their COSE_Key in base64url; without them the authority's word for whose a passkey is. */
  readonly passkeys?: readonly string[]
}

/** One person's yes, as their passkey signed it. */
export interface VerifiedApproval {
  readonly by: string
  /** The authority's word, milliseconds since the epoch. */
  readonly at: number
  readonly passkey: { readonly id: string; readonly publicKey: string; readonly software: boolean }
  readonly rpId: string
  readonly origin: string
}

/** Evidence that {@link verifyApprovalEvidence} accepted. */
export interface VerifiedApprovalEvidence {
  readonly method: ApprovalMethod
  /** `digestSha256` of the document, as the root says. */
  readonly digest: string
  readonly requests: readonly ApprovedRequest[]
  readonly renderer: number
  /** What was approved of this delegation, in the words that were shown. */
  readonly sentences: readonly string[]
  /** What the agent may have by itself since: `validUntil` in milliseconds since the epoch. Absent: nothing. */
  readonly enrolment?: { readonly validUntil: number; readonly maxSeconds: number }
  /** One per person, the principal first; none when no passkey was used. */
  readonly approvals: readonly VerifiedApproval[]
  /** Without a passkey: on whose word, and when. */
  readonly statement?: { readonly by: string; readonly at: number }
  /** Whether the passkeys of people prove the approval; false for software, operators, enrolments and logins. */
  readonly isProven: boolean
}

const PASSKEY_METHODS: ReadonlySet<ApprovalMethod> = new Set(['passkey', 'software-passkey'])
const TWO_PEOPLE = 'ask-two'
const NOT_THE_PRINCIPAL = 'The first to approve is not the principal'

/**
 * Resolves to what the evidence proves about the delegation: that these people approved exactly its terms, in exactly
 * these sentences, each with this passkey and its user verified. It needs no network and no clock. That a passkey is
 * the person's is the authority's word, unless `passkeys` pins it; so is the time.
 * @param evidence the document, or its JSON
 * @throws CredentialError `evidence_invalid` with the member as `field`, and as `webauthn` the rule of WebAuthn that an
 * assertion broke
 * @throws TypeError for a delegation that is not a root
 * @see WebAuthn Level 3 section 7.2
 * @example
 * const { root } = verifyDelegationChain(links, { issuers, now })
 * const { sentences, approvals } = await verifyApprovalEvidence(evidence, { delegation: root })
 */
export async function verifyApprovalEvidence(
  evidence: JsonValue,
  options: VerifyApprovalEvidenceOptions,
): Promise<VerifiedApprovalEvidence> {
  const { delegation } = options
  if (delegation.parent !== undefined) throw new TypeError('The delegation is not a root')
  const parsed = readEvidence(evidence)
  checkReference(parsed, delegation)
  const sentences = checkTerms(parsed, delegation)
  checkPeople(parsed, delegation)
  checkPins(parsed.assertions, options.passkeys)
  for (const assertion of parsed.assertions) await checkAssertion(assertion, parsed, options)
  return describe(parsed, sentences)
}

function readEvidence(evidence: JsonValue): ApprovalEvidence {
  try {
    return parseApprovalEvidence(evidence)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw invalid(
      cause instanceof CredentialError ? (cause.field ?? 'evidence') : 'evidence',
      cause.message,
      { cause },
    )
  }
}

/** The delegation names this document, and how it was approved. */
function checkReference(evidence: ApprovalEvidence, { approval }: Delegation): void {
  if (approval === undefined) throw invalid('approval', 'The delegation names no approval')
  if (approval.digest !== digestApprovalEvidence(evidence)) {
    throw invalid('digest', 'The delegation names another document')
  }
  if (approval.method !== evidence.method) throw invalid('method', 'The delegation names another method')
}

/** The delegation is one of the payloads, and the sentences are what the renderer makes of all of them. */
function checkTerms({ approved, requests }: ApprovalEvidence, delegation: Delegation): readonly string[] {
  const { payloads, sentences } = approved
  if (payloads.length !== requests.length) {
    throw invalid('payloads', 'There is not one payload for each request')
  }
  const own = canonicalizeJson(approvedPart(readPayload(delegation)))
  const index = payloads.findIndex((payload) => canonicalizeJson(payload) === own)
  if (index === -1) throw invalid('payloads', 'Other terms than those of the delegation were approved')
  const rendered = render(approved)
  if (canonicalizeJson(rendered) !== canonicalizeJson(sentences)) {
    throw invalid('sentences', 'The sentences are not what the renderer makes of the terms')
  }
  return rendered[index] ?? []
}

/** As many people as the policy asked for, the principal first, each with a passkey of their own. */
function checkPeople(
  { method, assertions, approved, ...statement }: ApprovalEvidence,
  delegation: Delegation,
): void {
  const { by, at, nonce } = statement
  const spoken = [by, at, nonce].filter((member) => member !== undefined).length
  const needed = approved.payloads.some(asksTwo) ? 2 : 1
  if (!PASSKEY_METHODS.has(method)) {
    if (approved.enrolment) throw invalid('enrolment', 'A statement enrols nobody')
    if (assertions.length > 0 || spoken < 3)
      throw invalid('method', 'A statement needs by, at and nonce alone')
    if (needed === 2) throw invalid('assertions', 'A statement is not what two people approved')
    if (method === 'login' && by !== delegation.onBehalfOf.id) throw invalid('by', NOT_THE_PRINCIPAL)
    return
  }
  if (spoken > 0) throw invalid('by', 'An approval with passkeys has no statement')
  const isSoftware = assertions.some(({ passkey }) => passkey.software)
  if (isSoftware !== (method === 'software-passkey'))
    throw invalid('method', 'The passkeys are of another kind')
  if (assertions.length !== needed) throw invalid('assertions', `There must be ${needed} of them`)
  if (assertions[0]?.by !== delegation.onBehalfOf.id) throw invalid('by', NOT_THE_PRINCIPAL)
  const distinct = [
    new Set(assertions.map((assertion) => assertion.by)),
    new Set(assertions.map(({ passkey }) => passkey.id)),
    new Set(assertions.map(({ passkey }) => passkey.public_key)),
    new Set(assertions.map((assertion) => assertion.nonce)),
  ]
  if (distinct.some(({ size }) => size !== needed))
    throw invalid('assertions', 'One person or passkey counts twice')
}

function checkPins(assertions: readonly ApprovalAssertion[], pins: readonly string[] | undefined): void {
  if (pins === undefined) return
  if (!assertions.every(({ passkey }) => pins.includes(passkey.public_key))) {
    throw invalid('passkey.public_key', 'A passkey is not one of those that are pinned')
  }
}

async function checkAssertion(
  assertion: ApprovalAssertion,
  { approved }: ApprovalEvidence,
  { rpId, origins }: VerifyApprovalEvidenceOptions,
): Promise<void> {
  const challenge = createApprovalChallenge({ ...approved, nonce: assertion.nonce })
  try {
    await verifyPasskeyAssertion(assertion, {
      challenge,
      ...(rpId === undefined ? {} : { rpId }),
      ...(origins === undefined ? {} : { origins }),
    })
  } catch (cause) {
    if (!(cause instanceof CredentialError)) throw cause
    const webauthn = isWebauthnCode(cause.code) ? { webauthn: cause.code } : {}
    throw invalid(cause.field ?? 'assertions', cause.message, { cause, ...webauthn })
  }
}

function describe(evidence: ApprovalEvidence, sentences: readonly string[]): VerifiedApprovalEvidence {
  const { method, requests, approved, assertions, by, at } = evidence
  const { enrolment } = approved
  const approvals = assertions.map((assertion) => ({
    by: assertion.by,
    at: parseDateTime(assertion.at, 'at'),
    passkey: {
      id: assertion.passkey.id,
      publicKey: assertion.passkey.public_key,
      software: assertion.passkey.software,
    },
    rpId: assertion.rp_id,
    origin: assertion.origin,
  }))
  return {
    method,
    digest: digestApprovalEvidence(evidence),
    requests,
    renderer: approved.renderer,
    sentences,
    ...(enrolment === undefined ? {} : { enrolment: describeEnrolment(enrolment) }),
    approvals,
    ...(by === undefined ? {} : { statement: { by, at: parseDateTime(at, 'at') } }),
    isProven: method === 'passkey',
  }
}

function describeEnrolment({
  valid_until,
  max_seconds,
}: ApprovedEnrolment): NonNullable<VerifiedApprovalEvidence['enrolment']> {
  return { validUntil: parseDateTime(valid_until, 'valid_until'), maxSeconds: max_seconds }
}

function readPayload({ jws }: Delegation): JsonObject {
  return parseCompactJws(jws, { maxBytes: MAX_CHAIN_BYTES }).payload
}

function render(approved: ApprovedTerms): readonly (readonly string[])[] {
  try {
    return renderApproval(approved, approved.renderer)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw invalid('payloads', 'A payload cannot be rendered', { cause })
  }
}

function asksTwo(payload: JsonObject): boolean {
  const { policy } = readObject(payload.credentialSubject, 'credentialSubject')
  return policy !== undefined && readObject(policy, 'policy').decision === TWO_PEOPLE
}

function invalid(field: string, message: string, options: CredentialErrorOptions = {}): CredentialError {
  return new CredentialError('evidence_invalid', `Approval evidence: ${message}`, { ...options, field })
}

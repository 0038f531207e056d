import { canonicalizeJson, decodeBase64url, digestSha256, type JsonValue } from '@behalf/core'
import { type ApprovedEnrolment, type ApprovedTerms, approvedPart } from './approval-challenge.ts'
import { parseDateTime } from './date-time.ts'
import { APPROVAL_METHODS, type ApprovalMethod } from './delegation-subject.ts'
import { translateCoreErrors } from './error.ts'
import { checkMembers, malformed, readInteger, readObject, readText } from './members.ts'
import type { PasskeyAssertion } from './passkey-assertion.ts'

/** One person's yes with a passkey. */
export type ApprovalAssertion = PasskeyAssertion & {
  /** The person, as `onBehalfOf.id` spells people. */
  readonly by: string
  /** When the authority took it, `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly at: string
  /** base64url, part of the challenge. */
  readonly nonce: string
}

/** A yes without a passkey: the authority's word for whose it was. */
export type ApprovalStatement = {
  readonly method: 'operator' | 'enrolment' | 'login'
  /** DID of the operator, id of the enrolment, or id of the person. */
  readonly by: string
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly at: string
  /** base64url, so that equal approvals differ. */
  readonly nonce: string
}

/** A request as it was when it was approved. */
export type ApprovedRequest = { readonly id: string; readonly version: number }

/**
 * How roots came to be approved: the document whose digest each of them carries as `approval.digest`. With passkeys it
 * has one assertion per person, otherwise `by`, `at` and `nonce` of the statement. Version 2 knows no enrolment.
 */
export type ApprovalEvidence = {
  readonly type: 'behalf-approval-evidence'
  readonly version: 2 | 3
  readonly method: ApprovalMethod
  readonly requests: readonly ApprovedRequest[]
  readonly approved: ApprovedTerms
  readonly assertions: readonly ApprovalAssertion[]
  readonly by?: string
  readonly at?: string
  readonly nonce?: string
}

const MEMBERS: ReadonlySet<string> = new Set([
  'type',
  'version',
  'method',
  'requests',
  'approved',
  'assertions',
  'by',
  'at',
  'nonce',
])
const REQUEST_MEMBERS: ReadonlySet<string> = new Set(['id', 'version'])
const APPROVED_MEMBERS: Readonly<Record<ApprovalEvidence['version'], ReadonlySet<string>>> = {
  2: new Set(['payloads', 'renderer', 'sentences']),
  3: new Set(['payloads', 'renderer', 'sentences', 'enrolment']),
}
const ENROLMENT_MEMBERS: ReadonlySet<string> = new Set(['valid_until', 'max_seconds'])
const PASSKEY_MEMBERS: ReadonlySet<string> = new Set(['id', 'public_key', 'software'])
const ASSERTION_MEMBERS: ReadonlySet<string> = new Set([
  'by',
  'at',
  'nonce',
  'rp_id',
  'origin',
  'passkey',
  'authenticator_data',
  'client_data_json',
  'signature',
])
const MIN_NONCE_BYTES = 16
/** The longest JCS form of evidence that an API takes in `Approval-Evidence`. */
export const MAX_EVIDENCE_BYTES = 16_384

/**
 * Returns the evidence of an approval. With assertions its method is `passkey`, or `software-passkey` when one of
 * them is by a program.
 * @param options.payloads as they will be signed, or without `approval` and `iat`
 * @param options.given the assertions of one or two people, or a statement
 */
export function createApprovalEvidence(
  options: ApprovedTerms & {
    readonly requests: readonly ApprovedRequest[]
    readonly given: readonly ApprovalAssertion[] | ApprovalStatement
  },
): ApprovalEvidence {
  const { payloads, renderer, sentences, enrolment, requests, given } = options
  const terms = { payloads: payloads.map(approvedPart), renderer, sentences }
  const approved = enrolment === undefined ? terms : { ...terms, enrolment }
  const about = { type: 'behalf-approval-evidence', version: 3, requests, approved } as const
  if (isStatement(given)) return { ...about, ...given, assertions: [] }
  const isSoftware = given.some(({ passkey }) => passkey.software)
  return { ...about, method: isSoftware ? 'software-passkey' : 'passkey', assertions: given }
}

/** Returns `sha-256:` and the base64url SHA-256 of the JCS form: what `approval.digest` of a root says. */
export function digestApprovalEvidence(evidence: ApprovalEvidence): string {
  return digestSha256(canonicalizeJson(evidence))
}

/**
 * Returns `value` as evidence whose members have their form; nothing in it is verified, see `verifyApprovalEvidence`.
 * @throws CredentialError `credential_malformed`
 */
export function parseApprovalEvidence(value: JsonValue): ApprovalEvidence {
  const object = readObject(value, 'evidence')
  checkMembers(object, MEMBERS, 'evidence')
  if (object.type !== 'behalf-approval-evidence') throw malformed('type', 'is not that of approval evidence')
  const { version } = object
  if (version !== 2 && version !== 3) throw malformed('version', 'is neither 2 nor 3')
  const method = APPROVAL_METHODS.find((known) => known === object.method)
  if (method === undefined) throw malformed('method', 'is not defined')
  const { by, at, nonce } = object
  return {
    type: 'behalf-approval-evidence',
    version,
    method,
    requests: readArray(object.requests, 'requests').map(readRequest),
    approved: readApproved(object.approved, version),
    assertions: readArray(object.assertions, 'assertions').map(parseApprovalAssertion),
    ...(by === undefined ? {} : { by: readText(by, 'by') }),
    ...(at === undefined ? {} : { at: readTime(at, 'at') }),
    ...(nonce === undefined ? {} : { nonce: readNonce(nonce, 'nonce') }),
  }
}

function isStatement(given: readonly ApprovalAssertion[] | ApprovalStatement): given is ApprovalStatement {
  return !Array.isArray(given)
}

function readRequest(value: JsonValue): ApprovedRequest {
  const object = readObject(value, 'requests')
  checkMembers(object, REQUEST_MEMBERS, 'requests')
  return {
    id: readText(object.id, 'requests.id'),
    version: readInteger(object.version, 'requests.version', 1),
  }
}

function readApproved(value: JsonValue | undefined, version: ApprovalEvidence['version']): ApprovedTerms {
  const object = readObject(value, 'approved')
  checkMembers(object, APPROVED_MEMBERS[version], 'approved')
  const { enrolment } = object
  return {
    payloads: readArray(object.payloads, 'payloads').map((payload) => readObject(payload, 'payloads')),
    renderer: readInteger(object.renderer, 'renderer', 1),
    sentences: readArray(object.sentences, 'sentences').map((list) =>
      readArray(list, 'sentences').map((sentence) => readText(sentence, 'sentences')),
    ),
    ...(enrolment === undefined ? {} : { enrolment: readEnrolment(enrolment) }),
  }
}

function readEnrolment(value: JsonValue): ApprovedEnrolment {
  const object = readObject(value, 'enrolment')
  checkMembers(object, ENROLMENT_MEMBERS, 'enrolment')
  return {
    valid_until: readTime(object.valid_until, 'valid_until'),
    max_seconds: readInteger(object.max_seconds, 'max_seconds', 1),
  }
}

/**
 * Returns `value` as one assertion of evidence whose members have their form; nothing in it is verified.
 * @throws CredentialError `credential_malformed`
 */
export function parseApprovalAssertion(value: JsonValue): ApprovalAssertion {
  const object = readObject(value, 'assertions')
  checkMembers(object, ASSERTION_MEMBERS, 'assertions')
  return {
    by: readText(object.by, 'by'),
    at: readTime(object.at, 'at'),
    nonce: readNonce(object.nonce, 'nonce'),
    rp_id: readText(object.rp_id, 'rp_id'),
    origin: readText(object.origin, 'origin'),
    passkey: readPasskey(object.passkey),
    authenticator_data: readText(object.authenticator_data, 'authenticator_data'),
    client_data_json: readText(object.client_data_json, 'client_data_json'),
    signature: readText(object.signature, 'signature'),
  }
}

function readPasskey(value: JsonValue | undefined): PasskeyAssertion['passkey'] {
  const object = readObject(value, 'passkey')
  checkMembers(object, PASSKEY_MEMBERS, 'passkey')
  const { id, public_key, software } = object
  if (typeof software !== 'boolean') throw malformed('passkey.software', 'is neither true nor false')
  return { id: readText(id, 'passkey.id'), public_key: readText(public_key, 'passkey.public_key'), software }
}

function readTime(value: JsonValue | undefined, field: string): string {
  parseDateTime(value, field)
  return readText(value, field)
}

function readNonce(value: JsonValue | undefined, field: string): string {
  const nonce = readText(value, field)
  const bytes = translateCoreErrors(field, () => decodeBase64url(nonce))
  if (bytes.length < MIN_NONCE_BYTES) throw malformed(field, 'is too short')
  return nonce
}

function readArray(value: JsonValue | undefined, field: string): readonly JsonValue[] {
  if (!Array.isArray(value)) throw malformed(field, 'is not a list')
  return value
}

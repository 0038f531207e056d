import { BehalfError, systemClock } from '@behalf/core'
import {
  DELEGATION_TAG,
  KEY_TAG,
  type SignatureErrorToken,
  serializeAcceptSignature,
  serializeSignatureError,
} from '@behalf/http-signature'
import { type RefusalEvidence, VerifierError, type VerifierErrorCode } from './error.ts'
import {
  CLIENT_ACTIONS,
  DPOP_PROOF_REFUSED,
  EVIDENCE_REQUIRED,
  HTTP_FAILURES,
  type HttpFailure,
  isVerifierErrorCode,
} from './http-failure.ts'
import { EVIDENCE_FIELD } from './human-approval.ts'

/** An answer that says why a request was refused. */
export interface ProblemResponse {
  readonly status: number
  readonly headers: [name: string, value: string][]
  /** JSON, application/problem+json. */
  readonly body: string
}

/** Options of `toProblemResponse`. */
export interface ProblemResponseOptions {
  /** Origin of the API, named as the realm. */
  readonly origin: string
  readonly requestId: string
  /** The tag that signatures for this API carry; `agent-delegation` unless told. */
  readonly tag?: string
  /** How requests to this API are proven, so what a refusal asks for. Default: `Signature`. */
  readonly scheme?: 'Signature' | 'DPoP'
  /** With `DPoP`: where the API says which authority gives tokens for it. @see RFC 9728 section 5.1 */
  readonly resourceMetadata?: string
  /** Time of the answer in milliseconds, sent as Date so that a client can set its clock. */
  readonly now?: number
}

const LABEL = 'sig'
/** What OAuth calls them, where it has a word of its own. @see RFC 6750 section 3.1, RFC 9449 section 7.1 */
const DPOP_ERRORS: ReadonlyMap<VerifierErrorCode, string> = new Map([
  ['invalid_dpop_proof', 'invalid_dpop_proof'],
  ['use_dpop_nonce', 'use_dpop_nonce'],
  ['scope_exceeded', 'insufficient_scope'],
])
const REQUIRED_COMPONENTS = ['@method', '@target-uri', 'content-digest', 'content-type', 'signature-key']
/** Not in every request, so asked for where they are missing. */
const OPTIONAL_COMPONENTS = ['agent-context', EVIDENCE_FIELD]
/** Names that may be told back: ours, and nothing that could be more than a name. */
const MEMBER_NAME = /^[@A-Za-z0-9_.[\]-]{1,64}$/
const SCOPE_TEXT = /^[!#-[\]-~ ]{1,1024}$/

/**
 * The answer to a refused request. It tells the code, what to do and our own values; nothing the peer sent beyond
 * its own method and target, and no message of an error.
 *
 * @param error what was thrown; anything but an error with a code of the table is `internal_error`
 * @see RFC 9457, RFC 9110 sections 10.2.3 and 11.6.1, RFC 9421 section 5.1, draft-hardt-httpbis-signature-key, RFC
 * 6750 section 3, RFC 9449 section 7.1
 */
export function toProblemResponse(error: unknown, options: ProblemResponseOptions): ProblemResponse {
  const code = toCode(error)
  const evidence = readEvidence(error)
  const { scheme = 'Signature' } = options
  const failure = chooseFailure(code, evidence, scheme)
  const token = scheme === 'Signature' ? (evidence.signatureError ?? failure.token) : undefined
  const body = {
    type: token === undefined ? `urn:behalf:error:${code}` : `urn:ietf:params:sig-error:${token}`,
    title: failure.title,
    status: failure.status,
    code,
    ...selectExtensions(failure, evidence),
    detail: CLIENT_ACTIONS[failure.action],
    request_id: options.requestId,
    retryable: failure.retryable,
  }
  const context = { code, failure, evidence, token, tag: options.tag ?? DELEGATION_TAG }
  return {
    status: failure.status,
    headers: [
      ...commonHeaders(code, options),
      ...(scheme === 'DPoP' ? dpopHeaders(context, options) : challengeHeaders(context, options)),
      ...retryHeaders(context),
      ...(scheme === 'DPoP' ? [] : signatureHeaders(context)),
    ],
    body: JSON.stringify(body),
  }
}

interface FailureContext {
  readonly code: VerifierErrorCode
  readonly failure: HttpFailure
  readonly evidence: RefusalEvidence
  readonly token: SignatureErrorToken | undefined
  readonly tag: string
}

function chooseFailure(
  code: VerifierErrorCode,
  evidence: RefusalEvidence,
  scheme: 'Signature' | 'DPoP',
): HttpFailure {
  if (asksForEvidence(code, evidence)) return EVIDENCE_REQUIRED
  return scheme === 'DPoP' && code === 'invalid_dpop_proof' ? DPOP_PROOF_REFUSED : HTTP_FAILURES[code]
}

function asksForEvidence(code: VerifierErrorCode, { missing }: RefusalEvidence): boolean {
  return code === 'approval_required' && missing?.includes(EVIDENCE_FIELD) === true
}

function toCode(error: unknown): VerifierErrorCode {
  return error instanceof BehalfError && isVerifierErrorCode(error.code) ? error.code : 'internal_error'
}

/** Evidence of an error of any package, as far as it may be told. */
function readEvidence(error: unknown): RefusalEvidence {
  if (!(error instanceof BehalfError)) return {}
  const found: { -readonly [Name in keyof RefusalEvidence]: RefusalEvidence[Name] } = {}
  if ('missing' in error && Array.isArray(error.missing)) found.missing = error.missing.filter(isMemberName)
  if ('link' in error && typeof error.link === 'number') found.link = error.link
  if ('field' in error && isMemberName(error.field)) found.field = error.field
  if ('requiredScope' in error && isScopeText(error.requiredScope)) found.requiredScope = error.requiredScope
  if ('retryAfterSeconds' in error && Number.isSafeInteger(error.retryAfterSeconds)) {
    found.retryAfterSeconds = Number(error.retryAfterSeconds)
  }
  if (error instanceof VerifierError && error.signatureError !== undefined)
    found.signatureError = error.signatureError
  return found
}

function isMemberName(value: unknown): value is string {
  return typeof value === 'string' && MEMBER_NAME.test(value)
}

function isScopeText(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TEXT.test(value)
}

function selectExtensions(failure: HttpFailure, evidence: RefusalEvidence): Record<string, unknown> {
  const values = {
    missing: evidence.missing,
    link: evidence.link,
    field: evidence.field,
    required_scope: evidence.requiredScope,
  }
  return Object.fromEntries(failure.extensions.map((name) => [name, values[name]]))
}

function commonHeaders(code: VerifierErrorCode, options: ProblemResponseOptions): [string, string][] {
  return [
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
    ['Date', new Date(options.now ?? systemClock()).toUTCString()],
    ['Link', `<https://behalf.dev/errors/${code}>; rel="help"`],
    ['Request-Id', options.requestId],
  ]
}

function challengeHeaders(context: FailureContext, { origin }: ProblemResponseOptions): [string, string][] {
  const { code, failure, evidence, tag } = context
  const headers: [string, string][] = []
  if (failure.challenge !== undefined) {
    const isInsufficient = code === 'scope_exceeded'
    const scope =
      isInsufficient && evidence.requiredScope !== undefined ? [`scope="${evidence.requiredScope}"`] : []
    const error = isInsufficient ? 'insufficient_scope' : code
    const parts = [`realm="${new URL(origin).host}"`, `error="${error}"`, ...scope]
    if (failure.challenge === 'Signature') parts.push(`tag="${tag}"`)
    headers.push(['WWW-Authenticate', `${failure.challenge} ${parts.join(', ')}`])
  }
  return headers
}

function retryHeaders({ evidence, failure }: FailureContext): [string, string][] {
  const seconds = evidence.retryAfterSeconds ?? failure.retryAfterSeconds
  return seconds === undefined ? [] : [['Retry-After', String(seconds)]]
}

/** OAuth has few words; the code of the body says more. Who showed nothing is told no error. */
function dpopHeaders(context: FailureContext, options: ProblemResponseOptions): [string, string][] {
  const { code, failure, evidence } = context
  if (failure.challenge === undefined) return []
  const parts = [`realm="${new URL(options.origin).host}"`]
  if (code !== 'credential_missing') parts.push(`error="${DPOP_ERRORS.get(code) ?? 'invalid_token'}"`)
  if (code === 'scope_exceeded' && evidence.requiredScope !== undefined) {
    parts.push(`scope="${evidence.requiredScope}"`)
  }
  parts.push('algs="EdDSA"')
  if (options.resourceMetadata !== undefined) parts.push(`resource_metadata="${options.resourceMetadata}"`)
  return [['WWW-Authenticate', `DPoP ${parts.join(', ')}`]]
}

function signatureHeaders({ code, failure, evidence, token, tag }: FailureContext): [string, string][] {
  const headers: [string, string][] = []
  const isChallenge = failure.status === 401 && failure.challenge === 'Signature' && failure.retryable
  if (isChallenge || asksForEvidence(code, evidence)) {
    const asked = OPTIONAL_COMPONENTS.filter((name) => evidence.missing?.includes(name))
    if (code === 'context_missing') asked.push('agent-context')
    const components = [...REQUIRED_COMPONENTS, ...new Set(asked)]
    headers.push(['Accept-Signature', serializeAcceptSignature({ label: LABEL, components, tag })])
  }
  if (token !== undefined && failure.status !== 403) {
    // Of the codes that carry `missing` this one alone names components, which is what required_input lists.
    const isInput = code === 'component_missing' && token === 'invalid_input'
    const details = isInput && evidence.missing !== undefined ? { requiredInput: evidence.missing } : {}
    headers.push(['Signature-Error', serializeSignatureError(token, details)])
  }
  if (token === 'unsupported_scheme')
    headers.push(['Accept-Signature-Scheme', tag === KEY_TAG ? 'hwk' : 'jwt'])
  return headers
}

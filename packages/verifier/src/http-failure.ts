import type { SignatureErrorToken } from '@behalf/http-signature'
import type { VerifierErrorCode } from './error.ts'

/** What the sender of a refused request can do. */
export type ClientAction =
  | 'none'
  | 'sign_and_retry'
  | 'new_nonce'
  | 'wait'
  | 'retry'
  | 'retry_after'
  | 'rotate_key'
  | 'present_credential'
  | 'renew'
  | 'send_chain'
  | 'ask_person'
  | 'send_evidence'
  | 'ask_delegation'
  | 'restart'
  | 'verify_user'
  | 'log_in'
  | 'fresh_assertion'
  | 'reload'
  | 'new_request'
  | 'poll_later'
  | 'poll_slower'
  | 'dpop_nonce'
  | 'reinitialise'
  | 'reapprove'

/** What a client can do, as the one sentence of `detail` says it. */
export const CLIENT_ACTIONS: Readonly<Record<ClientAction, string>> = Object.freeze({
  none: 'Sending the same request again will not help.',
  sign_and_retry: 'Sign the request again and send it.',
  new_nonce: 'Sign the request again with a new nonce and send it.',
  wait: 'Wait, then sign the request again and send it.',
  retry: 'Send the request again.',
  retry_after: 'Send the request again after the time in Retry-After.',
  rotate_key: 'Use another key.',
  present_credential: 'Present a delegation.',
  renew: 'Ask for a new delegation.',
  send_chain: 'Send the whole chain, once.',
  ask_person: 'Ask a person for approval.',
  send_evidence: 'Send the evidence of the approval, once.',
  ask_delegation: 'Ask for a delegation that covers this request.',
  restart: 'Start the ceremony again.',
  verify_user: 'Repeat the assertion with user verification.',
  log_in: 'Sign in again.',
  fresh_assertion: 'Repeat the action with a fresh assertion.',
  reload: 'Load the page again.',
  new_request: 'Make a new request.',
  poll_later: 'Ask again after the interval.',
  poll_slower: 'Ask again, less often.',
  dpop_nonce: 'Repeat the request with the nonce that was given.',
  reinitialise: 'Start a new session.',
  reapprove: 'Have the changed definition approved.',
})

/** Members that a problem body may carry beyond the common ones. */
export type ProblemExtension = 'missing' | 'link' | 'field' | 'required_scope'

/** One row of the table: how a code is told over HTTP. */
export interface HttpFailure {
  readonly status: number
  readonly title: string
  readonly action: ClientAction
  /** The same request, sent as `action` says, may be accepted: no new right and no other key is needed. */
  readonly retryable: boolean
  /** Token of the Signature-Error header, where one fits. */
  readonly token?: SignatureErrorToken
  /** Scheme of WWW-Authenticate; absent where the answer carries none. */
  readonly challenge?: 'Signature' | 'DPoP'
  /** Default of Retry-After in seconds; absent where the answer carries none. */
  readonly retryAfterSeconds?: number
  readonly extensions: readonly ProblemExtension[]
}

type RowOptions = Partial<Pick<HttpFailure, 'token' | 'challenge' | 'retryAfterSeconds' | 'extensions'>>

const RETRYABLE: ReadonlySet<ClientAction> = new Set([
  'sign_and_retry',
  'new_nonce',
  'wait',
  'retry',
  'retry_after',
  'send_chain',
  'send_evidence',
  'poll_later',
  'poll_slower',
  'dpop_nonce',
])

const DEFAULT_RETRY_AFTER_SECONDS = 5

function row(status: number, title: string, action: ClientAction, options: RowOptions = {}): HttpFailure {
  return Object.freeze({
    status,
    title,
    action,
    retryable: RETRYABLE.has(action),
    extensions: [],
    ...(status === 401 ? { challenge: 'Signature' as const } : {}),
    ...(action === 'retry_after' ? { retryAfterSeconds: DEFAULT_RETRY_AFTER_SECONDS } : {}),
    ...options,
  })
}

/** Options of a row that only adds a Signature-Error token. */
const token = (name: SignatureErrorToken): RowOptions => ({ token: name })

/**
 * The one table from code to answer. A code without a row does not compile, and a snapshot test guards every row.
 *
 * @see RFC 9457, RFC 9110 section 11.6.1, draft-hardt-httpbis-signature-key (Signature-Error)
 */
export const HTTP_FAILURES: Readonly<Record<VerifierErrorCode, HttpFailure>> = Object.freeze({
  signature_missing: row(401, 'No signature', 'sign_and_retry', token('invalid_request')),
  signature_malformed: row(400, 'Signature header not well-formed', 'none', token('invalid_request')),
  signature_ambiguous: row(400, 'Signature given more than once', 'none', token('invalid_request')),
  component_missing: row(401, 'Required component not covered', 'sign_and_retry', {
    token: 'invalid_input',
    extensions: ['missing'],
  }),
  component_unsupported: row(400, 'Covered component outside the profile', 'none', token('invalid_input')),
  parameter_missing: row(401, 'Signature parameter missing', 'sign_and_retry', {
    token: 'invalid_request',
    extensions: ['missing'],
  }),
  parameter_invalid: row(400, 'Signature parameter not acceptable', 'none', token('invalid_request')),
  algorithm_unsupported: row(401, 'Algorithm not supported', 'none', token('unsupported_algorithm')),
  tag_mismatch: row(401, 'Signature made for another purpose', 'none', token('invalid_request')),
  keyid_unsupported: row(401, 'Key identifier not supported here', 'none', token('unknown_key')),
  key_invalid: row(401, 'Key not acceptable', 'none', token('invalid_key')),
  key_mismatch: row(401, 'Signer does not hold the delegation', 'none', token('invalid_key')),
  key_revoked: row(401, 'Key revoked', 'rotate_key', token('invalid_key')),
  signature_invalid: row(401, 'Signature not valid', 'none', token('invalid_signature')),
  signature_expired: row(401, 'Signature expired', 'sign_and_retry', token('clock_skew')),
  signature_not_yet_valid: row(401, 'Signature made in the future', 'wait', token('clock_skew')),
  signature_window_too_long: row(
    401,
    'Signature valid for too long',
    'sign_and_retry',
    token('invalid_request'),
  ),
  nonce_invalid: row(400, 'Nonce not acceptable', 'none', token('invalid_request')),
  nonce_replayed: row(401, 'Nonce already used', 'new_nonce'),
  replay_store_unavailable: row(503, 'Replay protection not available', 'retry_after'),
  clock_unsynchronized: row(503, 'Clock not trustworthy', 'retry_after', { retryAfterSeconds: 60 }),
  digest_missing: row(401, 'Body without Content-Digest', 'sign_and_retry', token('invalid_input')),
  digest_mismatch: row(400, 'Body does not match its digest', 'none'),
  digest_unsupported: row(400, 'No acceptable digest algorithm', 'none'),
  target_mismatch: row(401, 'Request made for another origin', 'none'),
  target_ambiguous: row(400, 'Request target not unambiguous', 'none'),
  header_ambiguous: row(400, 'Header given more than once', 'none'),
  request_malformed: row(400, 'Request not well-formed', 'none'),
  request_too_large: row(413, 'Body too large', 'none'),
  header_too_large: row(431, 'Headers too large', 'none'),
  body_timeout: row(408, 'Body not received in time', 'retry'),
  rate_limited: row(429, 'Too many requests', 'retry_after', { retryAfterSeconds: 60 }),
  credential_missing: row(401, 'No delegation presented', 'present_credential', token('unsupported_scheme')),
  credential_malformed: row(400, 'Credential not well-formed', 'none', token('invalid_jwt')),
  credential_too_large: row(400, 'Credential too large', 'none', token('invalid_jwt')),
  json_ambiguous: row(400, 'JSON with more than one reading', 'none'),
  format_mismatch: row(400, 'Credential contradicts itself', 'none', token('invalid_jwt')),
  credential_type_mismatch: row(401, 'Not a delegation', 'none', token('invalid_jwt')),
  context_unsupported: row(400, 'JSON-LD context not supported', 'none', token('invalid_jwt')),
  cryptosuite_unsupported: row(401, 'Cryptosuite not supported', 'none'),
  proof_malformed: row(400, 'Proof not well-formed', 'none'),
  proof_purpose_mismatch: row(401, 'Proof made for another purpose', 'none'),
  credential_signature_invalid: row(401, 'Credential signature not valid', 'none', token('invalid_jwt')),
  issuer_untrusted: row(401, 'Issuer not trusted', 'none'),
  issuer_mismatch: row(401, 'Issuer does not control the key', 'none', token('issuer_mismatch')),
  credential_expired: row(401, 'Delegation expired', 'renew', token('expired_jwt')),
  credential_not_yet_valid: row(401, 'Delegation not yet valid', 'wait'),
  credential_revoked: row(401, 'Delegation revoked', 'none', { extensions: ['link'] }),
  credential_suspended: row(401, 'Delegation suspended', 'wait', { extensions: ['link'] }),
  cache_miss: row(401, 'Referenced chain not held', 'send_chain', token('cache_miss')),
  approval_required: row(403, 'Approval by a person required', 'ask_person', { extensions: ['missing'] }),
  evidence_invalid: row(401, 'Approval evidence not valid', 'none'),
  context_missing: row(401, 'Agent-Context incomplete', 'sign_and_retry', {
    token: 'invalid_input',
    extensions: ['missing'],
  }),
  audience_mismatch: row(403, 'Delegation made for other origins', 'none'),
  chain_broken: row(401, 'Chain of delegations broken', 'none'),
  chain_cycle: row(401, 'Chain of delegations repeats itself', 'none'),
  chain_too_deep: row(401, 'Chain of delegations too deep', 'none'),
  delegation_not_permitted: row(403, 'Delegation may not be passed on', 'none'),
  attenuation_violation: row(401, 'Delegation wider than its parent', 'none', { extensions: ['field'] }),
  scope_malformed: row(400, 'Capability not well-formed', 'none'),
  scope_exceeded: row(403, 'Delegation does not cover this request', 'ask_delegation', {
    challenge: 'Signature',
    extensions: ['required_scope'],
  }),
  policy_denied: row(403, 'A constraint of the delegation denies this request', 'none'),
  policy_unknown: row(403, 'A constraint of the delegation is not understood', 'none'),
  budget_exceeded: row(403, 'Uses of the delegation exhausted', 'none'),
  status_invalid: row(401, 'Status entry or list not valid', 'none'),
  status_index_invalid: row(401, 'Status index not valid', 'none'),
  status_rollback: row(503, 'Status went back', 'retry_after'),
  status_stale: row(503, 'Status not fresh', 'retry_after'),
  status_unavailable: row(503, 'Status not known yet', 'retry_after'),
  resolution_blocked: row(401, 'Address not allowed', 'none'),
  resolution_invalid: row(401, 'Resolved document not valid', 'none'),
  resolution_timeout: row(503, 'Resolution took too long', 'retry_after'),
  webauthn_challenge_invalid: row(400, 'Challenge unknown or used', 'restart'),
  webauthn_origin_mismatch: row(400, 'Assertion made on another origin', 'none'),
  webauthn_rp_mismatch: row(400, 'Assertion made for another relying party', 'none'),
  webauthn_user_not_verified: row(403, 'User not verified', 'verify_user'),
  webauthn_signature_invalid: row(400, 'Assertion signature not valid', 'none'),
  webauthn_malformed: row(400, 'Assertion not well-formed', 'none'),
  webauthn_counter_regression: row(403, 'Authenticator counter went back', 'none'),
  webauthn_attestation_invalid: row(400, 'Attestation not acceptable', 'none'),
  webauthn_credential_exists: row(409, 'Passkey already registered', 'none'),
  session_invalid: row(401, 'No live session', 'log_in'),
  step_up_required: row(403, 'Fresh assertion required', 'fresh_assertion'),
  csrf_invalid: row(403, 'Request not from our page', 'reload'),
  approval_mismatch: row(409, 'Approval is for another version', 'reload'),
  approval_expired: row(410, 'Approval expired', 'new_request'),
  approval_consumed: row(409, 'Already decided', 'none'),
  input_invalid: row(422, 'Input not acceptable', 'none', { extensions: ['field'] }),
  forbidden: row(403, 'Not allowed', 'none'),
  not_found: row(404, 'Not found', 'none'),
  authorization_pending: row(400, 'Not decided yet', 'poll_later'),
  slow_down: row(400, 'Asked too often', 'poll_slower'),
  access_denied: row(403, 'Refused', 'none'),
  invalid_client: row(401, 'Key not proven', 'none'),
  invalid_request: row(400, 'Request not acceptable', 'none'),
  invalid_grant: row(400, 'Grant not acceptable', 'none'),
  invalid_scope: row(400, 'Wider than what was granted', 'none'),
  invalid_target: row(400, 'Target not granted', 'none'),
  invalid_dpop_proof: row(400, 'DPoP proof not valid', 'none'),
  use_dpop_nonce: row(401, 'DPoP nonce required', 'dpop_nonce', { challenge: 'DPoP' }),
  invalid_token: row(401, 'Token not valid', 'renew', { challenge: 'DPoP' }),
  mcp_session_mismatch: row(403, 'Session belongs to another delegation', 'reinitialise'),
  mcp_host_forbidden: row(403, 'Host or origin not allowed', 'none'),
  mcp_batch_unsupported: row(400, 'Batches not supported', 'none'),
  mcp_server_unavailable: row(503, 'MCP server does not answer', 'retry_after'),
  tool_definition_changed: row(403, 'Tool definition changed', 'reapprove'),
  audit_unavailable: row(503, 'Cannot be recorded, so not done', 'retry_after'),
  storage_failed: row(503, 'Disk failed', 'retry_after'),
  internal_error: row(500, 'Internal error', 'retry_after'),
})

/** How `approval_required` is told where a person did approve and only the evidence was not shown. */
export const EVIDENCE_REQUIRED: HttpFailure = row(403, 'Evidence of the approval required', 'send_evidence', {
  extensions: ['missing'],
})

/** How an API tells `invalid_dpop_proof`; a token endpoint tells it as the table says. @see RFC 9449 section 7.1 */
export const DPOP_PROOF_REFUSED: HttpFailure = row(401, 'DPoP proof not valid', 'none', { challenge: 'DPoP' })

/**
 * Whether a text is a code of the table.
 *
 * @param code any text, for instance the code of another package's error
 */
export function isVerifierErrorCode(code: string): code is VerifierErrorCode {
  return Object.hasOwn(HTTP_FAILURES, code)
}

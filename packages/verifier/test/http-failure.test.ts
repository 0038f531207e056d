import { describe, expect, test } from 'vitest'
import { CLIENT_ACTIONS, HTTP_FAILURES, isVerifierErrorCode } from '../src/http-failure.ts'

const rows = Object.entries(HTTP_FAILURES)

describe('the table of refusals', () => {
  test('says which actions may lead to an acceptance without a new right or key', () => {
    const retryable = new Set(rows.filter(([, row]) => row.retryable).map(([, { action }]) => action))
    expect([...retryable].toSorted()).toEqual([
      'dpop_nonce',
      'new_nonce',
      'poll_later',
      'poll_slower',
      'retry',
      'retry_after',
      'send_chain',
      'sign_and_retry',
      'wait',
    ])
  })

  test('says after how many seconds, where that is not five', () => {
    const others = rows.flatMap(([code, { retryAfterSeconds: seconds }]) =>
      seconds === undefined || seconds === 5 ? [] : [`${code} ${seconds}`],
    )
    expect(others.toSorted()).toEqual(['clock_unsynchronized 60', 'rate_limited 60'])
  })

  test('has these codes, each with its status and action: codes are API and never renamed', () => {
    const lines = rows.map(([code, { status, action }]) => `${code} ${status} ${action}`)
    expect(lines.sort()).toMatchInlineSnapshot(`
      [
        "access_denied 403 none",
        "algorithm_unsupported 401 none",
        "approval_consumed 409 none",
        "approval_expired 410 new_request",
        "approval_mismatch 409 reload",
        "approval_required 403 ask_person",
        "attenuation_violation 401 none",
        "audience_mismatch 403 none",
        "audit_unavailable 503 retry_after",
        "authorization_pending 400 poll_later",
        "body_timeout 408 retry",
        "budget_exceeded 403 none",
        "cache_miss 401 send_chain",
        "chain_broken 401 none",
        "chain_cycle 401 none",
        "chain_too_deep 401 none",
        "clock_unsynchronized 503 retry_after",
        "component_missing 401 sign_and_retry",
        "component_unsupported 400 none",
        "context_missing 401 sign_and_retry",
        "context_unsupported 400 none",
        "credential_expired 401 renew",
        "credential_malformed 400 none",
        "credential_missing 401 present_credential",
        "credential_not_yet_valid 401 wait",
        "credential_revoked 401 none",
        "credential_signature_invalid 401 none",
        "credential_suspended 401 wait",
        "credential_too_large 400 none",
        "credential_type_mismatch 401 none",
        "cryptosuite_unsupported 401 none",
        "csrf_invalid 403 reload",
        "delegation_not_permitted 403 none",
        "digest_mismatch 400 none",
        "digest_missing 401 sign_and_retry",
        "digest_unsupported 400 none",
        "evidence_invalid 401 none",
        "forbidden 403 none",
        "format_mismatch 400 none",
        "header_ambiguous 400 none",
        "header_too_large 431 none",
        "input_invalid 422 none",
        "internal_error 500 retry_after",
        "invalid_client 401 none",
        "invalid_dpop_proof 400 none",
        "invalid_grant 400 none",
        "invalid_request 400 none",
        "invalid_scope 400 none",
        "invalid_target 400 none",
        "invalid_token 401 renew",
        "issuer_mismatch 401 none",
        "issuer_untrusted 401 none",
        "json_ambiguous 400 none",
        "key_invalid 401 none",
        "key_mismatch 401 none",
        "key_revoked 401 rotate_key",
        "keyid_unsupported 401 none",
        "mcp_batch_unsupported 400 none",
        "mcp_host_forbidden 403 none",
        "mcp_server_unavailable 503 retry_after",
        "mcp_session_mismatch 403 reinitialise",
        "nonce_invalid 400 none",
        "nonce_replayed 401 new_nonce",
        "not_found 404 none",
        "parameter_invalid 400 none",
        "parameter_missing 401 sign_and_retry",
        "policy_denied 403 none",
        "policy_unknown 403 none",
        "proof_malformed 400 none",
        "proof_purpose_mismatch 401 none",
        "rate_limited 429 retry_after",
        "replay_store_unavailable 503 retry_after",
        "request_malformed 400 none",
        "request_too_large 413 none",
        "resolution_blocked 401 none",
        "resolution_invalid 401 none",
        "resolution_timeout 503 retry_after",
        "scope_exceeded 403 ask_delegation",
        "scope_malformed 400 none",
        "session_invalid 401 log_in",
        "signature_ambiguous 400 none",
        "signature_expired 401 sign_and_retry",
        "signature_invalid 401 none",
        "signature_malformed 400 none",
        "signature_missing 401 sign_and_retry",
        "signature_not_yet_valid 401 wait",
        "signature_window_too_long 401 sign_and_retry",
        "slow_down 400 poll_slower",
        "status_index_invalid 401 none",
        "status_invalid 401 none",
        "status_rollback 503 retry_after",
        "status_stale 503 retry_after",
        "status_unavailable 503 retry_after",
        "step_up_required 403 fresh_assertion",
        "storage_failed 503 retry_after",
        "tag_mismatch 401 none",
        "target_ambiguous 400 none",
        "target_mismatch 401 none",
        "tool_definition_changed 403 reapprove",
        "use_dpop_nonce 401 dpop_nonce",
        "webauthn_attestation_invalid 400 none",
        "webauthn_challenge_invalid 400 restart",
        "webauthn_counter_regression 403 none",
        "webauthn_credential_exists 409 none",
        "webauthn_malformed 400 none",
        "webauthn_origin_mismatch 400 none",
        "webauthn_rp_mismatch 400 none",
        "webauthn_signature_invalid 400 none",
        "webauthn_user_not_verified 403 verify_user",
      ]
    `)
  })

  test('has these Signature-Error tokens', () => {
    const tokens = rows.flatMap(([code, { token }]) => (token === undefined ? [] : [`${code} ${token}`]))
    expect(tokens.sort()).toMatchInlineSnapshot(`
      [
        "algorithm_unsupported unsupported_algorithm",
        "cache_miss cache_miss",
        "component_missing invalid_input",
        "component_unsupported invalid_input",
        "context_missing invalid_input",
        "context_unsupported invalid_jwt",
        "credential_expired expired_jwt",
        "credential_malformed invalid_jwt",
        "credential_missing unsupported_scheme",
        "credential_signature_invalid invalid_jwt",
        "credential_too_large invalid_jwt",
        "credential_type_mismatch invalid_jwt",
        "digest_missing invalid_input",
        "format_mismatch invalid_jwt",
        "issuer_mismatch issuer_mismatch",
        "key_invalid invalid_key",
        "key_mismatch invalid_key",
        "key_revoked invalid_key",
        "keyid_unsupported unknown_key",
        "nonce_invalid invalid_request",
        "parameter_invalid invalid_request",
        "parameter_missing invalid_request",
        "signature_ambiguous invalid_request",
        "signature_expired clock_skew",
        "signature_invalid invalid_signature",
        "signature_malformed invalid_request",
        "signature_missing invalid_request",
        "signature_not_yet_valid clock_skew",
        "signature_window_too_long invalid_request",
        "tag_mismatch invalid_request",
      ]
    `)
  })

  test('tells Retry-After with every 503, 429 and 500, and with nothing else', () => {
    for (const [code, { status, retryAfterSeconds }] of rows) {
      expect(retryAfterSeconds !== undefined, code).toBe([429, 500, 503].includes(status))
    }
  })

  test('challenges with every 401, and with scope_exceeded', () => {
    for (const [code, { status, challenge }] of rows) {
      expect(challenge !== undefined, code).toBe(status === 401 || code === 'scope_exceeded')
    }
  })

  test('gives no Signature-Error token to a request that verified but is not allowed', () => {
    const forbidden = rows.filter(([, { status }]) => status === 403)
    expect(forbidden.length).toBeGreaterThan(10)
    expect(forbidden.filter(([, { token }]) => token !== undefined)).toEqual([])
  })

  test('has a sentence for every action, and a distinct title for every row', () => {
    for (const [code, { action, title }] of rows) {
      expect(CLIENT_ACTIONS[action], code).toMatch(/^[A-Z].*\.$/)
      expect(title, code).toMatch(/^[A-Z][A-Za-z ,-]+$/)
    }
    expect(new Set(rows.map(([, { title }]) => title)).size).toBe(rows.length)
  })

  test('adds evidence to the body only where it says so', () => {
    const extended = rows.flatMap(([code, { extensions }]) => extensions.map((name) => `${code} ${name}`))
    expect(extended.sort()).toEqual([
      'approval_required missing',
      'attenuation_violation field',
      'component_missing missing',
      'context_missing missing',
      'credential_revoked link',
      'credential_suspended link',
      'input_invalid field',
      'parameter_missing missing',
      'scope_exceeded required_scope',
    ])
  })

  test('cannot be changed', () => {
    expect(Object.isFrozen(HTTP_FAILURES)).toBe(true)
    expect(rows.every(([, row]) => Object.isFrozen(row))).toBe(true)
  })

  test.each(['constructor', 'toString', '__proto__', '', 'ok', 'Signature_missing'])(
    '%j is no code',
    (code) => {
      expect(isVerifierErrorCode(code)).toBe(false)
    },
  )
})

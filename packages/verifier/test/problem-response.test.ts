import { BehalfError } from '@behalf/core'
import { KEY_TAG, parseAcceptSignature, parseSignatureError } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import {
  type ProblemResponse,
  toProblemResponse,
  VerifierError,
  type VerifierErrorCode,
} from '../src/index.ts'

const REQUEST_ID = '01JE0000000000000000000000'
const options = { origin: 'https://api.test', requestId: REQUEST_ID, now: Date.UTC(2026, 11, 1, 12) }

class OtherError extends BehalfError {
  readonly field?: string
  readonly missing?: readonly string[]
  readonly retryAfterSeconds?: number

  constructor(
    code: string,
    evidence: Partial<Pick<OtherError, 'field' | 'missing' | 'retryAfterSeconds'>> = {},
  ) {
    super(code, 'a message that names <script> and secrets')
    Object.assign(this, evidence)
  }
}

function respond(code: VerifierErrorCode, evidence = {}): ProblemResponse {
  return toProblemResponse(new VerifierError(code, 'for the log', evidence), options)
}

function header(response: ProblemResponse, name: string): string | undefined {
  const values = response.headers.filter(([key]) => key === name).map(([, value]) => value)
  expect(values.length, name).toBeLessThan(2)
  return values[0]
}

describe('toProblemResponse', () => {
  test('tells evidence of its type alone, whoever made the error', () => {
    const wrong = Object.assign(new OtherError('credential_revoked'), { link: '1', signatureError: 'x' })
    const right = Object.assign(new OtherError('credential_revoked'), { link: 1 })
    expect(JSON.parse(toProblemResponse(wrong, options).body)).not.toHaveProperty('link')
    expect(JSON.parse(toProblemResponse(right, options).body)).toMatchObject({ link: 1 })
    const field = Object.assign(new OtherError('attenuation_violation'), { field: ['validUntil'] })
    expect(JSON.parse(toProblemResponse(field, options).body)).not.toHaveProperty('field')
    const scope = Object.assign(new OtherError('scope_exceeded'), { requiredScope: ['GET /a'] })
    expect(JSON.parse(toProblemResponse(scope, options).body)).not.toHaveProperty('required_scope')
  })

  test('challenges where the table says so, and only there', () => {
    expect(header(respond('request_malformed'), 'WWW-Authenticate')).toBeUndefined()
    expect(header(respond('policy_denied'), 'WWW-Authenticate')).toBeUndefined()
    expect(header(respond('policy_denied'), 'Accept-Signature')).toBeUndefined()
    expect(header(respond('scope_exceeded'), 'Accept-Signature')).toBeUndefined()
  })

  test('answers a missing component as documented', () => {
    const response = respond('component_missing', { missing: ['content-digest'] })
    expect(response.status).toBe(401)
    expect(JSON.parse(response.body)).toEqual({
      type: 'urn:ietf:params:sig-error:invalid_input',
      title: 'Required component not covered',
      status: 401,
      code: 'component_missing',
      missing: ['content-digest'],
      detail: 'Sign the request again and send it.',
      request_id: REQUEST_ID,
      retryable: true,
    })
    expect(response.headers).toEqual([
      ['Content-Type', 'application/problem+json'],
      ['Cache-Control', 'no-store'],
      ['Date', 'Tue, 01 Dec 2026 12:00:00 GMT'],
      ['Link', '<https://behalf.dev/errors/component_missing>; rel="help"'],
      ['Request-Id', REQUEST_ID],
      ['WWW-Authenticate', 'Signature realm="api.test", error="component_missing", tag="agent-delegation"'],
      [
        'Accept-Signature',
        'sig=("@method" "@target-uri" "content-digest" "content-type" "signature-key");created;expires;nonce;keyid;tag="agent-delegation"',
      ],
      ['Signature-Error', 'error=invalid_input, required_input=("content-digest")'],
    ])
  })

  test('writes headers that the parsers of the client take', () => {
    const response = respond('component_missing', { missing: ['agent-context'] })
    const [wanted] = parseAcceptSignature(header(response, 'Accept-Signature') ?? '')
    expect(wanted?.components).toContain('agent-context')
    expect(parseSignatureError(header(response, 'Signature-Error') ?? '')).toEqual({
      error: 'invalid_input',
      requiredInput: ['agent-context'],
    })
  })

  test('never asks to cover what only the peer named', () => {
    const response = respond('component_missing', { missing: ['x-missing'] })
    expect(header(response, 'Accept-Signature')).not.toContain('x-missing')
  })

  test('does not mistake missing parameters for components', () => {
    const response = respond('parameter_missing', { missing: ['nonce'] })
    expect(header(response, 'Accept-Signature')).not.toContain('"nonce"')
    expect(header(response, 'Signature-Error')).toBe('error=invalid_request')
    expect(JSON.parse(response.body)).toMatchObject({ missing: ['nonce'] })
  })

  test('asks for the context when it is incomplete', () => {
    const response = respond('context_missing', { missing: ['run'] })
    expect(header(response, 'Accept-Signature')).toContain('"agent-context"')
    expect(header(response, 'Signature-Error')).toBe('error=invalid_input')
    expect(JSON.parse(response.body)).toMatchObject({ missing: ['run'] })
  })

  test('asks for evidence of an approval where only that is missing', () => {
    const response = respond('approval_required', { missing: ['approval-evidence'] })
    const [wanted] = parseAcceptSignature(header(response, 'Accept-Signature') ?? '')
    expect(response.status).toBe(403)
    expect(wanted?.components).toContain('approval-evidence')
    expect(JSON.parse(response.body)).toMatchObject({
      missing: ['approval-evidence'],
      detail: 'Send the evidence of the approval, once.',
      retryable: true,
    })
  })

  test('asks for a person where no evidence would help', () => {
    const response = respond('approval_required')
    expect(header(response, 'Accept-Signature')).toBeUndefined()
    expect(JSON.parse(response.body)).toMatchObject({
      detail: 'Ask a person for approval.',
      retryable: false,
    })
  })

  test('uses its own type where no token fits', () => {
    const response = respond('nonce_replayed')
    expect(JSON.parse(response.body)).toMatchObject({
      type: 'urn:behalf:error:nonce_replayed',
      retryable: true,
    })
    expect(header(response, 'Signature-Error')).toBeUndefined()
    expect(header(response, 'Accept-Signature')).toBeDefined()
  })

  test('does not ask to sign again where that does not help', () => {
    expect(header(respond('key_mismatch'), 'Accept-Signature')).toBeUndefined()
    expect(header(respond('status_stale'), 'Accept-Signature')).toBeUndefined()
  })

  test('tells what a delegation would have to cover', () => {
    const requiredScope = 'DELETE https://api.test/v1/items/7'
    const response = respond('scope_exceeded', { requiredScope })
    expect(response.status).toBe(403)
    expect(JSON.parse(response.body)).toMatchObject({ required_scope: requiredScope, retryable: false })
    expect(header(response, 'WWW-Authenticate')).toBe(
      `Signature realm="api.test", error="insufficient_scope", scope="${requiredScope}", tag="agent-delegation"`,
    )
    expect(header(response, 'Signature-Error')).toBeUndefined()
  })

  test.each(['a "quote', 'back\\slash', 'line\nbreak', 'é'.repeat(3), 'x'.repeat(2000)])(
    'leaves out a scope that is more than method and URL: %j',
    (requiredScope) => {
      const response = respond('scope_exceeded', { requiredScope })
      expect(JSON.parse(response.body)).not.toHaveProperty('required_scope')
      expect(header(response, 'WWW-Authenticate')).not.toContain('scope="')
    },
  )

  test('leaves out names that are more than names', () => {
    const missing = ['content-digest', 'a b', '<script>', 'x'.repeat(65), '']
    expect(JSON.parse(respond('component_missing', { missing }).body)).toMatchObject({
      missing: ['content-digest'],
    })
    const field = 'capabilities[0].paths<img>'
    expect(JSON.parse(respond('attenuation_violation', { field }).body)).not.toHaveProperty('field')
  })

  test('names the link of a revoked delegation, and of nothing else', () => {
    expect(JSON.parse(respond('credential_revoked', { link: 1 }).body)).toMatchObject({ link: 1 })
    expect(JSON.parse(respond('credential_expired', { link: 1 }).body)).not.toHaveProperty('link')
  })

  test('gives Retry-After from the table, or from the evidence', () => {
    expect(header(respond('replay_store_unavailable'), 'Retry-After')).toBe('5')
    expect(header(respond('rate_limited', { retryAfterSeconds: 17 }), 'Retry-After')).toBe('17')
    expect(header(respond('signature_invalid'), 'Retry-After')).toBeUndefined()
  })

  test('tells the accepted scheme when another one was used', () => {
    expect(header(respond('credential_missing'), 'Accept-Signature-Scheme')).toBe('jwt')
    expect(header(respond('signature_missing'), 'Accept-Signature-Scheme')).toBeUndefined()
    const error = new VerifierError('keyid_unsupported', 'for the log', {
      signatureError: 'unsupported_scheme',
    })
    const response = toProblemResponse(error, { ...options, tag: KEY_TAG })
    expect(header(response, 'Accept-Signature-Scheme')).toBe('hwk')
    expect(header(response, 'WWW-Authenticate')).toContain('tag="agent-key"')
  })

  test('challenges for DPoP where a token was wanted', () => {
    expect(header(respond('use_dpop_nonce'), 'WWW-Authenticate')).toBe(
      'DPoP realm="api.test", error="use_dpop_nonce"',
    )
  })

  test('takes errors of every package, with their evidence', () => {
    const response = toProblemResponse(new OtherError('input_invalid', { field: 'purpose' }), options)
    expect(response.status).toBe(422)
    expect(JSON.parse(response.body)).toMatchObject({ code: 'input_invalid', field: 'purpose' })
    const slow = toProblemResponse(new OtherError('slow_down', { retryAfterSeconds: 9 }), options)
    expect(header(slow, 'Retry-After')).toBe('9')
    const wrong = toProblemResponse(
      new OtherError('component_missing', { missing: ['ok', 'not ok'] }),
      options,
    )
    expect(JSON.parse(wrong.body)).toMatchObject({ missing: ['ok'] })
  })

  test.each([
    ['an unknown code', new OtherError('somebody_elses_code')],
    ['a code of a prototype', new OtherError('constructor')],
    ['an error without a code', new TypeError('x is not a function')],
    ['something thrown that is no error', 'text'],
    ['nothing', undefined],
  ])('answers %s with internal_error', (_name, error) => {
    const response = toProblemResponse(error, options)
    expect(response.status).toBe(500)
    expect(JSON.parse(response.body)).toMatchObject({ code: 'internal_error' })
    expect(header(response, 'Retry-After')).toBe('5')
  })

  test('never tells the message of an error', () => {
    const response = toProblemResponse(new OtherError('forbidden'), options)
    expect(JSON.stringify(response)).not.toContain('secrets')
    expect(JSON.stringify(respond('forbidden'))).not.toContain('for the log')
  })

  test('tells the time of the system when no other is given', () => {
    const { headers } = toProblemResponse(undefined, { origin: 'https://api.test', requestId: REQUEST_ID })
    const date = headers.find(([name]) => name === 'Date')?.[1] ?? ''
    expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(60_000)
  })
})

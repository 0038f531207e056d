import type { FieldLines } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import type { VerifierErrorCode } from '../src/error.ts'
import { checkBody, checkFraming } from '../src/framing.ts'
import { checkHeaderAmbiguity, overridesMethod } from '../src/header-ambiguity.ts'
import { DEFAULT_REQUEST_LIMITS, type IncomingRequest } from '../src/incoming-request.ts'

const HOST: FieldLines = [['Host', 'api.test']]

function incoming(changes: Partial<IncomingRequest>): IncomingRequest {
  return { method: 'POST', target: '/v1/items', headers: HOST, body: new Uint8Array(), ...changes }
}

function frame(changes: Partial<IncomingRequest>): VerifierErrorCode | 'ok' {
  return codeOf(() => checkFraming(incoming(changes), DEFAULT_REQUEST_LIMITS))
}

function ambiguity(...headers: FieldLines): VerifierErrorCode | 'ok' {
  return codeOf(() => checkHeaderAmbiguity(checkFraming(incoming({ headers }), DEFAULT_REQUEST_LIMITS)))
}

function codeOf(run: () => unknown): VerifierErrorCode | 'ok' {
  try {
    run()
    return 'ok'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code as VerifierErrorCode
    throw error
  }
}

describe('checkFraming', () => {
  test('takes an ordinary request', () => {
    expect(frame({})).toBe('ok')
    expect(frame({ headers: [...HOST, ['Content-Length', '7']] })).toBe('ok')
    expect(frame({ headers: [...HOST, ['Transfer-Encoding', 'chunked']] })).toBe('ok')
  })

  test('lower-cases names, trims values and tells which name is repeated', () => {
    const framed = checkFraming(
      incoming({
        headers: [
          ['Host', 'a'],
          ['X-A', '1'],
          [':authority', 'b'],
          ['x-a', ' 2 '],
        ],
      }),
      DEFAULT_REQUEST_LIMITS,
    )
    const { values, repeated } = framed.fields
    expect([...values]).toEqual([
      ['host', 'a'],
      ['x-a', '1, 2'],
      [':authority', 'b'],
    ])
    expect([...repeated]).toEqual(['x-a'])
    expect(framed.authority).toBe('b')
  })

  test('takes headers whose names are those of prototypes', () => {
    expect(frame({ headers: [...HOST, ['__proto__', 'x'], ['constructor', 'y'], ['toString', 'z']] })).toBe(
      'ok',
    )
  })

  test('counts header lines up to the cap', () => {
    const lines = (count: number): FieldLines =>
      Array.from({ length: count }, (_, index) => [`x-${index}`, ''])
    expect(frame({ headers: lines(128) })).toBe('ok')
    expect(frame({ headers: lines(129) })).toBe('header_too_large')
    expect(frame({ headers: [...lines(2100), ['content-digest', 'x']] })).toBe('header_too_large')
  })

  test('counts the bytes of target and headers up to the cap', () => {
    const used = '/v1/items'.length + 'x'.length + 4
    const room = DEFAULT_REQUEST_LIMITS.maxHeaderBytes - used
    expect(frame({ headers: [['x', 'v'.repeat(room)]] })).toBe('ok')
    expect(frame({ headers: [['x', 'v'.repeat(room + 1)]] })).toBe('header_too_large')
    expect(frame({ headers: [['x'.repeat(40_000), '']] })).toBe('header_too_large')
  })

  test('has a cap of its own for the target', () => {
    expect(frame({ target: `/${'a'.repeat(8191)}` })).toBe('ok')
    expect(frame({ target: `/${'a'.repeat(8192)}` })).toBe('header_too_large')
  })

  test.each(['', 'GE T', 'GET\r\n', 'GÉT', '('])('refuses the method %j', (method) => {
    expect(frame({ method })).toBe('request_malformed')
  })

  test.each([
    ['an empty name', '', 'v'],
    ['a name with a space', 'x y', 'v'],
    ['a name with a colon', 'x:', 'v'],
    ['a name with a line break', 'x\n', 'v'],
    ['a value with a line feed', 'x', 'a\nb: c'],
    ['a value with a carriage return', 'x', 'a\rb'],
    ['a value with NUL', 'x', 'a\0b'],
  ])('refuses %s', (_title, name, value) => {
    expect(frame({ headers: [...HOST, [name, value]] })).toBe('request_malformed')
  })

  test('refuses two ways of ending the body', () => {
    expect(
      frame({
        headers: [
          ['Content-Length', '7'],
          ['Transfer-Encoding', 'chunked'],
        ],
      }),
    ).toBe('request_malformed')
  })

  test.each(['', '+7', '-1', '7.0', '0x7', '07', '7 7', '\xa07', '99999999999999999'])(
    'refuses Content-Length %j',
    (length) => {
      expect(frame({ headers: [['Content-Length', length]] })).toBe('request_malformed')
    },
  )

  test('refuses a body that is announced too large before it is read', () => {
    expect(frame({ headers: [['Content-Length', '1048576']] })).toBe('ok')
    expect(frame({ headers: [['Content-Length', '1048577']] })).toBe('request_too_large')
  })

  test('refuses a repeated pseudo-header', () => {
    expect(
      frame({
        headers: [
          [':authority', 'a'],
          [':authority', 'b'],
        ],
      }),
    ).toBe('request_malformed')
  })
})

describe('checkBody', () => {
  const limits = { ...DEFAULT_REQUEST_LIMITS, maxBytes: 8 }
  const check = (length: number, ...headers: FieldLines): VerifierErrorCode | 'ok' =>
    codeOf(() => checkBody(new Uint8Array(length), checkFraming(incoming({ headers }), limits), limits))

  test('holds the body to its cap', () => {
    expect(check(8)).toBe('ok')
    expect(check(9)).toBe('request_too_large')
  })

  test('holds the body to its announced length', () => {
    expect(check(5, ['Content-Length', '5'])).toBe('ok')
    expect(check(4, ['Content-Length', '5'])).toBe('request_malformed')
    expect(check(6, ['Content-Length', '5'])).toBe('request_malformed')
  })
})

describe('checkHeaderAmbiguity', () => {
  test.each([
    'Host',
    'Content-Type',
    'Content-Length',
    'Content-Digest',
    'Authorization',
    'Signature-Key',
    'Delegation-Chain',
    'Agent-Context',
  ])('refuses %s twice', (name) => {
    expect(ambiguity([name, '1'])).toBe('ok')
    expect(ambiguity([name, '1'], [name.toUpperCase(), '1'])).toBe('header_ambiguous')
  })

  test.each(['Signature', 'Signature-Input'])('refuses %s on two lines', (name) => {
    expect(ambiguity([name, 'a=1'])).toBe('ok')
    expect(ambiguity([name, 'a=1'], [name, 'b=2'])).toBe('signature_ambiguous')
  })

  test.each([
    'content_type',
    'Content_Digest',
    'SIGNATURE_KEY',
    'delegation_chain',
    'agent_context',
    'signature_input',
    'content_length',
    'transfer_encoding',
  ])('refuses the alias %s', (name) => {
    expect(ambiguity([name, 'x'])).toBe('header_ambiguous')
  })

  test('lets other headers be repeated and spelled as they like', () => {
    expect(ambiguity(['Accept', 'a'], ['Accept', 'b'], ['x_custom', 'c'])).toBe('ok')
  })

  test.each([
    ['Host', 'api.test, evil.test'],
    ['Content-Type', 'application/json, text/plain'],
    ['Authorization', 'Bearer x, Bearer y'],
    ['Authorization', 'dpop x,dpop y'],
    ['Authorization', 'Basic eDp5, Basic eDp5'],
  ])('refuses %s: %s, which two lines were joined to', (name, value) => {
    expect(ambiguity([name, value])).toBe('header_ambiguous')
  })

  test('takes a comma where one header may have it', () => {
    expect(ambiguity(['Authorization', 'Digest username="a", realm="b"'])).toBe('ok')
    expect(ambiguity(['Content-Digest', 'sha-256=:x:, sha-512=:y:'])).toBe('ok')
  })
})

describe('overridesMethod', () => {
  const overrides = (...headers: FieldLines): boolean =>
    overridesMethod(checkFraming(incoming({ headers }), DEFAULT_REQUEST_LIMITS), 'POST')

  test.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])('sees %s', (name) => {
    expect(overrides([name, 'DELETE'])).toBe(true)
    expect(overrides([name, 'POST'], [name, 'DELETE'])).toBe(true)
    expect(overrides([name, 'post'])).toBe(true)
    expect(overrides([name, ' POST '])).toBe(false)
  })

  test('sees nothing where there is nothing', () => {
    expect(overrides(['Host', 'api.test'])).toBe(false)
  })
})

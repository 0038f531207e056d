import { parseSignatureError, serializeSignatureError } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, expectMistake } from './fixtures.ts'

describe('Signature-Error', () => {
  test('names a token', () => {
    expect(serializeSignatureError('cache_miss')).toBe('error=cache_miss')
    expect(parseSignatureError('error=cache_miss')).toEqual({ error: 'cache_miss' })
  })

  test('may say what must be covered', () => {
    const text = serializeSignatureError('invalid_input', { requiredInput: ['@method', 'signature-key'] })
    expect(text).toBe('error=invalid_input, required_input=("@method" "signature-key")')
    expect(parseSignatureError(text)).toEqual({
      error: 'invalid_input',
      requiredInput: ['@method', 'signature-key'],
    })
  })

  test('may know tokens and members that we do not', () => {
    expect(parseSignatureError('error=brand_new, more=1, error_uri="x"')).toEqual({ error: 'brand_new' })
  })

  test.each([
    '',
    'error',
    'error="x"',
    'error=(x)',
    'required_input=("a")',
    'error=a, required_input=1',
    'error=a, required_input=(a)',
    'error=a,',
  ])('%j is refused', (value) => {
    expect(codeOf(() => parseSignatureError(value))).toBe('signature_malformed')
  })

  test('a component that cannot be written is a mistake of the caller', () => {
    expectMistake(() => serializeSignatureError('invalid_input', { requiredInput: ['é'] }))
  })
})

import { DELEGATION_TAG, parseAcceptSignature, serializeAcceptSignature } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, expectMistake } from './fixtures.ts'

const CHALLENGE =
  'sig=("@method" "@target-uri" "signature-key");created;expires;nonce;keyid;tag="agent-delegation"'

describe('Accept-Signature', () => {
  test('asks for a signature with everything that the profile requires', () => {
    const components = ['@method', '@target-uri', 'signature-key']
    expect(serializeAcceptSignature({ label: 'sig', components, tag: DELEGATION_TAG })).toBe(CHALLENGE)
  })

  test('is read into labels, components and parameters', () => {
    const [first, second, third] = parseAcceptSignature(`${CHALLENGE}, other=();tag="x"`)
    expect(first).toMatchObject({ label: 'sig', components: ['@method', '@target-uri', 'signature-key'] })
    expect([...(first?.params.keys() ?? [])]).toEqual(['created', 'expires', 'nonce', 'keyid', 'tag'])
    expect(first?.params.get('tag')).toEqual({ type: 'string', value: DELEGATION_TAG })
    expect(second).toMatchObject({ label: 'other', components: [] })
    expect(third).toBeUndefined()
    expect(parseAcceptSignature('')).toEqual([])
  })

  test('a request that we cannot meet does not hide the others', () => {
    const requested = parseAcceptSignature(`ttrp=("signature";key="sig" "@path");tag="ttrp", ${CHALLENGE}`)
    expect(requested.map(({ label }) => label)).toEqual(['sig'])
  })

  test.each([
    ['sig', 'signature_malformed'],
    ['sig="a"', 'signature_malformed'],
    ['sig=(a)', 'signature_malformed'],
    ['sig=(1;x)', 'signature_malformed'],
    ['sig=("a"', 'signature_malformed'],
    ['sig=(), sig=("a")', 'signature_ambiguous'],
    ['sig=();tag="a";tag="b"', 'signature_ambiguous'],
  ])('%s is refused', (value, code) => {
    expect(codeOf(() => parseAcceptSignature(value))).toBe(code)
  })

  test('what cannot be written is a mistake of the caller', () => {
    expectMistake(() => serializeAcceptSignature({ label: 'SIG', components: [], tag: 'a' }))
    expectMistake(() => serializeAcceptSignature({ label: 'sig', components: ['é'], tag: 'a' }))
    expectMistake(() => serializeAcceptSignature({ label: 'sig', components: [], tag: 'a"\n' }))
  })
})

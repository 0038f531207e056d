import { parseSignatureKeyCache, serializeSignatureKeyCache } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, expectMistake } from './fixtures.ts'

const HELD = { cid: 'AAEC', jti: 'urn:uuid:1', expires: 1_796_126_400 }
const TEXT = 'sig="AAEC";jti="urn:uuid:1";expires=1796126400'

describe('Signature-Key-Cache', () => {
  test('says how a credential may be named from now on, and until when', () => {
    expect(serializeSignatureKeyCache('sig', HELD)).toBe(TEXT)
    expect(parseSignatureKeyCache(TEXT, 'sig')).toEqual(HELD)
  })

  test('may say more than we know', () => {
    expect(parseSignatureKeyCache(`other=(1), ${TEXT};new=?0`, 'sig')).toEqual(HELD)
  })

  test.each([
    ['', 'nothing'],
    ['other="AAEC";jti="j";expires=1', 'another label'],
    [`${TEXT}, ${TEXT}`, 'one label twice'],
    [`${TEXT};expires=1`, 'one parameter twice'],
    ['sig="AAEC";expires=1', 'no jti'],
    ['sig="AAEC";jti="j"', 'no end'],
    ['sig=AAEC;jti="j";expires=1', 'a token for a name'],
    ['sig=:AAEC:;jti="j";expires=1', 'bytes for a name'],
    ['sig=("AAEC");jti="j";expires=1', 'a list for a name'],
    ['sig="AAEC";jti=j;expires=1', 'a token for jti'],
    ['sig="AAEC";jti="j";expires=1.5', 'a decimal for the end'],
    ['sig="AAEC";jti="j";expires=@1', 'a date for the end'],
    ['sig', 'a bare label'],
  ])('%j is no offer: %s', (value) => {
    expect(parseSignatureKeyCache(value, 'sig')).toBeUndefined()
  })

  test('that is no dictionary is malformed', () => {
    expect(codeOf(() => parseSignatureKeyCache('sig="AAEC', 'sig'))).toBe('signature_malformed')
  })

  test('that cannot be written is a mistake of the caller', () => {
    expectMistake(() => serializeSignatureKeyCache('SIG', HELD))
    expectMistake(() => serializeSignatureKeyCache('sig', { ...HELD, jti: 'é' }))
    expectMistake(() => serializeSignatureKeyCache('sig', { ...HELD, expires: Number.NaN }))
  })
})

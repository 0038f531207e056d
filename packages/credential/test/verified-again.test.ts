import { beforeEach, describe, expect, test } from 'vitest'
import {
  type IssuerKeys,
  parseDelegationChain,
  type VerifiedChain,
  verifyDelegationChain,
} from '../src/index.ts'
import { createActor, issuer, issuers, MINUTE, NOW } from './support/actors.ts'
import { rootTerms, signChain } from './support/delegations.ts'
import { codeOf } from './support/refusal.ts'

const links = await signChain([{}, {}, {}])
const { validUntil } = rootTerms()
const withKey =
  (key: Uint8Array): IssuerKeys =>
  (did) =>
    did === issuer.did ? key : undefined
const again = (chain: VerifiedChain, changes: { issuers?: IssuerKeys; now?: number } = {}): string =>
  codeOf(() => verifyDelegationChain(chain, { issuers, now: NOW, ...changes }))

describe('a chain that was verified before', () => {
  let chain: VerifiedChain

  beforeEach(() => {
    chain = verifyDelegationChain(links, { issuers, now: NOW })
  })

  test('is the same chain, and says when its signatures were verified', () => {
    const second = verifyDelegationChain(chain, { issuers, now: NOW + MINUTE })
    expect(second).toBe(chain)
    expect(second.verifiedAt).toBe(NOW)
  })

  test('is refused once it has expired, and before it begins', () => {
    expect(again(chain, { now: validUntil - 1 })).toBe('ok')
    expect(again(chain, { now: validUntil })).toBe('credential_expired')
    expect(again(chain, { now: NOW - 60 * MINUTE })).toBe('credential_not_yet_valid')
  })

  test('is refused once its issuer is not trusted', () => {
    expect(again(chain, { issuers: () => undefined })).toBe('issuer_untrusted')
  })

  test('is refused when its issuer has another key by now', () => {
    expect(again(chain, { issuers: withKey(createActor(3).publicKey) })).toBe('credential_signature_invalid')
    expect(again(chain)).toBe('ok')
  })

  test('says the issuer before the time and the time before the proof, as the first time', () => {
    expect(again(chain, { issuers: () => undefined, now: validUntil })).toBe('issuer_untrusted')
    const other = withKey(createActor(3).publicKey)
    expect(again(chain, { issuers: other, now: validUntil })).toBe('credential_expired')
  })

  test('must itself be what was verified, not look like it', () => {
    expect(() => verifyDelegationChain({ ...chain }, { issuers, now: NOW })).toThrow(TypeError)
  })
})

test('a chain that was only parsed was not verified, whatever became of another parse of it', () => {
  verifyDelegationChain(links, { issuers, now: NOW })
  const forger = withKey(createActor(3).publicKey)
  const parsed = parseDelegationChain(links)
  expect(codeOf(() => verifyDelegationChain(parsed, { issuers: forger, now: NOW }))).toBe(
    'credential_signature_invalid',
  )
})

test('the key it was verified with is a copy, so that nobody can exchange it', () => {
  const key = issuer.publicKey.slice()
  const chain = verifyDelegationChain(links, { issuers: withKey(key), now: NOW })
  key.set(createActor(3).publicKey)
  expect(again(chain, { issuers: withKey(key) })).toBe('credential_signature_invalid')
  expect(again(chain)).toBe('ok')
})

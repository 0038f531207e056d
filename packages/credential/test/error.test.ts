import { CoreError } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { isWebauthnCode, translateCoreErrors } from '../src/error.ts'
import { CredentialError } from '../src/index.ts'
import { refusalOf } from './support/refusal.ts'

describe('a refusal', () => {
  test('has the evidence that it was given, and no other member', () => {
    const cause = new Error('why')
    const bare = new CredentialError('chain_broken', 'It is broken')
    const full = new CredentialError('evidence_invalid', 'It is wrong', {
      link: 0,
      field: 'by',
      webauthn: 'webauthn_malformed',
      cause,
    })
    expect(bare).toMatchObject({ link: undefined, field: undefined, webauthn: undefined })
    expect(Object.hasOwn(bare, 'cause')).toBe(false)
    expect(full).toMatchObject({ link: 0, field: 'by', webauthn: 'webauthn_malformed', cause })
  })

  test('of an assertion is one of WebAuthn', () => {
    expect(isWebauthnCode('webauthn_malformed')).toBe(true)
    expect(isWebauthnCode('credential_malformed')).toBe(false)
  })
})

describe('what core refuses', () => {
  test.each([
    ['json_ambiguous', 'json_ambiguous'],
    ['key_invalid', 'key_invalid'],
    ['encoding_malformed', 'credential_malformed'],
    ['json_malformed', 'credential_malformed'],
  ] as const)('%s is %s here, of the part it is about', (code, ours) => {
    const cause = new CoreError(code, 'It is wrong')
    const refusal = refusalOf(() =>
      translateCoreErrors('header', () => {
        throw cause
      }),
    )
    expect(refusal).toMatchObject({ code: ours, field: 'header', cause })
    expect(refusal?.message).toBe('The header was refused: It is wrong')
  })

  test('what is no refusal passes as it is', () => {
    const fault = new TypeError('a fault of ours')
    const act = (): never =>
      translateCoreErrors('header', () => {
        throw fault
      })
    expect(act).toThrow(fault)
  })
})

import { BehalfError } from '@behalf/core'
import { CredentialError } from '@behalf/credential'
import { HttpSignatureError } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { VerifierError } from '../src/index.ts'
import { toVerifierError } from '../src/to-verifier-error.ts'

const ASKED = [
  '@method',
  '@target-uri',
  'signature-key',
  'content-digest',
  'content-type',
  'agent-context',
  'approval-evidence',
]

describe('an error of another package', () => {
  test('keeps what is missing, under the names that are asked for', () => {
    const cause = new HttpSignatureError('component_missing', 'not covered', {
      missing: [...ASKED, 'x-peer-chose'],
      signatureError: 'invalid_input',
    })
    const error = toVerifierError(cause, false)
    expect(error).toMatchObject({
      code: 'component_missing',
      missing: ASKED,
      signatureError: 'invalid_input',
      cause,
      fault: false,
    })
  })

  test('keeps names that are ours where nothing was to be covered', () => {
    const cause = new HttpSignatureError('parameter_missing', 'not there', { missing: ['created'] })
    expect(toVerifierError(cause, false)).toMatchObject({ missing: ['created'] })
    const bare = toVerifierError(new HttpSignatureError('component_missing', 'not covered'), false)
    expect(Object.keys(bare).toSorted()).toEqual(['code', 'fault', 'name'])
  })

  test('tells link and field of a credential once the signature verified', () => {
    const cause = new CredentialError('attenuation_violation', 'wider', { link: 1, field: 'validUntil' })
    expect(toVerifierError(cause, true)).toMatchObject({ link: 1, field: 'validUntil' })
    expect(toVerifierError(cause, false)).not.toHaveProperty('link')
    expect(toVerifierError(new CredentialError('chain_broken', 'broken'), true)).not.toHaveProperty('field')
  })

  test.each([new BehalfError('no_such_code', 'unknown'), new TypeError('a fault'), 'text'])(
    'without a code of the table is a fault: %s',
    (cause) => {
      expect(toVerifierError(cause, true)).toMatchObject({ code: 'internal_error', fault: true, cause })
    },
  )

  test('of this one stays as it is', () => {
    const error = new VerifierError('nonce_replayed', 'used')
    expect(toVerifierError(error, true)).toBe(error)
  })
})

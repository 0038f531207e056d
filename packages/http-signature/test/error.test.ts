import { BehalfError } from '@behalf/core'
import { DELEGATION_TAG, HttpSignatureError, KEY_TAG } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'

describe('HttpSignatureError', () => {
  test('is an error of this project with a code', () => {
    const cause = new Error('below')
    const error = new HttpSignatureError('digest_missing', 'why', { cause })
    expect(error).toBeInstanceOf(BehalfError)
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      'HttpSignatureError',
      'digest_missing',
      'why',
      cause,
    ])
  })

  test('has evidence only where there is some', () => {
    const plain = new HttpSignatureError('digest_missing', 'why')
    expect(['missing' in plain, 'signatureError' in plain, 'cause' in plain]).toEqual([false, false, false])
    const full = new HttpSignatureError('component_missing', 'why', {
      missing: ['@method'],
      signatureError: 'invalid_input',
    })
    expect([full.missing, full.signatureError]).toEqual([['@method'], 'invalid_input'])
  })
})

test('the tags are the ones on the wire', () => {
  expect([DELEGATION_TAG, KEY_TAG]).toEqual(['agent-delegation', 'agent-key'])
})

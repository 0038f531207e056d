import { createEd25519Signer } from '@behalf/core'
import { base58btc } from 'multiformats/bases/base58'
import { expect } from 'vitest'
import { DidError, type DidErrorCode } from '../../src/error.ts'

/** The key of a seed of 32 equal bytes. */
export function keyOf(fill: number): Uint8Array {
  return createEd25519Signer(new Uint8Array(32).fill(fill)).publicKey
}

/** A key that `keyOf` never gives: nothing has remembered it before the test that names it. */
export function newKeyOf(number: number): Uint8Array {
  return createEd25519Signer(new Uint8Array(32).fill(number, 1)).publicKey
}

/** A `did:key` of arbitrary bytes, whatever they mean. */
export function didOfBytes(...bytes: readonly number[]): string {
  return `did:key:${base58btc.encode(Uint8Array.from(bytes))}`
}

/** Words with one space between them: where a part is missing, a space stands at the end or before a sign. */
export const SENTENCE: RegExp = /^\S+(?: [^\s,.:;]\S*)+$/u

/** Asserts that `action` throws this package's error with `code` and says why in words, and returns the error. */
export function expectCode(code: DidErrorCode, action: () => unknown): DidError {
  const error = catchError(action)
  if (!(error instanceof DidError)) throw new Error(`expected ${code}, got ${String(error)}`)
  expect(error.code).toBe(code)
  expect(error.message).toMatch(SENTENCE)
  return error
}

function catchError(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return 'no error'
}

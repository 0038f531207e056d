import { expect } from 'vitest'
import { CoreError, type CoreErrorCode } from '../../src/error.ts'

// Words with one space between them: where a part is missing, a space stands at the end or before a sign.
const SENTENCE = /^\S+(?: [^\s,.:;]\S*)+$/u

/** Asserts that `action` throws this package's error with `code` and says why in words, and returns the error. */
export function expectCode(code: CoreErrorCode, action: () => unknown): CoreError {
  const error = catchError(action)
  if (!(error instanceof CoreError)) throw new Error(`expected ${code}, got ${String(error)}`)
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

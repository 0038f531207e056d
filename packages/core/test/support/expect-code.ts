import { expect } from 'vitest'
import { CoreError, type CoreErrorCode } from '../../src/error.ts'

/** Asserts that `action` throws this package's error with `code`, and returns the error. */
export function expectCode(code: CoreErrorCode, action: () => unknown): CoreError {
  const error = catchError(action)
  if (!(error instanceof CoreError)) throw new Error(`expected ${code}, got ${String(error)}`)
  expect(error.code).toBe(code)
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

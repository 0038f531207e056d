import { expect } from 'vitest'
import { WalletError, type WalletErrorCode } from '../../src/error.ts'

/** The refusal that the work ends in; the test fails when it ends in anything else. */
export async function expectRefusal(work: Promise<unknown>, code: WalletErrorCode): Promise<WalletError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(WalletError)
  if (!(error instanceof WalletError)) throw error
  expect(error.code).toBe(code)
  return error
}

import { BehalfError } from '@behalf/core'
import { expect } from 'vitest'
import { CredentialError } from '../../src/index.ts'

/** Returns the code with which `act` refuses, or `ok`. Anything but a coded refusal is thrown on. */
export function codeOf(act: () => unknown): string {
  return refusalOf(act)?.code ?? 'ok'
}

/** Returns the refusal of `act`, or undefined when it accepts. */
export function refusalOf(act: () => unknown): CredentialError | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof CredentialError) return explained(error)
    throw error
  }
}

/** Resolves to the code with which `act` refuses, or `ok`. */
export async function codeOfAsync(act: () => Promise<unknown>): Promise<string> {
  try {
    await act()
    return 'ok'
  } catch (error) {
    if (error instanceof BehalfError) return explained(error).code
    throw error
  }
}

/** Returns a refusal, all of whose parts are there: one that was left empty leaves space at an end or twice inside. */
function explained<Refusal extends BehalfError>(error: Refusal): Refusal {
  expect(error.message).toMatch(/^\S+(?: \S+)+$/u)
  return error
}

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

// Refusals of a whole: of a text, of a chain, or of what the refusal beneath them names.
const OF_NO_MEMBER: ReadonlySet<string> = new Set([
  'chain_broken',
  'chain_cycle',
  'chain_too_deep',
  'credential_expired',
  'credential_missing',
  'credential_not_yet_valid',
  'credential_signature_invalid',
  'credential_too_large',
  'invalid_token',
  'issuer_untrusted',
])

/** Returns a refusal that explains itself: no word of it is left out, and it says which member is wrong. */
export function explained<Refusal extends BehalfError>(error: Refusal): Refusal {
  const { message, code, cause } = error
  expect(message).toMatch(/^\S+(?: \S+)+$/u)
  if (error instanceof CredentialError) {
    const isWhole = OF_NO_MEMBER.has(code) || error.link !== undefined || cause !== undefined
    expect(error.field ?? (isWhole ? 'whole' : ''), message).toMatch(/^[@A-Za-z_.]+(?: [a-z]+)*$/u)
  }
  if (cause instanceof BehalfError) explained(cause)
  return error
}

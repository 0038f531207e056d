import { VerifierError } from '@behalf/verifier'
import { type BaselineChanges, baseline, sign, type WireRequest } from '../../attacks/support/request.ts'
import type { World } from '../../attacks/support/world.ts'

/** A code of the verifier, or `ok`. */
export type Outcome = string

/** What a verifier says to a request; nothing but a coded refusal is one. */
export async function decide({ verifier }: World, request: WireRequest): Promise<Outcome> {
  const { method, target, lines, body } = request
  try {
    await verifier.verify({ method, target, headers: lines, body })
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

/**
 * A fresh baseline request.
 *
 * @param agentTime milliseconds, by the agent's clock
 */
export function signAt(agentTime: number, changes: BaselineChanges = {}): Promise<WireRequest> {
  return sign(baseline({ ...changes, created: Math.floor(agentTime / 1000) }))
}

import { BehalfError } from '@behalf/core'
import { type Capability, parseCapabilities } from '@behalf/credential'
import type { AskedTerms } from './authority-client.ts'
import { type HeldDelegation, isExpired } from './held-delegation.ts'
import { peekProblem } from './read-response.ts'
import type { RequestTarget } from './request-target.ts'

/** What a call needs that was refused, or could not be made. */
export interface NeededAccess {
  readonly method: string
  readonly target: RequestTarget
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What to ask for, and of which authority. */
export interface StepUp {
  /** Origin. */
  readonly authority: string
  readonly terms: AskedTerms
}

const SCOPE_CODES = ['scope_exceeded', 'audience_mismatch']
const DEFAULT_PURPOSE = 'Go on with what was approved before'

/**
 * Returns what to ask for so that a refused call may go through: for a refusal of scope exactly this method and path
 * at this origin, for an ended delegation its own terms, as far as they are about this origin. Undefined where asking
 * cannot help or would be somebody else's business: another refusal, a delegation that another agent handed on, one
 * that by our own clock has not ended, or a refusal that names another scope than the call's own.
 *
 * @param response - its body stays readable
 * @param delegation - the one that was presented
 */
export async function planStepUp(
  response: Response,
  delegation: HeldDelegation,
  needed: NeededAccess,
): Promise<StepUp | undefined> {
  if (response.status !== 401 && response.status !== 403) return undefined
  const problem = await peekProblem(response)
  if (problem === undefined || !isFromAuthority(delegation)) return undefined
  if (SCOPE_CODES.includes(problem.code)) {
    return isOwnScope(problem.requiredScope, needed) ? askForAccess(delegation, needed) : undefined
  }
  // A peer's word alone is no reason to bother a person.
  const hasEnded = problem.code === 'credential_expired' && isExpired(delegation, needed.now)
  return hasEnded ? askAgainFor(delegation, needed.target.origin) : undefined
}

/**
 * Returns what to ask for when nothing that is held can be presented: the terms of the newest ended delegation that
 * came from an authority and names this origin. Undefined when there is none.
 *
 * @param held - newest first
 */
export function planRenewal(
  held: readonly HeldDelegation[],
  { target, now }: NeededAccess,
): StepUp | undefined {
  const ended = held.filter((delegation) => isExpired(delegation, now) && isFromAuthority(delegation))
  for (const delegation of ended) {
    const plan = askAgainFor(delegation, target.origin)
    if (plan !== undefined) return plan
  }
  return undefined
}

/** Returns the terms of a delegation, to be asked for again. */
export function termsOf({ leaf }: HeldDelegation): AskedTerms {
  const { onBehalfOf, capabilities, maxUses, maxDelegationDepth, workflow } = leaf
  return {
    onBehalfOf,
    capabilities,
    validForSeconds: Math.floor((leaf.validUntil - leaf.validFrom) / 1000),
    ...(maxUses !== undefined && { maxUses }),
    maxDelegationDepth,
    purpose: leaf.purpose ?? DEFAULT_PURPOSE,
    ...(workflow && { workflow }),
  }
}

/** Whether an authority issued it to this agent; only then is more of it the authority's to give. */
export function isFromAuthority({ links }: HeldDelegation): boolean {
  return links.length === 1
}

function askForAccess(delegation: HeldDelegation, needed: NeededAccess): StepUp | undefined {
  const capability = toCapability(needed)
  if (capability === undefined) return undefined
  const terms = { ...termsOf(delegation), capabilities: [capability], maxDelegationDepth: 0 }
  return { authority: delegation.authority, terms }
}

/** Undefined for a path that no pattern names alone, such as one with a segment `*`. */
function toCapability({ method, target }: NeededAccess): Capability | undefined {
  const { origin, path } = target
  if (path.includes('*')) return undefined
  try {
    const [capability] = parseCapabilities([
      { type: 'http', locations: [origin], actions: [method], paths: [path] },
    ])
    return capability
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

function askAgainFor(delegation: HeldDelegation, origin: string): StepUp | undefined {
  const terms = termsOf(delegation)
  const capabilities = terms.capabilities.flatMap((capability) => restrictTo(capability, origin))
  if (capabilities.length === 0) return undefined
  return { authority: delegation.authority, terms: { ...terms, capabilities } }
}

function restrictTo(capability: Capability, origin: string): readonly Capability[] {
  if (capability.type !== 'http' || !capability.locations.includes(origin)) return []
  return [{ ...capability, locations: [origin] }]
}

function isOwnScope(named: string | undefined, { method, target }: NeededAccess): boolean {
  return named === undefined || named === `${method} ${target.origin}${target.path}`
}

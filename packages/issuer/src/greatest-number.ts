import type { Scalar, ValueConstraint, ValueConstraints } from '@behalf/credential'
import type { KnownCapability } from './delegation-request.ts'

/** Stands for *no bound that is known*: never less than a bound. */
export const UNBOUNDED: number = Number.MAX_SAFE_INTEGER

/**
 * Returns the greatest whole number that a capability lets a member be, rounded up; `UNBOUNDED` when its constraints
 * do not tell, and undefined when they forbid to send the member, or when there is no such place in a call of this
 * type.
 *
 * @param name - place and name, such as `body.amount`
 */
export function greatestNumber(capability: KnownCapability, name: string): number | undefined {
  const [place = ''] = name.split('.', 1)
  const map = findMap(capability, place)
  if (map === 'nowhere') return undefined
  if (map === 'free') return UNBOUNDED
  const constraint = Object.entries(map).find(([key]) => key === name.slice(place.length + 1))?.[1]
  return constraint && greatestOf(constraint)
}

function findMap(
  { type, constraints }: KnownCapability,
  place: string,
): ValueConstraints | 'free' | 'nowhere' {
  if (type === 'http' && place === 'query') return constraints?.query ?? 'free'
  if (type === 'http' && place === 'body') return constraints?.body ?? 'free'
  if (type === 'mcp' && place === 'arguments') return constraints?.arguments ?? 'free'
  return 'nowhere'
}

function greatestOf(constraint: ValueConstraint): number {
  const { maximum = UNBOUNDED } = constraint
  const listed = constraint.const === undefined ? constraint.enum : [constraint.const]
  const greatest = listed === undefined ? UNBOUNDED : Math.max(...listed.map(readNumber))
  // Adding zero makes 0 of what rounds to -0, which would not be a whole number to Cedar.
  return clamp(Math.ceil(Math.min(maximum, greatest))) + 0
}

/** An API may well read a text as a number, and anything else as who knows what. */
function readNumber(value: Scalar): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : UNBOUNDED
}

function clamp(value: number): number {
  return Math.max(-UNBOUNDED, Math.min(UNBOUNDED, value))
}

import { canonicalizeJson, isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { CredentialError } from './error.ts'

/** What `const` and `enum` compare: JSON values without parts. */
export type Scalar = string | number | boolean | null

/**
 * What one named value may be; `{}` is any value. `const`, `enum` and `prefix` require the name to be present;
 * `minimum`, `maximum` and `maxLength` (in code points) bound it when it is. Further members are kept, so that
 * evaluation can refuse what it does not understand.
 */
export type ValueConstraint = {
  readonly const?: Scalar
  readonly enum?: readonly Scalar[]
  readonly minimum?: number
  readonly maximum?: number
  readonly prefix?: string
  readonly maxLength?: number
}

/** Where a value comes from: the values of a query are texts, those of a body or of arguments are JSON. */
export type ValueSource = 'query' | 'json'

type Operator = keyof ValueConstraint
const OPERAND_CHECKS: Readonly<Record<Operator, (operand: JsonValue) => boolean>> = {
  const: isScalar,
  enum: (operand) => Array.isArray(operand) && operand.every(isScalar),
  minimum: (operand) => typeof operand === 'number',
  maximum: (operand) => typeof operand === 'number',
  prefix: (operand) => typeof operand === 'string',
  maxLength: (operand) => typeof operand === 'number' && Number.isSafeInteger(operand) && operand >= 0,
}
const OPERATORS: ReadonlyMap<string, (operand: JsonValue) => boolean> = new Map(
  Object.entries(OPERAND_CHECKS),
)

/**
 * Returns `value` as a constraint whose known members have operands of their type.
 * @throws CredentialError `scope_malformed`
 */
export function parseValueConstraint(value: JsonValue): ValueConstraint {
  if (!isJsonObject(value)) throw scopeMalformed('A value constraint is not an object')
  for (const [name, operand] of Object.entries(value)) {
    const isOperand = OPERATORS.get(name)
    if (isOperand?.(operand) === false)
      throw scopeMalformed('A value constraint has an operand of another type')
  }
  return value satisfies JsonObject
}

/** Whether every member of the constraint is one that {@link satisfiesConstraint} evaluates. */
export function isUnderstoodConstraint(constraint: ValueConstraint): boolean {
  return Object.keys(constraint).every((name) => OPERATORS.has(name))
}

/** Whether the constraint refuses a request that leaves the name out. */
export function requiresPresence(constraint: ValueConstraint): boolean {
  return constraint.const !== undefined || constraint.enum !== undefined || constraint.prefix !== undefined
}

/** Whether a present value is allowed; every member of the constraint must be understood. */
export function satisfiesConstraint(
  constraint: ValueConstraint,
  value: JsonValue,
  source: ValueSource,
): boolean {
  if (constraint.const !== undefined && value !== constraint.const) return false
  if (constraint.enum !== undefined && !constraint.enum.some((scalar) => scalar === value)) return false
  return satisfiesBounds(constraint, value, source) && satisfiesText(constraint, value)
}

/** Whether every value that `child` allows, and its absence if `child` allows that, is allowed by `parent`. */
export function coversConstraint(
  parent: ValueConstraint,
  child: ValueConstraint,
  source: ValueSource,
): boolean {
  const listed = child.const === undefined ? child.enum : [child.const]
  if (listed !== undefined) {
    const allowed = listed.filter((value) => satisfiesConstraint(child, value, source))
    return allowed.every((value) => satisfiesConstraint(parent, value, source))
  }
  if (parent.const !== undefined || parent.enum !== undefined) return false
  return coversBounds(parent, child) && coversText(parent, child)
}

function satisfiesBounds(
  { minimum, maximum }: ValueConstraint,
  value: JsonValue,
  source: ValueSource,
): boolean {
  if (minimum === undefined && maximum === undefined) return true
  const number = source === 'query' ? readQueryNumber(value) : value
  if (typeof number !== 'number') return false
  return (minimum === undefined || number >= minimum) && (maximum === undefined || number <= maximum)
}

function satisfiesText({ prefix, maxLength }: ValueConstraint, value: JsonValue): boolean {
  if (prefix === undefined && maxLength === undefined) return true
  if (typeof value !== 'string' || !value.startsWith(prefix ?? '')) return false
  return maxLength === undefined || countCodePoints(value) <= maxLength
}

function coversBounds(parent: ValueConstraint, child: ValueConstraint): boolean {
  if (parent.minimum !== undefined && !(child.minimum !== undefined && child.minimum >= parent.minimum))
    return false
  return parent.maximum === undefined || (child.maximum !== undefined && child.maximum <= parent.maximum)
}

function coversText(parent: ValueConstraint, child: ValueConstraint): boolean {
  if (parent.prefix !== undefined && child.prefix?.startsWith(parent.prefix) !== true) return false
  return (
    parent.maxLength === undefined || (child.maxLength !== undefined && child.maxLength <= parent.maxLength)
  )
}

/** Returns the number that a query value spells canonically, so that no server reads another one. */
function readQueryNumber(value: JsonValue): number | undefined {
  if (typeof value !== 'string') return undefined
  const number = Number(value)
  return Number.isFinite(number) && canonicalizeJson(number) === value ? number : undefined
}

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function isScalar(value: JsonValue): value is Scalar {
  return value === null || typeof value !== 'object'
}

/** Returns the refusal of a capability outside its grammar. */
export function scopeMalformed(message: string): CredentialError {
  return new CredentialError('scope_malformed', message, { field: 'capabilities' })
}

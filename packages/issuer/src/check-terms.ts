import type { JsonValue } from '@behalf/core'
import {
  type Capability,
  coversCapabilities,
  type OnBehalfOf,
  parseCapabilities,
  type Workflow,
} from '@behalf/credential'
import { type Did, decodeDidKey } from '@behalf/did'
import type { KnownCapability, RequestedTerms } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { checkOptionalText, checkText, TEXT_LIMITS } from './text-rule.ts'

/** What an agent asks for, in the types of JSON but not yet checked. */
export interface AskedTerms {
  readonly onBehalfOf: OnBehalfOf
  /** The wire form, a JSON array. */
  readonly capabilities: JsonValue
  /** Absent: the issuer's default. */
  readonly validForSeconds?: number
  readonly maxUses?: number
  /** Absent: 0. */
  readonly maxDelegationDepth?: number
  readonly purpose: string
  readonly workflow?: Workflow
}

/** How long a delegation may be valid, in seconds. */
export interface ValidityLimits {
  /** Of one whose request names no time. */
  readonly defaultSeconds: number
  readonly maxSeconds: number
}

/** What an issuer allows that is told nothing else: 10 minutes, and an hour at most. */
export const DEFAULT_VALIDITY: ValidityLimits = { defaultSeconds: 600, maxSeconds: 3600 }

// The root may have at most seven more links below it.
const GREATEST_DEPTH = 7

/**
 * The terms are complete, in range and safe to show.
 *
 * @param asked - what the agent sent
 * @param limits - the default and the greatest validity
 * @returns the terms with defaults filled in
 * @throws IssuerError `input_invalid` with the field, `policy_unknown`
 * @throws CredentialError `scope_malformed`, `credential_malformed` for capabilities outside the grammar
 */
export function checkTerms(asked: AskedTerms, limits: ValidityLimits): RequestedTerms {
  const { maxUses, workflow } = asked
  return {
    onBehalfOf: checkOnBehalfOf(asked.onBehalfOf),
    capabilities: checkCapabilities(asked.capabilities, 'capabilities'),
    validForSeconds: checkSeconds(
      asked.validForSeconds ?? limits.defaultSeconds,
      limits,
      'valid_for_seconds',
    ),
    ...(maxUses !== undefined && { maxUses: checkInteger(maxUses, { field: 'max_uses', min: 1 }) }),
    maxDelegationDepth: checkDepth(asked.maxDelegationDepth ?? 0, 'max_delegation_depth'),
    purpose: checkText(asked.purpose, { field: 'purpose', maxLength: TEXT_LIMITS.purpose }),
    ...(workflow && { workflow: checkWorkflow(workflow) }),
  }
}

/**
 * The principal's id, role and tenant are short and visible.
 *
 * @throws IssuerError `input_invalid` with the field
 */
export function checkOnBehalfOf(onBehalfOf: OnBehalfOf): OnBehalfOf {
  const { role, tenant } = onBehalfOf
  const id = checkText(onBehalfOf.id, { field: 'on_behalf_of.id', maxLength: TEXT_LIMITS.principalId })
  checkOptionalText(role, { field: 'on_behalf_of.role', maxLength: TEXT_LIMITS.role })
  checkOptionalText(tenant, { field: 'on_behalf_of.tenant', maxLength: TEXT_LIMITS.tenant })
  return { id, ...(role !== undefined && { role }), ...(tenant !== undefined && { tenant }) }
}

/**
 * The capabilities are in the grammar, of types and with constraints that are understood, and each grants something.
 *
 * @throws IssuerError `input_invalid` for an empty list, `policy_unknown`
 * @throws CredentialError `scope_malformed`, `credential_malformed`
 */
export function checkCapabilities(value: JsonValue, field: string): readonly KnownCapability[] {
  const capabilities = parseCapabilities(value)
  const known = capabilities.filter(isKnown)
  // Only what is understood covers itself.
  if (known.length < capabilities.length || !coversCapabilities(known, known).covered) {
    throw new IssuerError('policy_unknown', `${field} must have types and constraints that are understood`, {
      field,
    })
  }
  if (known.length === 0 || known.some(grantsNothing)) {
    throw new IssuerError('input_invalid', `${field} must grant something: an empty list means no rights`, {
      field,
    })
  }
  return known
}

/** @throws IssuerError `input_invalid` unless a whole number from 1 to the issuer's maximum */
export function checkSeconds(
  seconds: number,
  limits: Pick<ValidityLimits, 'maxSeconds'>,
  field: string,
): number {
  return checkInteger(seconds, { field, min: 1, max: limits.maxSeconds })
}

/** @throws IssuerError `input_invalid` unless a whole number from 0 to 7 */
export function checkDepth(depth: number, field: string): number {
  return checkInteger(depth, { field, min: 0, max: GREATEST_DEPTH })
}

/** @throws IssuerError `input_invalid` unless a whole number in the range, both ends included */
export function checkInteger(
  value: number,
  options: { readonly field: string; readonly min: number; readonly max?: number },
): number {
  const { field, min, max = Number.MAX_SAFE_INTEGER } = options
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const range = options.max === undefined ? `at least ${min}` : `from ${min} to ${max}`
  throw new IssuerError('input_invalid', `${field} must be a whole number ${range}`, { field })
}

/** @throws IssuerError `input_invalid` unless a `did:key` of a usable Ed25519 key */
export function checkAgent(agent: Did, field: string): Did {
  try {
    decodeDidKey(agent)
    return agent
  } catch (cause) {
    throw new IssuerError('input_invalid', `${field} must be the did:key of an Ed25519 key`, { field, cause })
  }
}

function checkWorkflow(workflow: Workflow): Workflow {
  const { run } = workflow
  const id = checkText(workflow.id, { field: 'workflow.id', maxLength: TEXT_LIMITS.workflowId })
  checkOptionalText(run, { field: 'workflow.run', maxLength: TEXT_LIMITS.workflowRun })
  return { id, ...(run !== undefined && { run }) }
}

function isKnown(capability: Capability): capability is KnownCapability {
  return capability.type !== 'unknown'
}

function grantsNothing(capability: KnownCapability): boolean {
  if (capability.locations.length === 0 || capability.actions.length === 0) return true
  return capability.type === 'http' && capability.paths.length === 0
}

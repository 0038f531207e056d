import { createUuid, type JsonValue } from '@behalf/core'
import type { OnBehalfOf } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { checkAgent, checkCapabilities, checkDepth, checkOnBehalfOf, checkSeconds } from './check-terms.ts'
import { type Decider, identifyDecider } from './decider.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { Enrolment, IssuerTransaction } from './issuer-store.ts'
import { formatTime } from './rfc3339.ts'
import { describeWorkload } from './workload.ts'

/** What an agent key is enrolled for, and by whom. */
export type EnrolOptions = Decider & EnrolTerms

/** What an agent key is enrolled for. */
export interface EnrolTerms {
  readonly agent: Did
  readonly onBehalfOf: OnBehalfOf
  /** The wire form, a JSON array. */
  readonly capabilities: JsonValue
  readonly maxSeconds: number
  /** Absent: 0. */
  readonly maxDelegationDepth?: number
  /** Milliseconds since the epoch; absent: until withdrawn. */
  readonly validUntil?: number
  /** Id of the request whose terms these are, if they are those of one. */
  readonly request?: string
}

/**
 * The agent key is enrolled: where the policy allows it, its requests for this principal within these terms are
 * approved without asking.
 *
 * @throws IssuerError `input_invalid`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`
 */
export async function enrol(context: IssuerContext, options: EnrolOptions): Promise<Enrolment> {
  return context.store.transaction(async (tx) =>
    enrolWithin(context, tx, { ...options, by: await identifyDecider(tx, options) }),
  )
}

/** What an agent key is enrolled for, and how it came to be. */
export type EnrolFacts = EnrolTerms & {
  /** As `identifyDecider` tells it. */
  readonly by: string
  /** Digest of the evidence of the approval along with which it was given. */
  readonly evidence?: string
  /** Where its key was proven to run, if that is why. */
  readonly workload?: Enrolment['workload']
}

/**
 * The same, as part of a transaction.
 *
 * @throws IssuerError `input_invalid`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`
 */
export async function enrolWithin(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: EnrolFacts,
): Promise<Enrolment> {
  const { by, evidence, workload } = facts
  const enrolment = { ...checkEnrolment(context, facts), createdBy: by, ...(workload && { workload }) }
  await checkKeyAlive(tx, facts.agent)
  await tx.insertEnrolment(enrolment)
  const { maxSeconds, validUntil } = enrolment
  await record(context, tx, {
    type: 'enrolled',
    data: {
      ...describe(context, enrolment),
      by,
      request: facts.request,
      capabilities: facts.capabilities,
      max_delegation_depth: enrolment.maxDelegationDepth,
      max_seconds: maxSeconds,
      valid_until: validUntil === undefined ? undefined : formatTime(validUntil),
      evidence,
      workload: workload && { ...describeWorkload(workload), proof: workload.digest },
    },
  })
  return enrolment
}

/**
 * The enrolment approves nothing any more. What was issued under it stays until it ends or is revoked. Withdrawing
 * twice changes nothing.
 *
 * @throws IssuerError `not_found`, `key_revoked`
 */
export async function withdrawEnrolment(
  context: IssuerContext,
  options: { readonly id: string } & Decider,
): Promise<Enrolment> {
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, options)
    const enrolment = await tx.findEnrolment(options.id)
    if (!enrolment || !concerns(enrolment, options))
      throw new IssuerError('not_found', 'There is no such enrolment')
    if (enrolment.withdrawnAt !== undefined) return enrolment
    const withdrawn: Enrolment = { ...enrolment, withdrawnAt: context.clock() }
    await tx.saveEnrolment(withdrawn)
    await recordWithdrawal(context, tx, { enrolment, by })
    return withdrawn
  })
}

/** The withdrawal stands in the record. */
export async function recordWithdrawal(
  context: IssuerContext,
  tx: IssuerTransaction,
  { enrolment, by }: { readonly enrolment: Enrolment; readonly by: string },
): Promise<void> {
  const data = { ...describe(context, enrolment), by }
  await record(context, tx, { type: 'enrolment_withdrawn', data })
}

/** To everybody but its principal and operators an enrolment does not exist. */
function concerns({ onBehalfOf }: Enrolment, decider: Decider): boolean {
  return !('person' in decider) || decider.isOperator === true || decider.person.id === onBehalfOf.id
}

function checkEnrolment(context: IssuerContext, options: EnrolTerms): Omit<Enrolment, 'createdBy'> {
  const { validUntil } = options
  return {
    id: createUuid(context.random),
    agent: checkAgent(options.agent, 'agent'),
    ...checkEnrolTerms(context, options),
    ...(validUntil !== undefined && { validUntil: checkEnd(context, validUntil) }),
    createdAt: context.clock(),
  }
}

/**
 * Returns the terms, which an agent could be enrolled for.
 *
 * @throws IssuerError `input_invalid`
 * @throws CredentialError `scope_malformed`, `credential_malformed`
 */
export function checkEnrolTerms(
  context: IssuerContext,
  terms: Omit<EnrolTerms, 'agent'>,
): Pick<Enrolment, 'onBehalfOf' | 'capabilities' | 'maxSeconds' | 'maxDelegationDepth'> {
  return {
    onBehalfOf: checkOnBehalfOf(terms.onBehalfOf),
    capabilities: checkCapabilities(terms.capabilities, 'capabilities'),
    maxSeconds: checkSeconds(terms.maxSeconds, context, 'max_seconds'),
    maxDelegationDepth: checkDepth(terms.maxDelegationDepth ?? 0, 'max_delegation_depth'),
  }
}

/**
 * Returns the end of an enrolment, milliseconds since the epoch.
 *
 * @throws IssuerError `input_invalid` unless it is in the future
 */
export function checkEnd(context: IssuerContext, validUntil: number): number {
  if (validUntil > context.clock()) return validUntil
  throw new IssuerError('input_invalid', 'valid_until must be in the future', { field: 'valid_until' })
}

function describe(context: IssuerContext, enrolment: Enrolment): Record<string, JsonValue> {
  const { id, agent, onBehalfOf } = enrolment
  return { enrolment: id, subject: agent, principal: principalOf(context, onBehalfOf) }
}

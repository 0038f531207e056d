import type { JsonObject } from '@behalf/core'
import { fingerprintAgent } from './agent-fingerprint.ts'
import { parseDateTime } from './date-time.ts'
import { type DelegationSubject, parseDelegationSubject } from './delegation-subject.ts'
import { describeCapability } from './describe-capability.ts'
import { malformed, readObject, readText } from './members.ts'
import { quoteText } from './quote-text.ts'

/** A delegation in the words that a person approves. */
export type RenderedDelegation = {
  /** Which renderer wrote the sentences. */
  readonly version: number
  /** One plain English sentence each, in order; texts of others stand between quotation marks. */
  readonly sentences: readonly string[]
}

/** What a renderer knows of a payload. */
interface Terms extends DelegationSubject {
  readonly issuer: string
  readonly validFrom: number
  readonly validUntil: number
}

/** The renderer of new approvals. A change to any sentence is a new version beside the old one, which stays. */
export const CURRENT_RENDERER = 1

const RENDERERS: ReadonlyMap<number, (terms: Terms) => readonly string[]> = new Map([[1, renderTerms]])
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/**
 * Returns what a root delegation says, in sentences that are the same on every machine: who, for whom, for what, what
 * it may do, from when to when, how often, whether it may pass it on, and which policy allowed the question.
 * @param payload of a root; `approval` and `iat`, which are not there before it is approved, are not looked at
 * @param version of the renderer
 * @throws CredentialError `credential_malformed`, `scope_malformed`, `key_invalid`, `keyid_unsupported` for a payload
 * that is not one of a root; `credential_malformed` (`renderer`) for a version that does not exist
 * @example
 * const { sentences } = renderDelegation(payload)
 */
export function renderDelegation(
  payload: JsonObject,
  version: number = CURRENT_RENDERER,
): RenderedDelegation {
  const render = RENDERERS.get(version)
  if (render === undefined) throw malformed('renderer', 'is a version that does not exist here')
  return { version, sentences: render(readTerms(payload)) }
}

function readTerms(payload: JsonObject): Terms {
  const { approval: _, ...subject } = readObject(payload.credentialSubject, 'credentialSubject')
  return {
    ...parseDelegationSubject(subject),
    issuer: readText(payload.issuer, 'issuer'),
    validFrom: parseDateTime(payload.validFrom, 'validFrom'),
    validUntil: parseDateTime(payload.validUntil, 'validUntil'),
  }
}

function renderTerms(terms: Terms): readonly string[] {
  const { subject, issuer, capabilities, purpose } = terms
  return [
    `The agent is whoever holds the key ${subject}, whose fingerprint is ${fingerprintAgent(subject)}.`,
    renderPrincipal(terms),
    ...renderWorkflow(terms),
    ...(purpose === undefined ? [] : [`It says that its purpose is ${quoteText(purpose)}.`]),
    ...(capabilities.length === 0 ? ['It may do nothing.'] : capabilities.map(describeCapability)),
    renderValidity(terms),
    renderUses(terms),
    renderDepth(terms),
    ...renderPolicy(terms),
    `The authority is ${quoteText(issuer)}.`,
  ]
}

function renderPrincipal({ onBehalfOf: { id, role, tenant } }: Terms): string {
  const parts = [
    quoteText(id),
    ...(role === undefined ? [] : [`in the role ${quoteText(role)}`]),
    ...(tenant === undefined ? [] : [`of ${quoteText(tenant)}`]),
  ]
  return `It acts on behalf of ${parts.join(' ')}.`
}

function renderWorkflow({ workflow }: Terms): readonly string[] {
  if (workflow === undefined) return []
  const run = workflow.run === undefined ? '' : `, run ${quoteText(workflow.run)}`
  return [`It works on the workflow ${quoteText(workflow.id)}${run}.`]
}

function renderValidity({ validFrom, validUntil }: Terms): string {
  const span = renderSpan(Math.max(0, validUntil - validFrom) / 1000)
  return `This holds from ${renderTime(validFrom)} to ${renderTime(validUntil)}: ${span}.`
}

function renderUses({ maxUses }: Terms): string {
  if (maxUses === undefined) return 'It may make any number of requests in that time.'
  const requests = maxUses === 1 ? '1 request' : `${maxUses} requests`
  return `It may make at most ${requests} at each API, or at all APIs together where they count together.`
}

function renderDepth({ maxDelegationDepth }: Terms): string {
  if (maxDelegationDepth === 0) return 'It may not pass any of this on to other agents.'
  if (maxDelegationDepth === 1)
    return 'It may pass parts of this on to other agents, which may not pass them on.'
  return `It may pass parts of this on to other agents, and they again, ${maxDelegationDepth} times over in all.`
}

function renderPolicy({ policy }: Terms): readonly string[] {
  if (policy === undefined) return []
  const { id, decision, digest } = policy
  return [`The policy ${quoteText(id)} (${digest}) answered ${quoteText(decision)}.`]
}

/** Spells a time in UTC, to the second. */
export function renderTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Spells a length of time in days, hours, minutes and seconds. */
export function renderSpan(seconds: number): string {
  const parts: string[] = []
  let rest = seconds
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  return parts.length === 0 ? 'no time at all' : parts.join(' ')
}

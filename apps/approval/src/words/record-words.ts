import type { NamesView, RecordView } from '../api/log-views.ts'
import type { JsonRecord } from '../api/views.ts'
import { decisionWords } from './decision-words.ts'
import { durationWords } from './duration.ts'
import { type EventTone, eventWords } from './event-words.ts'
import { personWords } from './name-words.ts'
import { safeText } from './safe-text.ts'
import { exactTime } from './time-words.ts'

/** One thing that a record says, safe to show. */
export interface Fact {
  readonly name: string
  readonly value: string
  /** Whether somebody else chose the text. */
  readonly hostile?: boolean
}

/** What a record says, safe to show. */
export interface RecordWords {
  readonly headline: string
  readonly tone: EventTone
  /** Whose doing it was, as the authority knows them. */
  readonly actor: string | undefined
  readonly facts: readonly Fact[]
}

const REQUESTS: ReadonlyMap<string, readonly [decision: string, tone: EventTone]> = new Map([
  ['request_accepted', ['accepted', 'good']],
  ['request_refused', ['refused', 'bad']],
  ['request_observed', ['let through, though it would be refused', 'bad']],
])

/** Returns what a record says by itself. */
export function recordWords(record: RecordView, names: NamesView): RecordWords {
  const decided = REQUESTS.get(record.type)
  if (decided === undefined) {
    return { ...plainWords(record), actor: actorOf(record, names), facts: eventFacts(record) }
  }
  const [decision, tone] = decided
  const call = `${textOf(record.method)} ${addressOf(record)}`.trim()
  const why = record.code === 'ok' ? '' : ` (${safeText(textOf(record.code), 60)})`
  const headline = `${safeText(call || 'A request', 300)}: ${decision}${why}`
  return { headline, tone, actor: undefined, facts: requestFacts(record) }
}

/** The audience of a call through MCP is the endpoint, path and all. */
function addressOf({ audience, path, call }: RecordView): string {
  const [place, end] = [textOf(audience), textOf(path)]
  return call !== undefined && place.endsWith(end) ? place : `${place}${end}`
}

/** What of the log tells the whole story of a record; undefined for one that is no part of one. */
export function storyOf(record: JsonRecord): string | undefined {
  const { request_id: api, delegation, enrolment, request } = record
  return [api, delegation, enrolment, request].find((id): id is string => typeof id === 'string')
}

function actorOf({ type, by, person }: RecordView, names: NamesView): string | undefined {
  // Nobody else brings in who joins: there `by` says how.
  const actor = type === 'person_joined' ? person : (by ?? person)
  if (typeof actor !== 'string') return undefined
  const known = personWords(actor, names)
  if (known !== undefined) return known
  if (actor.startsWith('sha-256:')) return 'somebody who was forgotten'
  return actor.startsWith('did:') ? 'an operator' : undefined
}

/** What was decided stands in the headline: it is what lists are looked through for. */
function plainWords(record: RecordView): Pick<RecordWords, 'headline' | 'tone'> {
  const { headline, tone } = eventWords(record)
  const { type, decision } = record
  if (type !== 'policy_decided' || typeof decision !== 'string') return { headline, tone }
  const decided = decisionWords(decision).replace(/^It/u, 'it').replace(/\.$/u, '')
  return { headline: `${headline}: ${decided}`, tone: decision === 'refuse' ? 'bad' : tone }
}

function requestFacts({ context, request_id: id, workflow }: RecordView): readonly Fact[] {
  const said = isRecord(context) ? Object.entries(context) : []
  return [
    ...workflowFacts(workflow),
    ...said.flatMap(([name, value]) => fact(`Its ${safeText(name, 40)}`, value, true)),
    ...fact('Request', id),
  ]
}

function workflowFacts(workflow: unknown): readonly Fact[] {
  return isRecord(workflow)
    ? [...fact('Workflow', workflow.id, true), ...fact('Run', workflow.run, true)]
    : []
}

function eventFacts(record: RecordView): readonly Fact[] {
  const { workflow, policy, decision, valid_until: until } = record
  return [
    ...fact('Why', record.purpose, true),
    ...workflowFacts(workflow),
    ...enrolmentFacts(record),
    ...(typeof decision === 'string' ? [{ name: 'Decision', value: decisionWords(decision) }] : []),
    ...(isRecord(policy) ? fact('Policy', policy.id) : []),
    ...fact('Rule', record.rule),
    ...fact('Reason', record.reason, true),
    ...fact('How', record.method),
    ...fact('Passkey', record.passkey),
    ...(typeof until === 'string' ? fact('Until', exactTime(until)) : []),
    ...fact('Delegation', record.delegation),
    ...fact('Enrolment', record.enrolment),
  ]
}

function enrolmentFacts({ workload, max_seconds: seconds }: RecordView): readonly Fact[] {
  return [
    ...(isRecord(workload)
      ? [...fact('Runs as', workload.subject, true), ...fact('By the word of', workload.issuer, true)]
      : []),
    ...(typeof seconds === 'number' ? fact('Each at most', durationWords(seconds)) : []),
  ]
}

function fact(name: string, value: unknown, hostile = false): readonly Fact[] {
  return typeof value === 'string' ? [{ name, value: safeText(value, 500), hostile }] : []
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

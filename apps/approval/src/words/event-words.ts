import type { EventView, JsonRecord } from '../api/views.ts'
import { safeText } from './safe-text.ts'

/** How weighty an event is for the eye. */
export type EventTone = 'good' | 'bad' | 'plain'

const EVENTS: ReadonlyMap<string, readonly [string, EventTone]> = new Map(
  Object.entries<readonly [string, EventTone]>({
    answered: ['An API answered a request that it had accepted', 'plain'],
    key_logged: ['The authority noted the key that it signs with', 'plain'],
    issuer_key_revoked: ['A key that the authority signed with was revoked', 'bad'],
    api_registered: ['An API was registered', 'plain'],
    api_removed: ['An API was removed', 'bad'],
    auditor_added: ['A key was let read the log', 'plain'],
    auditor_removed: ['A key may not read the log any more', 'plain'],
    person_forgotten: ['Somebody was forgotten', 'bad'],
    operator_created: ['An operator was set up', 'plain'],
    operator_removed: ['An operator was removed', 'bad'],
    person_joined: ['Somebody joined', 'plain'],
    person_changed: ['Somebody was changed', 'plain'],
    person_invited: ['Somebody was invited', 'plain'],
    invitation_withdrawn: ['An invitation was withdrawn', 'plain'],
    passkey_added: ['A passkey was added', 'plain'],
    passkey_renamed: ['A passkey was renamed', 'plain'],
    passkey_removed: ['A passkey was removed', 'bad'],
    recovery_codes_made: ['New recovery codes were made', 'plain'],
    recovery_code_used: ['A recovery code was used', 'bad'],
    webhook_added: ['A webhook was added that is told what happens', 'plain'],
    webhook_removed: ['A webhook was removed', 'plain'],
    browser_added: ['A browser was set up to show notices', 'plain'],
    browser_removed: ['A browser shows no more notices', 'plain'],
    policy_loaded: ['A policy came into force', 'plain'],
    enrolled: ['An agent was allowed terms by itself', 'good'],
    enrolment_withdrawn: ['An agent lost the terms it had by itself', 'bad'],
    workload_proven: ['An agent proved where it runs', 'plain'],
    requested: ['An agent asked', 'plain'],
    policy_decided: ['The policy decided', 'plain'],
    approved: ['A request was approved', 'good'],
    denied: ['A request was denied', 'bad'],
    issued: ['A delegation was issued', 'good'],
    collected: ['The agent collected its delegation', 'plain'],
    sub_delegated: ['An agent passed part of its rights on', 'plain'],
    token_exchanged: ['An agent exchanged its delegation for a token', 'plain'],
    token_revoked: ['A token was revoked', 'bad'],
    token_key_rotated: ['Another key signs tokens now', 'plain'],
    delegation_revoked: ['A delegation was revoked', 'bad'],
    key_revoked: ['An agent was stopped', 'bad'],
    principal_revoked: ['Everything of a person was stopped', 'bad'],
    suspended: ['A delegation was suspended', 'bad'],
    resumed: ['A delegation was resumed', 'good'],
    run_revoked: ['A run of a workflow was stopped', 'bad'],
  }),
)

/** What happened, as a headline and its tone; an event that this page does not know is shown by its type. */
export function eventWords({ type }: Pick<EventView, 'type'>): {
  readonly headline: string
  readonly tone: EventTone
} {
  const [headline, tone] = EVENTS.get(type) ?? [`${safeText(type, 60).replaceAll('_', ' ')}`, 'plain']
  return { headline, tone }
}

/** Whose doing an event was, as far as it says so: by the name they have here, with the id that nobody else has. */
export function eventActor({ type, data, by_name, person_name }: EventView): string | undefined {
  const { by, person } = data
  // Nobody else brings in who joins: there `by` says how.
  const isBy = typeof by === 'string' && type !== 'person_joined'
  const actor = isBy ? by : person
  if (typeof actor !== 'string') return undefined
  const name = isBy ? by_name : person_name
  const id = safeText(actor, 60)
  return name === undefined || name === actor ? id : `${safeText(name, 60)} (${id})`
}

/** The plain members of an event: name and value, made safe to show. */
export function eventDetails(data: JsonRecord): readonly (readonly [string, string])[] {
  return Object.entries(data).map(([name, value]) => [
    safeText(name, 60).replaceAll('_', ' '),
    safeText(typeof value === 'string' ? value : JSON.stringify(value), 300),
  ])
}

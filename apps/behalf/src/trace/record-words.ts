import type { AuditRecord } from '@behalf/audit-log'
import { memberOf, originOf, workflowOf } from '@behalf/authority/trace'
import { isJsonObject, type JsonValue } from '@behalf/core'
import { plain, toPlainText } from '../plain-text.ts'
import { describeSeconds } from '../time-words.ts'

/** What a record says by itself, in a sentence and further lines. */
export interface RecordWords {
  readonly title: string
  readonly details: readonly string[]
}

type Describe = (record: AuditRecord, person: (hash: JsonValue | undefined) => string) => RecordWords

const DECISIONS: Readonly<Record<string, string>> = {
  'approve-enrolled': 'nobody has to be asked',
  'ask-one': 'one person has to be asked',
  'ask-two': 'two people have to be asked',
  refuse: 'it is refused',
}

/** One sentence for each type that belongs to the story of a request; other types are told by their name. */
const DESCRIBE: Readonly<Partial<Record<AuditRecord['type'], Describe>>> = {
  key_logged: ({ kid }) => say(`The authority signs with the key ${text(kid)}`),
  policy_loaded: ({ id, digest }) => say(`The policy ${text(id)} came into force`, `digest ${text(digest)}`),
  requested: (record, person) =>
    say(
      `${text(record.subject)} asked to act on behalf of ${person(record.principal)}`,
      ...quote('why, in its own words', record.purpose),
      ...describeWorkflow(record),
    ),
  policy_decided: ({ policy, decision, rule, reason }) =>
    say(
      `The policy ${text(memberOf(policy, 'id'))} said: ${DECISIONS[text(decision)] ?? text(decision)}`,
      ...(rule === undefined ? [] : [`by its rule ${text(rule)}`]),
      ...quote('because', reason),
    ),
  approved: ({ by, method, passkey, subject }, person) =>
    method === 'enrolment'
      ? say('Nobody was asked', `${text(subject)} may have this by the enrolment ${text(by)}`)
      : say(
          `${person(by)} approved (${text(method)})`,
          ...(passkey === undefined ? [] : [`with the passkey ${text(passkey)}`]),
        ),
  denied: ({ by, reason }, person) => say(`${person(by)} refused`, ...quote('because', reason)),
  enrolled: (record, person) => {
    const { subject, by, principal, workload } = record
    const who = workload === undefined ? person(by) : 'The configuration'
    return say(
      `${who} let ${text(subject)} have delegations unasked, on behalf of ${person(principal)}`,
      ...(workload === undefined ? [] : [`by its grant ${text(by)}`, ...describeWorkload(workload)]),
      ...describeEnrolment(record),
    )
  },
  enrolment_withdrawn: ({ by, subject, enrolment }, person) =>
    say(`${person(by)} withdrew what ${text(subject)} had unasked`, `enrolment ${text(enrolment)}`),
  workload_proven: ({ subject, workload, valid_until: until }) =>
    say(`${text(subject)} proved where it runs, until ${text(until)}`, ...describeWorkload(workload)),
  issued: (record, person) =>
    say(
      `The authority signed the delegation ${text(record.delegation)}`,
      `to ${text(record.subject)}, on behalf of ${person(record.principal)}, until ${text(record.valid_until)}`,
      ...describeWorkflow(record),
    ),
  collected: ({ delegation }) => say(`The agent collected ${text(delegation)}`),
  sub_delegated: ({ issuer, subject, delegation, parent, valid_until: until }) =>
    say(
      `${text(issuer)} handed a part on to ${text(subject)}`,
      `as ${text(delegation)}, below ${text(parent)}, until ${text(until)}`,
    ),
  delegation_revoked: ({ by, delegation, reason }, person) =>
    say(`${person(by)} revoked ${text(delegation)} and everything below it`, ...quote('because', reason)),
  key_revoked: ({ by, subject, reason }, person) =>
    say(`${person(by)} revoked the key of ${text(subject)} for good`, ...quote('because', reason)),
  principal_revoked: ({ by, principal, reason }, person) =>
    say(`${person(by)} stopped everything on behalf of ${person(principal)}`, ...quote('because', reason)),
  run_revoked: (record, person) =>
    say(
      `${person(record.by)} stopped all work in`,
      ...describeWorkflow(record),
      ...quote('because', record.reason),
    ),
  issuer_key_revoked: ({ by, key, reason }, person) =>
    say(`${person(by)} revoked the issuer's key ${text(key)}`, ...quote('because', reason)),
  suspended: ({ by, delegation, reason }, person) =>
    say(`${person(by)} suspended ${text(delegation)} and everything below it`, ...quote('because', reason)),
  resumed: ({ by, delegation, reason }, person) =>
    say(`${person(by)} resumed ${text(delegation)}`, ...quote('because', reason)),
  token_exchanged: ({ subject, audience, jti, delegation, valid_until: until }) =>
    say(
      `${text(subject)} exchanged its delegation for a token for ${text(audience)}`,
      `token ${text(jti)}${until === undefined ? '' : `, until ${text(until)}`}`,
      ...(delegation === undefined ? [] : [`under ${text(delegation)}`]),
    ),
  token_revoked: ({ by, jti, subject }, person) =>
    say(`${person(by)} revoked a token of ${text(subject)}`, `token ${text(jti)}`),
  token_key_rotated: ({ by, kid, retired }, person) =>
    say(`${person(by)} let another key sign tokens`, `${text(kid)} instead of ${text(retired)}`),
  request_accepted: (record) => describeRequest(record, 'accepted'),
  tool_called: describeToolCall,
  request_refused: (record) => describeRequest(record, `refused (${text(record.code)})`),
  answered: (record) =>
    say(
      `What became of request ${text(record.request_id)}: ${describeAnswer(record)}`,
      `recorded by ${text(record.api)}`,
    ),
  request_observed: (record) =>
    describeRequest(record, `let through, but would be refused (${text(record.code)})`),
}

/**
 * What a record says, in words; what others wrote in it is quoted and made safe to show.
 *
 * @param person - says who is meant by the hash of a person, or by a DID
 */
export function describeRecord(
  record: AuditRecord,
  person: (hash: JsonValue | undefined) => string,
): RecordWords {
  const describe = DESCRIBE[record.type] ?? (({ type }) => say(type.replaceAll('_', ' ')))
  const { title, details } = describe(record, person)
  const cut = Object.keys(record.truncated ?? {})
  return {
    title,
    details: [
      ...details,
      ...(record.time_anomaly === undefined ? [] : ['the clock had said a later time before']),
      ...cut.map((pointer) => `${plain(pointer)} is not told in full; the log has the digest of the whole`),
    ],
  }
}

function describeRequest(record: AuditRecord, decision: string): RecordWords {
  const { request_id: id, method, call, path, subject, context, api } = record
  return say(
    `${text(method ?? memberOf(call, 'method') ?? 'a message to')} ${text(originOf(record))}${text(path)} was ${decision}`,
    `request ${text(id)} of ${subject === undefined ? 'nobody who was proven' : text(subject)}, recorded by ${text(api)}`,
    ...describeWorkflow(record),
    ...describeContext(context),
  )
}

function describeToolCall(record: AuditRecord): RecordWords {
  const { details } = describeRequest(record, 'accepted')
  const { path, call } = record
  return say(
    `The tool "${plain(memberOf(call, 'tool') ?? '')}" was called at ${text(originOf(record))}${text(path)}`,
    ...details,
  )
}

/** What an API says that it answered. */
export function describeAnswer({ status, cut_off: isCutOff }: AuditRecord): string {
  if (typeof status === 'number')
    return `answered with status ${status}${isCutOff === true ? ', but cut off' : ''}`
  return isCutOff === true
    ? 'the connection ended before anything was answered'
    : 'the handler failed before it answered'
}

function describeContext(context: JsonValue | undefined): readonly string[] {
  if (!isJsonObject(context)) return []
  return Object.keys(context).flatMap((name) => quote(`the agent said of its ${plain(name)}`, context[name]))
}

function describeEnrolment({
  enrolment,
  max_seconds: seconds,
  max_delegation_depth: depth,
  valid_until: until,
}: AuditRecord): readonly string[] {
  return [
    `enrolment ${text(enrolment)}`,
    ...(typeof seconds === 'number' ? [`each for at most ${describeSeconds(seconds)}`] : []),
    ...(typeof depth === 'number' ? [`handing on: ${depth} more`] : []),
    until === undefined ? 'until it is withdrawn' : `until ${text(until)}`,
  ]
}

function describeWorkload(workload: JsonValue | undefined): readonly string[] {
  return [
    ...quote('as', memberOf(workload, 'subject')),
    ...quote('which is the word of', memberOf(workload, 'issuer')),
  ]
}

/** Runs of several workflows may have one name. */
function describeWorkflow(record: AuditRecord): readonly string[] {
  const workflow = workflowOf(record)
  if (workflow === undefined) return []
  const { id, run } = workflow
  return [`workflow "${plain(id)}"${run === undefined ? '' : `, run "${plain(run)}"`}`]
}

/** Words of somebody else, with what a reader should be warned of. */
function quote(label: string, value: JsonValue | undefined): readonly string[] {
  if (typeof value !== 'string') return []
  const { text: shown, warnings } = toPlainText(value)
  return [`${label}: "${shown}"`, ...warnings.map((warning) => `careful: this text ${warning}`)]
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? plain(value) : '(not told)'
}

function say(title: string, ...details: readonly string[]): RecordWords {
  return { title, details }
}

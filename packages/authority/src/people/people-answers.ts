import { isJsonObject, type JsonObject } from '@behalf/core'
import { APPROVAL_METHODS } from '@behalf/credential'
import { z } from '@hono/zod-openapi'
import { ANSWERS, delegationMembers, eventMembers, requestMembers } from '../answer-schemas.ts'
import { ROLES } from './person.ts'

const time = z.iso.datetime().openapi({ type: 'string', format: 'date-time' })
const options = z
  .custom<JsonObject>(isJsonObject)
  .openapi({ type: 'object', description: 'What the browser needs for the ceremony, as WebAuthn spells it' })
const roles = z.array(z.enum(ROLES))

const person = {
  id: z.string(),
  name: z.string(),
  roles,
  tenant: z.string().optional(),
}

const session = {
  person: z.strictObject(person).nullable(),
  csrf: z.string().nullable().openapi({ description: 'What X-CSRF-Token must be' }),
  login_method: z.enum(['passkey', 'oidc']).nullable().openapi({ description: 'How this session began' }),
  login_approves: z.boolean().openapi({
    description: 'Whether this session may approve without a passkey, which proves nothing. Off unless set',
  }),
  claimed: z.boolean().openapi({ description: 'Somebody is there already' }),
  login: z.array(z.enum(['passkey', 'oidc'])),
  rp_id: z.string(),
  authority: z.strictObject({ origin: z.url(), issuer: z.string() }),
}

const passkey = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    created_at: time,
    last_used_at: time.optional(),
    software: z.boolean().openapi({ description: 'By the software authenticator of demo and tests' }),
    synced: z.boolean().openapi({ description: 'Backed up beyond the device that made it' }),
  })
  .openapi('Passkey')

const invitation = {
  id: z.string().openapi({ description: 'Whom it will be' }),
  roles,
  name: z.string().optional(),
  tenant: z.string().optional(),
  expires_at: time,
}

const request = z
  .strictObject({
    ...requestMembers,
    agent_fingerprint: z.string().openapi({ description: 'What people compare to know the key again' }),
    agent_first_seen: time,
    agent_enrolled: z.boolean().openapi({ description: 'It has something by itself for this principal' }),
    name_warnings: z.array(z.string()),
    sentences: z.array(z.string()).openapi({ description: 'What it means; what was approved, once it is' }),
    previous: z
      .strictObject({ decided_at: time, differences: z.array(z.string()) })
      .optional()
      .openapi({ description: 'What this agent was last approved for, and how this differs' }),
    approval_method: z
      .enum(APPROVAL_METHODS)
      .optional()
      .openapi({ description: 'How it was approved, as its credential says' }),
    approvals_needed: z.int(),
    approvals: z.array(z.strictObject({ by: z.string(), at: time })),
    turn: z.enum(['yours', 'second', 'theirs', 'none']).openapi({ description: 'Who decides next' }),
  })
  .openapi('RequestView')

const delegation = z
  .strictObject({
    ...delegationMembers,
    agent_name: z
      .string()
      .optional()
      .openapi({ description: 'What the agent last called itself: hostile text' }),
    agent_fingerprint: z.string(),
    children: z.int().openapi({ description: 'How many were passed on from it' }),
    max_uses: z.int().optional(),
    apis: z
      .array(
        z.strictObject({
          origin: z.string(),
          reports: z.boolean().openapi({ description: 'Whether this API puts its decisions on record here' }),
          uses: z.int().openapi({ description: 'Requests that it reported to have accepted' }),
          last_used_at: time.optional(),
        }),
      )
      .openapi({ description: 'Where it may be used, and what is known of its uses there' }),
  })
  .openapi('DelegationView')

/** What the JSON answers to people are called. */
export type PeopleAnswerName =
  | 'session'
  | 'signedIn'
  | 'joined'
  | 'recovered'
  | 'ceremony'
  | 'passkeys'
  | 'passkey'
  | 'recoveryCodes'
  | 'invitation'
  | 'invitations'
  | 'person'
  | 'people'
  | 'request'
  | 'requests'
  | 'approval'
  | 'enrolment'
  | 'enrolments'
  | 'delegations'
  | 'stopped'
  | 'suspension'
  | 'confirmations'
  | 'history'
  | 'log'
  | 'trace'

const names = {
  agents: z
    .record(z.string(), z.strictObject({ fingerprint: z.string(), name: z.string().optional() }))
    .openapi({ description: 'By DID; a name is what the agent called itself: hostile text' }),
  people: z
    .record(z.string(), z.strictObject({ id: z.string(), name: z.string().optional() }))
    .openapi({ description: 'By the hash that records name them with' }),
}

const listedPerson = z
  .strictObject({
    ...person,
    created_at: time,
    disabled_at: time.optional(),
    passkeys: z.int().openapi({ description: 'How many' }),
  })
  .openapi('Person')

/** What the JSON answers to people look like; the documentation shows them, and the tests hold the answers to them. */
export const PEOPLE_ANSWERS: Readonly<Record<PeopleAnswerName, z.ZodType>> = {
  session: z.strictObject(session).openapi('Session'),
  signedIn: z.strictObject({
    ...session,
    return_to: z.string().openapi({ description: 'A path of this site' }),
  }),
  joined: z.strictObject({
    ...session,
    recovery_codes: z.array(z.string()).openapi({ description: 'Shown once' }),
  }),
  recovered: z.strictObject({ ...session, recovery_codes_left: z.int() }),
  ceremony: z.strictObject({ ceremony: z.string(), options }),
  passkey,
  passkeys: z.strictObject({ passkeys: z.array(passkey) }),
  recoveryCodes: z.strictObject({ recovery_codes: z.array(z.string()) }),
  invitation: z.strictObject({
    ...invitation,
    url: z.url().openapi({ description: 'Holds the code; shown once' }),
  }),
  invitations: z.strictObject({ invitations: z.array(z.strictObject(invitation)) }),
  person: listedPerson,
  people: z.strictObject({ people: z.array(listedPerson) }),
  request,
  requests: z.strictObject({ requests: z.array(request) }),
  approval: z.strictObject({
    approval: z.string(),
    sentences: z.array(z.array(z.string())).openapi({ description: 'Those of each request' }),
    payloads: z.array(z.record(z.string(), z.unknown())).openapi({ description: 'What will be signed' }),
    renderer: z.int().openapi({ description: 'Which version of the renderer wrote the sentences' }),
    enrolment: z
      .strictObject({ valid_until: time, max_seconds: z.int() })
      .optional()
      .openapi({ description: 'What the agent may have by itself from then on' }),
    nonce: z.string().openapi({ description: 'base64url, part of the challenge' }),
    expires_at: time,
    options,
  }),
  enrolment: ANSWERS.enrolment,
  enrolments: ANSWERS.enrolments,
  delegations: z.strictObject({ delegations: z.array(delegation) }),
  stopped: z.strictObject({
    revoked: z.array(z.string()).openapi({ description: 'Ids of delegations, or the DID of an agent' }),
    withdrawn: z.array(z.string()).openapi({ description: 'Ids of enrolments' }),
    sequence: z.int(),
    time,
  }),
  suspension: ANSWERS.suspension,
  confirmations: ANSWERS.confirmations,
  history: z.strictObject({
    events: z.array(
      z.strictObject({
        ...eventMembers,
        agent_name: z.string().optional().openapi({ description: 'What it called itself: hostile text' }),
        agent_fingerprint: z.string().optional(),
        by_name: z.string().optional(),
        person_name: z.string().optional(),
      }),
    ),
  }),
  log: z.strictObject({
    ...names,
    entries: z.array(z.strictObject({ index: z.int(), record: z.record(z.string(), z.unknown()) })),
    before: z.int().optional().openapi({ description: 'There may be more below this index' }),
  }),
  trace: z.strictObject({
    ...names,
    bundle: z.string().openapi({ description: 'As a file: one line of canonical JSON' }),
    complete: z.boolean().openapi({ description: 'Whether it has all that the log has' }),
  }),
}

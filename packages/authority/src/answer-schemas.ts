import { isJsonObject, type JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'

const did = z.string().openapi({ description: 'A DID', example: 'did:key:z6Mk…' })
const uuid = z.string().openapi({ description: 'A urn:uuid', example: 'urn:uuid:6f2c…' })
const time = z.iso.datetime().openapi({ type: 'string', format: 'date-time' })
const compactJws = z.string().openapi({ description: 'A compact JWS' })
const object = z.custom<JsonObject>(isJsonObject).openapi({ type: 'object' })
const capabilities = z.array(object)
const principal = z.strictObject({
  id: z.string(),
  role: z.string().optional(),
  tenant: z.string().optional(),
})
const reason = z.string().optional()

const workload = {
  type: z.enum(['jwt', 'x509']),
  issuer: z.string(),
  subject: z.string(),
  claims: z.record(z.string(), z.string()).openapi({ description: 'Those that the configuration chose' }),
}

/** Where a key was proven to run. */
export const workloadSchema: z.ZodType = z.strictObject(workload).openapi('Workload')

const agentWorkload = z
  .strictObject({ ...workload, valid_until: time })
  .optional()
  .openapi({ description: 'Where the key of the agent was proven to run, while that holds' })

/** The members of a request, for schemas that add to them. */
export const requestMembers: Readonly<Record<string, z.ZodType>> = {
  id: uuid,
  version: z.int(),
  status: z.enum(['pending', 'approved', 'refused', 'expired']),
  agent: did,
  agent_name: z.string().optional().openapi({ description: 'What the agent calls itself: hostile text' }),
  agent_workload: agentWorkload,
  on_behalf_of: principal,
  capabilities,
  valid_for_seconds: z.int(),
  max_uses: z.int().optional(),
  max_delegation_depth: z.int(),
  purpose: z.string(),
  workflow: z.strictObject({ id: z.string(), run: z.string().optional() }).optional(),
  policy: z.strictObject({
    id: z.string(),
    digest: z.string(),
    decision: z.enum(['approve-enrolled', 'ask-one', 'ask-two', 'refuse']),
    rule: z.string().optional().openapi({ description: 'The rule that decided' }),
    reason,
  }),
  approval_url: z.url(),
  requested_at: time,
  expires_at: time,
  decided_at: time.optional(),
  decided_by: z.string().optional(),
  reason,
  delegation_id: uuid.optional(),
}

const request = z.strictObject(requestMembers).openapi('DelegationRequest')

const enrolment = z
  .strictObject({
    id: uuid,
    agent: did,
    on_behalf_of: principal,
    capabilities,
    max_seconds: z.int(),
    max_delegation_depth: z.int(),
    valid_until: time.optional(),
    created_at: time,
    created_by: z
      .string()
      .openapi({ description: 'DID of an operator, id of a person, or URN of what a workload is granted' }),
    workload: workloadSchema.optional(),
  })
  .openapi('Enrolment')

/** The members of a delegation, for schemas that add to them. */
export const delegationMembers: Readonly<Record<string, z.ZodType>> = {
  id: uuid,
  status: z.enum(['active', 'suspended', 'expired', 'revoked']).openapi({
    description: 'Of the whole chain: revoked or suspended also when a delegation above it is',
  }),
  delegator: did,
  subject: did,
  agent_workload: agentWorkload,
  on_behalf_of: principal,
  capabilities,
  purpose: z.string().optional(),
  parent_id: uuid.optional(),
  root_id: uuid,
  request_id: uuid.optional(),
  valid_from: time,
  valid_until: time,
  created_at: time,
  revoked_at: time.optional(),
  revoked_by: z.string().optional().openapi({ description: 'DID of a key, or id of a person' }),
  reason,
  revoked_above: uuid.optional().openapi({
    description: 'The nearest delegation above that is revoked, and this one with it',
  }),
  suspended_at: time.optional(),
  suspended_by: z.string().optional().openapi({ description: 'DID of a key, or id of a person' }),
  suspended_reason: z.string().optional(),
  suspended_above: uuid.optional().openapi({
    description: 'The nearest delegation above that is suspended, and this one with it',
  }),
}

const delegation = z.strictObject(delegationMembers).openapi('Delegation')

/** Of something that is on record. */
export const eventMembers: Readonly<Record<'sequence' | 'time' | 'type' | 'data', z.ZodType>> = {
  sequence: z.int(),
  time,
  type: z.string(),
  data: object,
}
const event = z.strictObject(eventMembers).openapi('Event')

/** What the JSON answers are called. */
export type AnswerName =
  | 'health'
  | 'ready'
  | 'description'
  | 'receipt'
  | 'collected'
  | 'request'
  | 'requests'
  | 'enrolment'
  | 'enrolments'
  | 'enrolledWorkload'
  | 'child'
  | 'delegations'
  | 'issuedDelegation'
  | 'revocation'
  | 'suspension'
  | 'confirmations'
  | 'events'
  | 'policy'

/** What the JSON answers look like; the documentation shows them, and the tests hold the answers to them. */
export const ANSWERS: Readonly<Record<AnswerName, z.ZodType>> = {
  health: z.strictObject({ status: z.literal('ok') }),
  ready: z.strictObject({
    ready: z.boolean(),
    database: z.boolean().openapi({ description: 'It takes writes' }),
    heartbeat: z.boolean().openapi({ description: 'The last one is fresh' }),
    replay: z.boolean().openapi({ description: 'Signed calls are accepted' }),
  }),
  description: z.strictObject({
    issuer: did,
    heartbeat: z.url(),
    origin: z.url(),
    max_seconds: z.int(),
    default_seconds: z.int(),
  }),
  receipt: z.strictObject({
    id: uuid,
    version: z.int(),
    status: z.enum(['pending', 'approved', 'refused']),
    approval_url: z.url(),
    expires_at: time,
    interval_seconds: z.int(),
  }),
  collected: z.strictObject({ delegation: compactJws, chain: z.array(compactJws), evidence: object }),
  request,
  requests: z.strictObject({ requests: z.array(request) }),
  enrolment,
  enrolments: z.strictObject({ enrolments: z.array(enrolment) }),
  enrolledWorkload: z.strictObject({
    agent: did,
    workload: workloadSchema,
    valid_until: time.openapi({ description: 'The end of the proof' }),
    enrolments: z.array(enrolment).openapi({ description: 'What the proof gives' }),
  }),
  child: z.strictObject({ credentialStatus: object }),
  delegations: z.strictObject({ delegations: z.array(delegation) }),
  issuedDelegation: z.strictObject({
    id: uuid,
    credential: compactJws.optional(),
    evidence: object.optional(),
  }),
  confirmations: z.strictObject({
    connected: z.int().openapi({ description: 'Processes of registered APIs that follow the stream' }),
    confirmed: z.int(),
    apis: z.array(
      z.strictObject({
        did: z.string(),
        origins: z.array(z.string()),
        connected: z.int().openapi({ description: 'Processes of it that follow the stream' }),
        confirmed: z.int(),
      }),
    ),
    unproven: z
      .strictObject({ connected: z.int(), confirmed: z.int() })
      .openapi({ description: 'Other readers, who proved no key: anybody' }),
  }),
  revocation: z.strictObject({
    revoked: z.string(),
    delegations: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Of a principal, a workflow or a run: the roots that were revoked now' }),
    sequence: z.int(),
    time,
  }),
  suspension: z.strictObject({
    delegation: z.string(),
    suspended: z.boolean().openapi({ description: 'Whether it rests from now on' }),
    sequence: z.int(),
    time,
  }),
  events: z.strictObject({ events: z.array(event) }),
  policy: z.strictObject({ digest: z.string(), document: object }),
}

/** What every refusal is. @see RFC 9457 */
export const PROBLEM: z.ZodType = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable: never renamed' }),
    detail: z.string(),
    request_id: z.string(),
    retryable: z.boolean(),
    field: z.string().optional().openapi({ description: 'The member that is wrong' }),
  })
  .openapi('Problem')

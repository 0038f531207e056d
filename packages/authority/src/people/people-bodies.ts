import { isJsonObject, type JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import { type BoundsBody, narrowSchema } from '../body-schemas.ts'
import type { StepUpBody } from './assertion-ceremony.ts'
import type { EnrolmentBounds } from './enrol-for.ts'
import { ROLES, type Role } from './person.ts'

/** Body of `POST /api/claim/options`. */
export interface ClaimOptionsBody {
  readonly code: string
  readonly id: string
  readonly name: string
  readonly tenant?: string | undefined
}

/** Body of `POST /api/join/options`. */
export interface JoinOptionsBody {
  readonly code: string
  /** Absent: as it was in the invitation. */
  readonly name?: string | undefined
}

/** Body of `POST /api/recover/options`. */
export interface RecoverOptionsBody {
  readonly person: string
  readonly code: string
}

/** Body of the calls that register a passkey. */
export interface RegistrationBody {
  readonly ceremony: string
  readonly passkey_name: string
  readonly response: JsonObject
}

/** Body of `POST /api/login`. */
export interface LoginBody {
  readonly ceremony: string
  readonly response: JsonObject
  /** Where the page was about to go; only a path of this site is told back. */
  readonly return_to?: string | undefined
}

/** Body of the calls that need a fresh assertion and nothing else. */
export interface StepUpOnlyBody {
  readonly step_up?: StepUpBody | undefined
}

/** Body of `PATCH /api/passkeys/{id}`. */
export interface RenameBody {
  readonly name: string
}

/** Body of `POST /api/invitations`. */
export interface InvitationBody {
  readonly id: string
  readonly name?: string | undefined
  readonly roles: readonly Role[]
  readonly tenant?: string | undefined
}

/** Body of `PATCH /api/people/{id}`. */
export interface ChangePersonBody extends StepUpOnlyBody {
  readonly roles?: readonly Role[] | undefined
  readonly name?: string | undefined
  readonly disabled?: boolean | undefined
}

/** Body of `POST /api/ceremony-errors`. */
export interface CeremonyErrorBody {
  readonly message: string
}

/** Query of `GET /api/oidc/start`. */
export interface OidcStartQuery {
  /** Where the page was about to go; only a path of this site is gone to. */
  readonly returnTo?: string | undefined
}

/** Query of `GET /api/requests`. */
export interface InboxFilterQuery {
  readonly status?: 'pending' | 'decided' | undefined
}

/** Body of `POST /api/approvals`. */
export interface ApprovalBody {
  readonly requests: readonly {
    readonly id: string
    readonly version: number
    readonly narrow?: BoundsBody | undefined
  }[]
  /** What their agent may have by itself from then on. */
  readonly enrol?: EnrolmentBounds | undefined
}

/** Body of `POST /api/approvals/{id}`. */
export interface CompleteApprovalBody {
  readonly response?: JsonObject | undefined
  /** Instead of a response, where a login may approve. */
  readonly login?: true | undefined
}

/** Body of `POST /api/enrolments`. */
export interface OwnEnrolmentBody extends EnrolmentBounds, StepUpOnlyBody {
  readonly request: string
}

/** Query of `GET /api/delegations`. */
export interface DelegationFilterQuery {
  readonly state?: 'active' | 'ended' | undefined
}

/** Body of `POST /api/revocations`. */
export type StopBody = { readonly reason?: string | undefined } & (
  | { readonly delegation: string }
  | { readonly agent: string }
  | { readonly mine: true }
)

/** Body of `POST /api/suspensions`. */
export interface SuspendBody {
  readonly delegation: string
  readonly reason?: string | undefined
}

/** Body of `POST /api/resumptions`. */
export interface ResumeBody extends StepUpOnlyBody {
  readonly delegation: string
}

/** Query of `GET /api/history`. */
export interface HistoryQuery {
  /** Canonical decimal. */
  readonly before?: string | undefined
}

/** Query of `GET /api/log`. */
export interface LogQuery {
  readonly agent?: string | undefined
  readonly principal?: string | undefined
  readonly api?: string | undefined
  readonly run?: string | undefined
  readonly code?: string | undefined
  /** RFC 3339. */
  readonly from?: string | undefined
  readonly until?: string | undefined
  /** Canonical decimal. */
  readonly before?: string | undefined
}

const response = z
  .custom<JsonObject>(isJsonObject)
  .openapi({ type: 'object', description: 'What the browser answered, by its toJSON()' })
/** Of a fresh assertion in the body of an action that needs one. */
export const stepUpSchema: z.ZodType<StepUpBody | undefined> = z
  .strictObject({ ceremony: z.string(), response })
  .optional()
  .openapi({ description: 'A fresh assertion, begun with POST /api/step-up/options' })
const roles = z.array(z.enum(ROLES)).min(1)
const reason = z.string().optional()
const enrolmentBounds = {
  valid_until: z.iso.datetime().openapi({ type: 'string', format: 'date-time' }),
  max_seconds: z.int(),
}

/** Of calls that have nothing to say. */
export const nothingSchema: z.ZodType<object> = z.strictObject({})

/** Of `POST /api/claim/options`. */
export const claimOptionsSchema: z.ZodType<ClaimOptionsBody> = z.strictObject({
  code: z.string(),
  id: z.string(),
  name: z.string(),
  tenant: z.string().optional(),
})

/** Of `POST /api/join/options`. */
export const joinOptionsSchema: z.ZodType<JoinOptionsBody> = z.strictObject({
  code: z.string(),
  name: z.string().optional(),
})

/** Of `POST /api/recover/options`. */
export const recoverOptionsSchema: z.ZodType<RecoverOptionsBody> = z.strictObject({
  person: z.string(),
  code: z.string(),
})

/** Of the calls that register a passkey. */
export const registrationSchema: z.ZodType<RegistrationBody> = z.strictObject({
  ceremony: z.string(),
  passkey_name: z.string(),
  response,
})

/** Of `POST /api/login`. */
export const loginSchema: z.ZodType<LoginBody> = z.strictObject({
  ceremony: z.string(),
  response,
  return_to: z.string().optional(),
})

/** Of the calls that need a fresh assertion and nothing else. */
export const stepUpOnlySchema: z.ZodType<StepUpOnlyBody> = z.strictObject({ step_up: stepUpSchema })

/** Of `PATCH /api/passkeys/{id}`. */
export const renameSchema: z.ZodType<RenameBody> = z.strictObject({ name: z.string() })

/** Of `POST /api/invitations`. */
export const invitationSchema: z.ZodType<InvitationBody> = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  roles,
  tenant: z.string().optional(),
})

/** Of `PATCH /api/people/{id}`. */
export const changePersonSchema: z.ZodType<ChangePersonBody> = z.strictObject({
  roles: roles.optional(),
  name: z.string().optional(),
  disabled: z.boolean().optional(),
  step_up: stepUpSchema,
})

/** Of `POST /api/ceremony-errors`. */
export const ceremonyErrorSchema: z.ZodType<CeremonyErrorBody> = z.strictObject({
  message: z.string().max(10_000),
})

/** Of `GET /api/oidc/start`. */
export const oidcStartSchema: z.ZodType<OidcStartQuery> = z.strictObject({ returnTo: z.string().optional() })

/** Of `GET /api/oidc/callback`. Providers add what they like. */
export const oidcAnswerSchema: z.ZodType<Readonly<Record<string, string>>> = z
  .object({ state: z.string().optional(), code: z.string().optional(), error: z.string().optional() })
  .catchall(z.string()) as z.ZodType<Readonly<Record<string, string>>>

/** Of `GET /api/requests`. */
export const inboxFilterSchema: z.ZodType<InboxFilterQuery> = z.strictObject({
  status: z.enum(['pending', 'decided']).optional(),
})

/** Of `POST /api/approvals`. */
export const approvalSchema: z.ZodType<ApprovalBody> = z.strictObject({
  requests: z.array(z.strictObject({ id: z.string(), version: z.int(), narrow: narrowSchema })),
  enrol: z.strictObject(enrolmentBounds).optional(),
})

/** Of `POST /api/approvals/{id}`. */
export const completeApprovalSchema: z.ZodType<CompleteApprovalBody> = z.strictObject({
  response: response.optional(),
  login: z.literal(true).optional().openapi({
    type: 'boolean',
    description:
      'Without a passkey, on the word of the company login; refused unless the authority was set so',
  }),
})

/** Of `POST /api/enrolments`. */
export const ownEnrolmentSchema: z.ZodType<OwnEnrolmentBody> = z.strictObject({
  request: z.string(),
  ...enrolmentBounds,
  step_up: stepUpSchema,
})

/** Of `GET /api/delegations`. */
export const delegationFilterSchema: z.ZodType<DelegationFilterQuery> = z.strictObject({
  state: z.enum(['active', 'ended']).optional(),
})

/** Of `POST /api/revocations`. */
export const stopSchema: z.ZodType<StopBody> = z.union([
  z.strictObject({ delegation: z.string(), reason }),
  z.strictObject({ agent: z.string(), reason }),
  z.strictObject({ mine: z.literal(true), reason }),
])

/** Of `POST /api/suspensions`. */
export const suspendSchema: z.ZodType<SuspendBody> = z.strictObject({ delegation: z.string(), reason })

/** Of `POST /api/resumptions`. */
export const resumeSchema: z.ZodType<ResumeBody> = z.strictObject({
  delegation: z.string(),
  step_up: stepUpSchema,
})

/** Of `GET /api/history`. */
export const historySchema: z.ZodType<HistoryQuery> = z.strictObject({
  before: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/u)
    .optional(),
})

const word = z.string().min(1).max(500).optional()
const moment = z.iso.datetime().optional()

/** Of `GET /api/log`. */
export const logQuerySchema: z.ZodType<LogQuery> = z.strictObject({
  agent: word.openapi({ description: 'DID' }),
  principal: word.openapi({ description: 'Id of a person' }),
  api: word.openapi({ description: 'Origin' }),
  run: word.openapi({ description: 'Run of a workflow' }),
  code: word.openapi({ description: '`ok`, or why a request was refused' }),
  from: moment,
  until: moment,
  before: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,14})$/u)
    .optional()
    .openapi({ description: 'Index of the log' }),
})

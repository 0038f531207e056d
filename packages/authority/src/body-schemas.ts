import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { z } from '@hono/zod-openapi'

interface PrincipalBody {
  readonly id: string
  readonly role?: string | undefined
  readonly tenant?: string | undefined
}

/** What an agent asks for, or what is left of it. */
export interface BoundsBody {
  readonly capabilities?: JsonValue | undefined
  readonly valid_for_seconds?: number | undefined
  readonly max_uses?: number | undefined
  readonly max_delegation_depth?: number | undefined
}

/** Body of `POST /delegation-requests`. */
export interface NewRequestBody extends BoundsBody {
  readonly on_behalf_of: PrincipalBody
  readonly capabilities: JsonValue
  readonly purpose: string
  readonly workflow?: { readonly id: string; readonly run?: string | undefined } | undefined
  readonly agent_name?: string | undefined
}

/** Body of `PUT /delegation-requests/{id}`. */
export interface ChangedRequestBody extends NewRequestBody {
  readonly version: number
}

/** Body of `POST /delegation-requests/{id}/approve`. */
export interface ApproveBody {
  readonly version: number
  readonly narrow?: BoundsBody | undefined
}

/** Body of `POST /delegation-requests/{id}/deny`. */
export interface DenyBody {
  readonly version: number
  readonly reason?: string | undefined
}

/** Body of `POST /enrolments`. */
export interface NewEnrolmentBody {
  readonly agent: string
  readonly on_behalf_of: PrincipalBody
  readonly capabilities: JsonValue
  readonly max_seconds: number
  readonly max_delegation_depth?: number | undefined
  /** RFC 3339, UTC. */
  readonly valid_until?: string | undefined
}

/** Body of `POST /delegations/{id}/children`. */
export interface NewChildBody {
  readonly chain: readonly string[]
  readonly child: JsonObject
}

/** Body of `POST /enrolments/workload`. */
export interface WorkloadBody {
  readonly workload:
    | { readonly type: 'jwt'; readonly token: string }
    | { readonly type: 'x509'; readonly proof: string }
}

/** Body of `POST /revocations`. */
export type RevocationBody =
  | { readonly delegation: string; readonly reason?: string | undefined }
  | { readonly agent: string; readonly reason?: string | undefined }
  | { readonly principal: { readonly id: string }; readonly reason?: string | undefined }
  | {
      readonly workflow: { readonly id: string; readonly run?: string | undefined }
      readonly reason?: string | undefined
    }
  | { readonly issuer_key: string; readonly reason?: string | undefined }
  | SuspensionBody

/** Of these: a delegation rests, or goes on. */
export type SuspensionBody =
  | { readonly suspend: string; readonly reason?: string | undefined }
  | { readonly resume: string; readonly reason?: string | undefined }

/** Body of `POST /status/confirmations`. */
export interface ConfirmationBody {
  readonly sequence: number
  readonly subscriber: string
}

/** Body of `POST /status/readers`. */
export interface ReaderBody {
  readonly subscriber: string
}

/** Query of `GET /status/confirmations`. */
export interface ConfirmationFilterQuery {
  /** Canonical decimal. */
  readonly sequence?: string | undefined
}

/** Query of `GET /delegation-requests`. */
export interface RequestFilterQuery {
  readonly status?: 'pending' | 'approved' | 'refused' | 'expired' | undefined
}

/** Query of `GET /events`. */
export interface EventFilterQuery {
  /** Canonical decimal. */
  readonly after?: string | undefined
}

const principal = z.strictObject({
  id: z.string(),
  role: z.string().optional(),
  tenant: z.string().optional(),
})
// What is inside is for the one parser of capabilities, whose codes say more than a schema could.
const capabilities = z
  .custom<JsonValue>(Array.isArray)
  .openapi({ type: 'array', items: { type: 'object' }, description: 'Capabilities, RFC 9396 members' })
const bounds = {
  valid_for_seconds: z.int().optional(),
  max_uses: z.int().optional(),
  max_delegation_depth: z.int().optional(),
}
const version = z.int().openapi({ description: 'Of the request as it was read' })
const reason = z.string().optional()

const question = {
  on_behalf_of: principal,
  capabilities,
  ...bounds,
  purpose: z.string(),
  workflow: z.strictObject({ id: z.string(), run: z.string().optional() }).optional(),
  agent_name: z.string().optional(),
}

/** Of `POST /delegation-requests`. */
export const newRequestSchema: z.ZodType<NewRequestBody> = z.strictObject(question)

/** Of `PUT /delegation-requests/{id}`. */
export const changedRequestSchema: z.ZodType<ChangedRequestBody> = z.strictObject({ version, ...question })

/** Of `POST /delegation-requests/{id}/collect`: nothing to say. */
export const collectSchema: z.ZodType<object> = z.strictObject({})

/** What an approval may leave of a request. */
export const narrowSchema: z.ZodType<BoundsBody | undefined> = z
  .strictObject({ capabilities: capabilities.optional(), ...bounds })
  .optional()

/** Of `POST /delegation-requests/{id}/approve`. */
export const approveSchema: z.ZodType<ApproveBody> = z.strictObject({ version, narrow: narrowSchema })

/** Of `POST /delegation-requests/{id}/deny`. */
export const denySchema: z.ZodType<DenyBody> = z.strictObject({ version, reason })

/** Of `POST /enrolments`. */
export const newEnrolmentSchema: z.ZodType<NewEnrolmentBody> = z.strictObject({
  agent: z.string(),
  on_behalf_of: principal,
  capabilities,
  max_seconds: z.int(),
  max_delegation_depth: z.int().optional(),
  valid_until: z.iso.datetime().optional().openapi({ type: 'string', format: 'date-time' }),
})

/** Of `POST /enrolments/workload`. */
export const workloadSchema: z.ZodType<WorkloadBody> = z.strictObject({
  workload: z.union([
    z.strictObject({
      type: z.literal('jwt'),
      token: z.string().openapi({ description: 'A workload identity token: Kubernetes, JWT-SVID, CI' }),
    }),
    z.strictObject({
      type: z.literal('x509'),
      proof: z.string().openapi({
        description: 'A compact JWS by the key of the certificate, of type workload-proof+jwt, chain in x5c',
      }),
    }),
  ]),
})

/** Of `POST /delegations/{id}/children`. */
export const newChildSchema: z.ZodType<NewChildBody> = z.strictObject({
  chain: z.array(z.string()).openapi({ description: 'Compact JWS, root first, the last one :id' }),
  child: z
    .custom<JsonObject>(isJsonObject)
    .openapi({ type: 'object', description: 'The payload without credentialStatus' }),
})

/** Of `POST /revocations`. */
export const revocationSchema: z.ZodType<RevocationBody> = z.union([
  z.strictObject({ delegation: z.string(), reason }),
  z.strictObject({ agent: z.string(), reason }),
  z.strictObject({ principal: z.strictObject({ id: z.string() }), reason }),
  z.strictObject({ workflow: z.strictObject({ id: z.string(), run: z.string().optional() }), reason }),
  z.strictObject({ issuer_key: z.string(), reason }),
  z.strictObject({ suspend: z.string(), reason }),
  z.strictObject({ resume: z.string(), reason }),
])

/** Of `GET /delegation-requests`. */
export const requestFilterSchema: z.ZodType<RequestFilterQuery> = z.strictObject({
  status: z.enum(['pending', 'approved', 'refused', 'expired']).optional(),
})

const counter = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,14})$/u)
  .optional()

/** Of `POST /status/confirmations`. */
export const confirmationSchema: z.ZodType<ConfirmationBody> = z.strictObject({
  sequence: z.int().nonnegative(),
  subscriber: z.string(),
})

/** Of `POST /status/readers`. */
export const readerSchema: z.ZodType<ReaderBody> = z.strictObject({ subscriber: z.string() })

/** Of `GET /status/confirmations`. */
export const confirmationFilterSchema: z.ZodType<ConfirmationFilterQuery> = z.strictObject({
  sequence: counter,
})

/** Of `GET /events`. */
export const eventFilterSchema: z.ZodType<EventFilterQuery> = z.strictObject({
  after: counter,
})

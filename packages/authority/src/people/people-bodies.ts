import { isJsonObject, type JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import type { StepUpBody } from './assertion-ceremony.ts'
import { ROLES, type Role } from './person.ts'

/** Body of `POST /api/claim/options`. */
export interface ClaimOptionsBody {
  readonly code: string
  readonly id: string
  readonly name: string
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

const response = z
  .custom<JsonObject>(isJsonObject)
  .openapi({ type: 'object', description: 'What the browser answered, by its toJSON()' })
const stepUp = z
  .strictObject({ ceremony: z.string(), response })
  .optional()
  .openapi({ description: 'A fresh assertion, begun with POST /api/step-up/options' })
const roles = z.array(z.enum(ROLES)).min(1)

/** Of calls that have nothing to say. */
export const nothingSchema: z.ZodType<object> = z.strictObject({})

/** Of `POST /api/claim/options`. */
export const claimOptionsSchema: z.ZodType<ClaimOptionsBody> = z.strictObject({
  code: z.string(),
  id: z.string(),
  name: z.string(),
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
export const stepUpOnlySchema: z.ZodType<StepUpOnlyBody> = z.strictObject({ step_up: stepUp })

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
  step_up: stepUp,
})

/** Of `POST /api/ceremony-errors`. */
export const ceremonyErrorSchema: z.ZodType<CeremonyErrorBody> = z.strictObject({
  message: z.string().max(10_000),
})

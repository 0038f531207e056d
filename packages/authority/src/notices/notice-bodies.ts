import { z } from '@hono/zod-openapi'
import type { StepUpOnlyBody } from '../people/people-bodies.ts'
import { stepUpSchema } from '../people/people-bodies.ts'
import { NOTICE_TYPES, type NoticeType } from './notice.ts'

/** Body of `POST /api/webhooks`. */
export interface WebhookBody extends StepUpOnlyBody {
  readonly url: string
  readonly events: readonly NoticeType[]
}

/** Body of `POST /api/push`: what the browser's PushSubscription is in JSON, and for what. */
export interface PushBody {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
  readonly events: readonly NoticeType[]
}

const events = z.array(z.enum(NOTICE_TYPES)).min(1)

/** Of `POST /api/webhooks`. */
export const webhookSchema: z.ZodType<WebhookBody> = z.strictObject({
  url: z.string().max(2000),
  events,
  step_up: stepUpSchema,
})

/** Of `POST /api/push`. */
export const pushSchema: z.ZodType<PushBody> = z.strictObject({
  endpoint: z.string().max(2000),
  keys: z.strictObject({ p256dh: z.string().max(100), auth: z.string().max(30) }),
  events,
})

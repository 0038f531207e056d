import { z } from '@hono/zod-openapi'
import type { StepUpOnlyBody } from '../people/people-bodies.ts'
import { stepUpSchema } from '../people/people-bodies.ts'
import { NOTICE_TYPES, type NoticeType } from './notice.ts'

/** Body of `POST /api/webhooks`. */
export interface WebhookBody extends StepUpOnlyBody {
  readonly url: string
  readonly events: readonly NoticeType[]
}

const events = z.array(z.enum(NOTICE_TYPES)).min(1)

/** Of `POST /api/webhooks`. */
export const webhookSchema: z.ZodType<WebhookBody> = z.strictObject({
  url: z.string().max(2000),
  events,
  step_up: stepUpSchema,
})

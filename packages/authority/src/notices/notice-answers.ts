import { z } from '@hono/zod-openapi'
import { NOTICE_TYPES } from './notice.ts'

const time = z.iso.datetime().openapi({ type: 'string', format: 'date-time' })

// An answer's status, or why there was none.
const FAILURE = '^(address_forbidden|name_unknown|unreachable|timeout|redirected|status_[0-9]{1,3})$'

const webhook = z
  .strictObject({
    id: z.string(),
    url: z.url(),
    events: z.array(z.enum(NOTICE_TYPES)),
    public_key: z.string().openapi({ description: 'What its messages are signed with: `whpk_` and base64' }),
    created_at: time,
    waiting: z.int().openapi({ description: 'How many notices wait to be delivered' }),
    last_delivered_at: time.optional(),
    last_failed_at: time.optional(),
    last_failure: z
      .string()
      .optional()
      .openapi({ description: 'Why the last attempt that failed did', pattern: FAILURE }),
    disabled_at: time
      .optional()
      .openapi({ description: 'It took nothing for too long; a test switches it on' }),
  })
  .openapi('Webhook')

const subscription = z
  .strictObject({
    id: z.string(),
    endpoint: z.url().openapi({ description: 'By which a browser knows that it is this one' }),
    events: z.array(z.enum(NOTICE_TYPES)),
    created_at: time,
    last_delivered_at: time.optional(),
    last_failed_at: time.optional(),
    last_failure: z.string().optional().openapi({ pattern: FAILURE }),
  })
  .openapi('PushSubscription')

/** What the JSON answers about notices are called. */
export type NoticeAnswerName = 'webhook' | 'webhooks' | 'subscription' | 'subscriptions'

/** What the JSON answers about notices look like. */
export const NOTICE_ANSWERS: Readonly<Record<NoticeAnswerName, z.ZodType>> = {
  webhook,
  webhooks: z.strictObject({ webhooks: z.array(webhook) }),
  subscription,
  subscriptions: z.strictObject({
    public_key: z
      .string()
      .openapi({ description: 'The key of this authority, what browsers call applicationServerKey' }),
    subscriptions: z.array(subscription),
  }),
}

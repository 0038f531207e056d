import { type Clock, encodeUtf8 } from '@behalf/core'
import { formatTime } from '../format-time.ts'
import type { Carrier } from './courier.ts'
import type { FailureReason } from './notice.ts'
import type { NoticeKeys } from './notice-keys.ts'
import { type PostContext, type PostResult, postNotice } from './post-notice.ts'
import { signWebhook } from './webhook-signature.ts'

const GONE = 410

/**
 * Returns the carrier of webhooks. An answer of 2xx is a delivery, 410 the wish to get no more; everything else fails,
 * redirects too.
 *
 * @see Standard Webhooks 1.0.0
 */
export function createWebhookCarrier(
  context: PostContext & { readonly clock: Clock; readonly keys: NoticeKeys },
): Carrier {
  return async (target, { id, type, data, createdAt }) => {
    const body = encodeUtf8(JSON.stringify({ type, timestamp: formatTime(createdAt), data }))
    const signer = context.keys.webhook(target.id)
    const signature = await signWebhook(signer, { id, now: context.clock(), body })
    const headers = { 'content-type': 'application/json', 'user-agent': 'behalf', ...signature }
    const result = await postNotice(context, { url: new URL(target.address), headers, body })
    if (isDelivered(result)) return { kind: 'delivered' }
    const isGone = 'status' in result && result.status === GONE
    return { kind: isGone ? 'gone' : 'failed', reason: reasonOf(result) }
  }
}

/** Whether the receiver took it. */
export function isDelivered(result: PostResult): boolean {
  return 'status' in result && result.status >= 200 && result.status < 300
}

/** Why it did not. */
export function reasonOf(result: PostResult): FailureReason {
  if ('failure' in result) return result.failure
  const isRedirect = result.status >= 300 && result.status < 400
  return isRedirect ? 'redirected' : `status_${result.status}`
}

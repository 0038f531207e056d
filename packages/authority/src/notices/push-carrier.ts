import { type Clock, encodeUtf8 } from '@behalf/core'
import { encryptNotification } from '@block65/webcrypto-web-push'
import type { Carrier } from './courier.ts'
import type { NoticeKeys } from './notice-keys.ts'
import { type PostContext, postNotice } from './post-notice.ts'
import { isDelivered, reasonOf } from './webhook-carrier.ts'

const DEFAULT_TTL_SECONDS = 86_400
const ENDED: readonly number[] = [404, 410]

/**
 * Returns the carrier of Web Push: only the browser that subscribed can read what is sent. An answer of 404 or 410
 * says that the subscription is no more.
 *
 * @see RFC 8030, RFC 8291, RFC 8292
 */
export function createPushCarrier(
  context: PostContext & { readonly clock: Clock; readonly keys: NoticeKeys; readonly contact: string },
): Carrier {
  const { clock, keys, contact } = context
  return async ({ address, keys: theirs }, { type, data, createdAt, expiresAt }) => {
    if (!theirs) throw new Error('A push subscription has no keys')
    const ttl = secondsLeft(expiresAt ?? createdAt + DEFAULT_TTL_SECONDS * 1000, clock())
    if (ttl === 0) return { kind: 'stale' }
    const subscription = { endpoint: address, expirationTime: null, keys: theirs }
    const body = await encryptNotification(subscription, encodeUtf8(JSON.stringify({ type, data })))
    const headers = {
      ...(await keys.signPush(address, contact)),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(ttl),
      urgency: type === 'request.waiting' ? 'high' : 'normal',
    }
    const result = await postNotice(context, { url: new URL(address), headers, body })
    if (isDelivered(result)) return { kind: 'delivered' }
    const isEnded = 'status' in result && ENDED.includes(result.status)
    return { kind: isEnded ? 'gone' : 'failed', reason: reasonOf(result) }
  }
}

function secondsLeft(end: number, now: number): number {
  return Math.max(0, Math.ceil((end - now) / 1000))
}

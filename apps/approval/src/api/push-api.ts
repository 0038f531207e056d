import { callApi } from './call-api.ts'
import type { NoticeType } from './webhooks-api.ts'

/** A browser that shows notices. */
export interface SubscriptionView {
  readonly id: string
  readonly endpoint: string
  readonly events: readonly NoticeType[]
  readonly created_at: string
  readonly last_delivered_at?: string
  readonly last_failed_at?: string
  readonly last_failure?: string
}

/** The browsers of a person that show notices. */
export interface PushView {
  /** What browsers call applicationServerKey. */
  readonly public_key: string
  readonly subscriptions: readonly SubscriptionView[]
}

export const fetchPush = (): Promise<PushView> => callApi('GET', '/api/push')

export const addSubscription = (
  subscription: {
    readonly endpoint: string
    readonly keys: { readonly p256dh: string; readonly auth: string }
  },
  events: readonly NoticeType[],
): Promise<SubscriptionView> => callApi('POST', '/api/push', { ...subscription, events })

export const removeSubscription = (id: string): Promise<unknown> =>
  callApi('DELETE', `/api/push/${encodeURIComponent(id)}`)

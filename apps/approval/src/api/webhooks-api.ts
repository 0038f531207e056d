import { callApi } from './call-api.ts'
import type { StepUp } from './ceremony-types.ts'

/** What a person can be told while the page is closed. */
export type NoticeType = 'request.waiting' | 'request.expired' | 'delegation.revoked'

/** Where a person is told, and how that goes. */
export interface WebhookView {
  readonly id: string
  readonly url: string
  readonly events: readonly NoticeType[]
  readonly public_key: string
  readonly created_at: string
  readonly waiting: number
  readonly last_delivered_at?: string
  readonly last_failed_at?: string
  readonly last_failure?: string
  readonly disabled_at?: string
}

export const fetchWebhooks = async (): Promise<readonly WebhookView[]> =>
  (await callApi<{ webhooks: readonly WebhookView[] }>('GET', '/api/webhooks')).webhooks

export const addWebhook = (
  webhook: Pick<WebhookView, 'url' | 'events'>,
  stepUp: StepUp,
): Promise<WebhookView> => callApi('POST', '/api/webhooks', { ...webhook, step_up: stepUp })

export const testWebhook = (id: string): Promise<WebhookView> =>
  callApi('POST', `/api/webhooks/${encodeURIComponent(id)}/test`)

export const removeWebhook = (id: string): Promise<unknown> =>
  callApi('DELETE', `/api/webhooks/${encodeURIComponent(id)}`)

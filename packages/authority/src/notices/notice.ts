import type { JsonObject } from '@behalf/core'

/**
 * What people are told while the page is closed.
 *
 * - `request.waiting`: a request waits for their approval, the first or the second.
 * - `request.expired`: a request ran out without a decision.
 * - `delegation.revoked`: somebody else stopped what acted on their behalf.
 */
export type NoticeType = 'request.waiting' | 'request.expired' | 'delegation.revoked'

/** Every kind of notice, in the order in which they are shown. */
export const NOTICE_TYPES: readonly NoticeType[] = [
  'request.waiting',
  'request.expired',
  'delegation.revoked',
]

/** One thing that people are told once. */
export interface Notice {
  readonly type: NoticeType
  /** The request, delegation or agent it is about. */
  readonly about: string
  /** Ids of the people it is for. */
  readonly persons: readonly string[]
  /** Ids, times and an address of the page; no text of others but a quoted name. */
  readonly data: JsonObject
  /** Milliseconds since the epoch from which on it is of no use. */
  readonly expiresAt?: number
}

/** A notice on its way to one target. */
export interface OutgoingNotice {
  /** The same at each attempt. */
  readonly id: string
  readonly type: NoticeType | 'test'
  readonly data: JsonObject
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly expiresAt?: number
}

/** What came of one attempt to deliver. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** To be tried again. */
  | { readonly kind: 'failed'; readonly reason: FailureReason }
  /** Too late to be of use, so it was not sent. */
  | { readonly kind: 'stale' }
  /** Whoever is there wants no more. */
  | { readonly kind: 'gone'; readonly reason: FailureReason }

/** Why an attempt failed: told to the person whose target it is. */
export type FailureReason =
  | 'address_forbidden'
  | 'name_unknown'
  | 'unreachable'
  | 'timeout'
  | 'redirected'
  | `status_${number}`

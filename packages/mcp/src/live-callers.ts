import { isJsonObject } from '@behalf/core'
import type { AnyVerifiedRequest } from '@behalf/verifier'
import { CALLER_META } from './forwarded-message.ts'

/** Verified messages that a server in this process works on, by the id they are on record under. */
const LIVE = new Map<string, AnyVerifiedRequest<unknown>>()

/** The server may ask who calls, until the call has ended. */
export function rememberCaller(verified: AnyVerifiedRequest<unknown>): void {
  LIVE.set(verified.requestId, verified)
}

/** The call has ended. */
export function forgetCaller({ requestId }: AnyVerifiedRequest<unknown>): void {
  LIVE.delete(requestId)
}

/** Who calls, as the `_meta` of a message tells; undefined where nobody works on such a one. */
export function findCaller(
  meta: Readonly<Record<string, unknown>> | undefined,
): AnyVerifiedRequest<unknown> | undefined {
  const caller = meta?.[CALLER_META]
  const requestId = isJsonObject(caller) ? caller['request_id'] : undefined
  return typeof requestId === 'string' ? LIVE.get(requestId) : undefined
}

import type { AnyVerifiedRequest } from '@behalf/verifier'

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

/** The verified message of that id; undefined where nobody works on one. */
export function findCaller(requestId: unknown): AnyVerifiedRequest<unknown> | undefined {
  return typeof requestId === 'string' ? LIVE.get(requestId) : undefined
}

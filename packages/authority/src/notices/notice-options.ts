import { createAddressRule } from './address-rule.ts'
import type { PostContext, ResolveHost } from './post-notice.ts'
import { resolveHostHere } from './post-notice.ts'

/** How people are told things while the page is closed. */
export interface NoticeOptions {
  /** Addresses or ranges, such as `10.1.0.0/16`, that notices may go to although they are not public. Default: none. */
  readonly addresses?: readonly string[]
  /** Default: that of this machine. */
  readonly resolveHost?: ResolveHost
  /** For how long a receiver may take to answer. Default 10. */
  readonly timeoutSeconds?: number
  /** How often the outbox is looked through for what is to be tried again. Default 5. */
  readonly everySeconds?: number
}

const DEFAULT_TIMEOUT_SECONDS = 10

/**
 * Returns how notices get out, by the options.
 *
 * @throws TypeError for an address that is none, or a time that is not positive
 */
export function createPostContext(
  { addresses = [], resolveHost = resolveHostHere, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: NoticeOptions,
  { origin, signal }: { readonly origin: string; readonly signal: AbortSignal },
): PostContext {
  if (!(timeoutSeconds > 0)) throw new TypeError('notices.timeoutSeconds must be positive')
  return { rule: createAddressRule({ origin, named: addresses }), resolveHost, timeoutSeconds, signal }
}

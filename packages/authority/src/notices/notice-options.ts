import { type ResolveHost, resolveHostHere } from '../checked-addresses.ts'
import { createAddressRule } from './address-rule.ts'
import type { PostContext } from './post-notice.ts'

/** How people are told things while the page is closed. */
export interface NoticeOptions {
  /** Addresses or ranges, such as `10.1.0.0/16`, that notices may go to although they are not public. Default: none. */
  readonly addresses?: readonly string[]
  /** Certificates of roots, in PEM, that are trusted beside those of the runtime. Default: none. */
  readonly roots?: readonly string[]
  /** Where those who run a push service may complain, an https or mailto URL. Default: the origin. */
  readonly contact?: string
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
  options: NoticeOptions,
  { origin, signal }: { readonly origin: string; readonly signal: AbortSignal },
): PostContext {
  const { addresses = [], roots = [], resolveHost = resolveHostHere } = options
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options
  if (!(timeoutSeconds > 0)) throw new TypeError('notices.timeoutSeconds must be positive')
  const rule = createAddressRule({ origin, named: addresses })
  return { rule, resolveHost, timeoutSeconds, roots, signal }
}

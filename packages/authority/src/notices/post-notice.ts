import { request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import { findAddresses, isAllowed, pinTo, type ResolveHost, unlessAborted } from '../checked-addresses.ts'
import type { AddressRule } from './address-rule.ts'
import type { FailureReason } from './notice.ts'

/** How notices get out. */
export interface PostContext {
  readonly rule: AddressRule
  readonly resolveHost: ResolveHost
  /** For name, connection and answer together. */
  readonly timeoutSeconds: number
  /** Certificates in PEM that are trusted beside those of the runtime. */
  readonly roots: readonly string[]
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

/** One message. */
export interface PostedMessage {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What came of it: the status of the answer, or why there is none. */
export type PostResult = { readonly status: number } | { readonly failure: FailureReason }

const MAX_ANSWER_HEADER_BYTES = 16_384

/**
 * Resolves to what came of one POST. The name is resolved once, every address it has is checked, and the connection
 * goes to one that was: no second answer of a resolver can lead elsewhere. No redirect is followed. Of the answer only
 * the status is read; whatever follows is cut off.
 */
export async function postNotice(context: PostContext, message: PostedMessage): Promise<PostResult> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), context.timeoutSeconds * 1000)
  const signal = AbortSignal.any([deadline.signal, context.signal])
  try {
    const addresses = await unlessAborted(findAddresses(context, message.url), signal)
    if (!Array.isArray(addresses)) return { failure: deadline.signal.aborted ? 'timeout' : 'name_unknown' }
    if (!isAllowed(context.rule, message.url, addresses)) return { failure: 'address_forbidden' }
    return { status: await send(message, { addresses, signal, roots: context.roots }) }
  } catch {
    return { failure: deadline.signal.aborted ? 'timeout' : 'unreachable' }
  } finally {
    clearTimeout(timer)
  }
}

/** Whether notices may go to a URL, judged by its spelling and every address that its host has now. */
export async function mayPostTo(
  context: Pick<PostContext, 'rule' | 'resolveHost' | 'timeoutSeconds'>,
  url: URL,
): Promise<FailureReason | undefined> {
  const signal = AbortSignal.timeout(context.timeoutSeconds * 1000)
  const addresses = await unlessAborted(findAddresses(context, url), signal)
  if (addresses === undefined) return 'name_unknown'
  return isAllowed(context.rule, url, addresses) ? undefined : 'address_forbidden'
}

function send(
  { url, headers, body }: PostedMessage,
  {
    addresses,
    signal,
    roots,
  }: Pick<PostContext, 'roots' | 'signal'> & { readonly addresses: readonly string[] },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const options: RequestOptions = {
    ...(roots.length > 0 && { ca: [...rootCertificates, ...roots] }),
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    // A connection of its own each time: one that is kept would outlive what was checked.
    agent: false,
    lookup: pinTo(addresses),
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    signal,
  }
  const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
  request.on('response', (response) => {
    resolve(response.statusCode ?? 0)
    response.destroy()
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import { concatBytes } from '@behalf/core'
import { findAddresses, isAllowed, pinTo, type ResolveHost, unlessAborted } from '../checked-addresses.ts'
import { AuthorityError } from '../error.ts'
import type { AddressRule } from '../notices/address-rule.ts'

/** How keys and revocation lists of other issuers are fetched. */
export interface FetchContext {
  readonly rule: AddressRule
  readonly resolveHost: ResolveHost
  /** For name, connection and answer together. */
  readonly timeoutSeconds: number
  /** Certificates in PEM that are trusted beside those of the runtime. */
  readonly roots: readonly string[]
}

const MAX_HEADER_BYTES = 16_384

/**
 * Resolves to the body of a 200 answer from this very address, whole, in time and within the cap. The name is resolved
 * once, every address it has is checked, and the connection goes to one that was; no redirect is followed.
 *
 * @param options.maxBytes - of the body
 * @throws AuthorityError `resolution_blocked` for an address that must not be connected to, `resolution_timeout` when
 *   there is no such answer
 */
export async function fetchDocument(
  context: FetchContext,
  { url, maxBytes }: { readonly url: URL; readonly maxBytes: number },
): Promise<Uint8Array> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), context.timeoutSeconds * 1000)
  const { signal } = deadline
  try {
    const addresses = await unlessAborted(findAddresses(context, url), signal)
    if (addresses === undefined) throw unavailable(url)
    if (!isAllowed(context.rule, url, addresses)) {
      throw new AuthorityError('resolution_blocked', `${url.host} is at an address that must not be called`)
    }
    return await read(await send(url, { addresses, signal, roots: context.roots }), maxBytes)
  } catch (cause) {
    throw cause instanceof AuthorityError ? cause : unavailable(url, cause)
  } finally {
    clearTimeout(timer)
    deadline.abort()
  }
}

function send(
  url: URL,
  connection: {
    readonly addresses: readonly string[]
    readonly signal: AbortSignal
    readonly roots: readonly string[]
  },
): Promise<IncomingMessage> {
  const { addresses, signal, roots } = connection
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const options: RequestOptions = {
    ...(roots.length > 0 && { ca: [...rootCertificates, ...roots] }),
    // A connection of its own each time: one that is kept would outlive what was checked.
    agent: false,
    lookup: pinTo(addresses),
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
  }
  const request: ClientRequest =
    url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
  request.on('response', resolve)
  request.on('error', reject)
  request.end()
  return promise
}

async function read(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes) throw new Error(`answered with more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return concatBytes(...parts)
}

function unavailable(url: URL, cause?: unknown): AuthorityError {
  return new AuthorityError('resolution_timeout', `${url.host} does not give what it should`, { cause })
}

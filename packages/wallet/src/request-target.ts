/**
 * Key of an option that lets the wallet send signed requests over plain http to any host. Everybody on the way then
 * reads delegations and requests, and can drop, delay or answer them. For closed test networks only.
 */
export const DANGEROUSLY_ALLOW_PLAIN_HTTP: unique symbol = Symbol('DANGEROUSLY_ALLOW_PLAIN_HTTP')

/** Where a request goes, in the spelling that fetch puts on the wire. */
export interface RequestTarget {
  /** `https://api.example.com`, without a default port. */
  readonly origin: string
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
  /** Path and query: the request-target on the wire. */
  readonly target: string
  /** Origin and target, without a fragment: what is signed as `@target-uri` and handed to fetch. */
  readonly href: string
}

/**
 * The one spelling of a URL that is both signed and sent.
 *
 * @throws {TypeError} for what is not an absolute URL, has credentials, or is neither https nor http on a loopback
 *   host (unless `allowPlainHttp`)
 * @see RFC 9421 section 2.2.2, https://url.spec.whatwg.org
 */
export function parseRequestTarget(input: string | URL, allowPlainHttp = false): RequestTarget {
  const url = new URL(input)
  if (url.username !== '' || url.password !== '') throw new TypeError('the URL must not contain credentials')
  if (!isSchemeAllowed(url, allowPlainHttp)) {
    throw new TypeError('the URL must be https, or http on a loopback host')
  }
  const query = url.search.slice(1)
  // Not url.href: it keeps a lone question mark, which fetch does not send.
  const target = `${url.pathname}${url.search}`
  return { origin: url.origin, path: url.pathname, query, target, href: `${url.origin}${target}` }
}

/**
 * The origin, when the text is one and nothing more.
 *
 * @throws {TypeError} for another spelling, and as parseRequestTarget
 */
export function parseOrigin(input: string, allowPlainHttp = false): string {
  const { origin } = parseRequestTarget(input, allowPlainHttp)
  if (input === origin || input === `${origin}/`) return origin
  throw new TypeError('an origin is a scheme, a host and a port, and nothing more')
}

function isSchemeAllowed(url: URL, allowPlainHttp: boolean): boolean {
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && (allowPlainHttp || isLoopback(url.hostname))
}

// The URL parser has already turned every spelling of an IPv4 address into four decimal numbers.
function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

/**
 * As an option key, accepts origins and status addresses on plain `http:` beyond this machine. Everybody on the
 * way can then read every request, and drop any.
 */
export const dangerouslyAllowUnencryptedHttp: unique symbol = Symbol('dangerouslyAllowUnencryptedHttp')

/** Options of everything that takes addresses. */
export interface AddressOptions {
  readonly [dangerouslyAllowUnencryptedHttp]?: boolean
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The origins an API answers for, looked up by what a Host header says. */
export type Origins = ReadonlyMap<string, string>

/**
 * Checks the configured origins and keys them by authority.
 *
 * @param origins exact: `https://host` or `https://host:port`, lower case, no path; `http:` for loopback only
 * @returns map from authority (`host` or `host:port`) to origin
 * @throws TypeError for an empty list, another spelling, plain http beyond loopback, or two origins that one Host
 * header could mean
 */
export function parseOrigins(origins: readonly string[], options: AddressOptions = {}): Origins {
  if (origins.length === 0) throw new TypeError('origins: name at least one')
  const byAuthority = new Map<string, string>()
  for (const origin of origins) {
    const url = parseSecureUrl(origin, options)
    if (url.origin !== origin) throw new TypeError(`origins: write ${url.origin}, not ${origin}`)
    if (byAuthority.has(url.host)) throw new TypeError(`origins: ${url.host} is named twice`)
    byAuthority.set(url.host, origin)
  }
  return byAuthority
}

/**
 * The address is an URL on https, or on this machine.
 *
 * @throws TypeError otherwise
 */
export function parseSecureUrl(address: string, options: AddressOptions): URL {
  const url = URL.parse(address)
  if (url === null || !['https:', 'http:'].includes(url.protocol))
    throw new TypeError(`${address} is not a web address`)
  const plain = url.protocol === 'http:' && !LOOPBACK_HOSTS.has(url.hostname)
  if (plain && options[dangerouslyAllowUnencryptedHttp] !== true)
    throw new TypeError(`${address} is not on https`)
  return url
}

/**
 * What a Host header says, spelled like the keys of `Origins`.
 *
 * @param authority a host with or without port, in any case
 * @param scheme `https:` or `http:`, whose default port is removed
 */
export function normalizeAuthority(authority: string, scheme: string): string {
  const lowerCased = authority.toLowerCase()
  const defaultPort = scheme === 'http:' ? ':80' : ':443'
  return lowerCased.endsWith(defaultPort) ? lowerCased.slice(0, -defaultPort.length) : lowerCased
}

import ipaddr from 'ipaddr.js'

/** Which addresses notices may go to. */
export interface AddressRule {
  /**
   * Whether this is an IP address that may be connected to.
   *
   * @param address - as a resolver spells it
   * @param protocol - `http:` may go to this machine alone
   */
  allows(address: string, protocol: string): boolean
  /** Whether a URL with this protocol may be named at all. */
  readonly takesHttp: boolean
}

const UNIVERSAL = ipaddr.parseCIDR('2000::/3')

/**
 * Returns the rule: public addresses, and those named. This machine is allowed when the authority itself is reached
 * there and nowhere else; only then, and only there, without TLS.
 *
 * @param options.origin - of the authority
 * @param options.named - addresses or ranges such as `10.1.0.0/16`
 * @throws TypeError for a range that is none
 * @see IANA special-purpose address registries, RFC 6890
 */
export function createAddressRule({
  origin,
  named,
}: {
  readonly origin: string
  readonly named: readonly string[]
}): AddressRule {
  const ranges = named.map(parseRange)
  const { hostname } = new URL(origin)
  const isHere = hostname === 'localhost' || isLoopback(hostname.replaceAll(/^\[|\]$/gu, ''))
  return {
    takesHttp: isHere,
    allows: (text, protocol) => {
      if (!ipaddr.isValid(text)) return false
      // An IPv4 address inside an IPv6 one is the IPv4 address: that is where the connection would go.
      const address = ipaddr.process(text)
      if (isHere && address.range() === 'loopback') return true
      if (protocol !== 'https:') return false
      return isPublic(address) || ranges.some((range) => isWithin(address, range))
    },
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]

function isLoopback(host: string): boolean {
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback'
}

/** Everything that a registry says is special is something else than `unicast`. */
function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || isWithin(address, UNIVERSAL)
}

function isWithin(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits)
}

/** Whether a text is an address or a range that `createAddressRule` takes. */
export function isAddressRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
}

function parseRange(text: string): Range {
  if (!isAddressRange(text)) throw new TypeError(`${text} is no address and no range`)
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

import { type ProvenRequest, VerifierError } from '@behalf/verifier'

type Fields = ProvenRequest['headers']['fields']

/** Which hosts and origins an endpoint answers. */
export interface AdmittedHosts {
  /** As a Host header says it, in lower case. */
  readonly hosts: ReadonlySet<string>
  /** Values of Origin that are answered: pages that may call. */
  readonly origins: ReadonlySet<string>
}

/** The spellings of the host of a URL, with and without a default port. */
export function hostsOf(url: URL): ReadonlySet<string> {
  return new Set([url.host, `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`])
}

/**
 * The request was made to this host, and not from a page of somebody else: a page that has its own name point to this
 * machine is kept out by both.
 *
 * @throws VerifierError mcp_host_forbidden
 * @see MCP 2025-11-25, transports, security warning (DNS rebinding)
 */
export function admitHost({ values }: Fields, { hosts, origins }: AdmittedHosts): void {
  const named = [values.get(':authority'), values.get('host')].filter((name) => name !== undefined)
  if (named.length === 0 || named.some((name) => !hosts.has(name.toLowerCase()))) {
    throw new VerifierError('mcp_host_forbidden', 'the host is not that of the endpoint')
  }
  const origin = values.get('origin')
  if (origin !== undefined && !origins.has(origin)) {
    throw new VerifierError('mcp_host_forbidden', 'the origin is not among those that may call')
  }
}

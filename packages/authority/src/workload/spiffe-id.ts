const SPIFFE_ID = /^spiffe:\/\/(?<trustDomain>[a-z0-9._-]{1,255})(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/u
const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/u
const MAX_LENGTH = 2048

/**
 * Returns the trust domain of a workload's SPIFFE ID, itself spelled as one: `spiffe://example.org`. Undefined for
 * anything else, also for the ID of a trust domain, which no workload has.
 *
 * @see SPIFFE-ID sections 2.1 to 2.3
 */
export function trustDomainOf(text: string): string | undefined {
  const trustDomain = text.length > MAX_LENGTH ? undefined : SPIFFE_ID.exec(text)?.groups?.['trustDomain']
  return trustDomain === undefined ? undefined : `spiffe://${trustDomain}`
}

/** Tells whether a text is the SPIFFE ID of a trust domain. */
export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text)
}

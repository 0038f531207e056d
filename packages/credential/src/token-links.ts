import type { AccessTokenClaims } from './access-token-claims.ts'
import type { Delegation } from './delegation.ts'

/** What an access token says of one delegation behind it. */
export type TokenLink = Pick<Delegation, 'id' | 'subject' | 'issuer' | 'status'>

/**
 * Returns what an access token says of each delegation that it was exchanged for, root first. All their lists are those
 * of the root's issuer.
 * @param claims of a verified token
 */
export function describeTokenLinks(claims: AccessTokenClaims): readonly TokenLink[] {
  const { principal, actors, delegations, delegationStatus } = claims
  return actors.toReversed().flatMap((subject, index) => {
    const [id, status] = [delegations[index], delegationStatus[index]]
    return id === undefined || status === undefined ? [] : [{ id, subject, issuer: principal.issuer, status }]
  })
}

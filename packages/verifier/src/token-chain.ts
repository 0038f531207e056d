import { type AccessTokenClaims, describeTokenLinks } from '@behalf/credential'
import type { ProvenChain } from './proven-chain.ts'

/**
 * What an access token says of the chain that it was exchanged for. All its lists are those of the root's issuer.
 *
 * @param claims of a verified token
 * @returns frozen
 */
export function describeTokenChain(claims: AccessTokenClaims): ProvenChain {
  const { principal, approval, policy, workflow, capabilities, delegations } = claims
  const { issuer, ...onBehalfOf } = principal
  const links = describeTokenLinks(claims).map((link) => Object.freeze(link))
  const root = Object.freeze({
    issuer,
    onBehalfOf: Object.freeze(onBehalfOf),
    ...(approval !== undefined && { approval }),
    ...(policy !== undefined && { policy }),
  })
  const leaf = Object.freeze({
    id: delegations.at(-1) ?? claims.root,
    subject: claims.agent,
    capabilities,
    ...(workflow !== undefined && { workflow }),
  })
  return Object.freeze({ links: Object.freeze(links), root, leaf })
}

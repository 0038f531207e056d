import {
  type AccessTokenClaims,
  type Delegation,
  describeTokenLinks,
  type TokenLink,
} from '@behalf/credential'
import { isSame } from './is-same.ts'
import type { PlacedRecord } from './known-statements.ts'

/** What a token is held against. */
export interface LinkPlaces {
  readonly entries: readonly PlacedRecord[]
  /** Root delegations that were seen signed, by their id. */
  readonly roots: ReadonlyMap<string, { readonly delegation: Delegation }>
}

/**
 * Returns where the log has the delegations that a token names, root first: each for the same agent, and below the one
 * before. The root says what the token says of it, as far as it was seen signed.
 *
 * @returns undefined when one of them is not there, or is another
 */
export function findLinks(
  claims: AccessTokenClaims,
  { entries, roots }: LinkPlaces,
): readonly number[] | undefined {
  const root = roots.get(claims.root)?.delegation
  if (root !== undefined && !isRootOf(root, claims)) return undefined
  const places: number[] = []
  let parent: string | undefined
  for (const link of describeTokenLinks(claims)) {
    const entry = entries.find(({ record }) => isOf(record, link, parent))
    if (entry === undefined) return undefined
    places.push(entry.index)
    parent = link.id
  }
  return places
}

function isOf(
  record: PlacedRecord['record'],
  { id, subject }: TokenLink,
  parent: string | undefined,
): boolean {
  return (
    record.type === (parent === undefined ? 'issued' : 'sub_delegated') &&
    record.delegation === id &&
    record.subject === subject &&
    record.parent === parent
  )
}

/** On whose behalf, by which policy and by whose approval: as a person may have signed it. */
function isRootOf(root: Delegation, claims: AccessTokenClaims): boolean {
  const { issuer, ...onBehalfOf } = claims.principal
  return (
    root.issuer === issuer &&
    isSame(onBehalfOf, root.onBehalfOf) &&
    isSame(claims.approval, root.approval) &&
    isSame(claims.policy, root.policy) &&
    isSame(claims.workflow, root.workflow)
  )
}

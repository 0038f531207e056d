import { type Capability, coversCapabilities } from '@behalf/credential'
import { IssuerError } from './error.ts'

/** What a token is asked for. */
export interface TokenTarget {
  /** The one resource; absent where the delegation names only one. */
  readonly resource?: string | undefined
  /** What it shall allow there; absent: all that the delegation allows there. */
  readonly capabilities?: readonly Capability[] | undefined
}

/** What a token will say. */
export interface NarrowedTarget {
  readonly audience: string
  readonly capabilities: readonly Capability[]
}

type KnownCapability = Exclude<Capability, { readonly type: 'unknown' }>

// Proof of a key signs neither body nor query, so nothing would hold the caller to what these say.
const UNPROVEN = ['query', 'body', 'arguments'] as const

/**
 * Returns what of a delegation's capabilities goes into a token for one resource: never more than the delegation
 * allows there, and nothing that proof of the key with each use could not hold the agent to.
 *
 * @throws IssuerError `invalid_target` for a resource that the delegation does not name, or none where it names several;
 *   `invalid_scope` for capabilities that it does not cover, and for constraints of query, body or arguments
 * @see RFC 8707 section 2, RFC 9396 section 3
 */
export function narrowToResource(given: readonly Capability[], target: TokenTarget): NarrowedTarget {
  const known = given.filter(isKnown)
  const audience = readResource(known, target.resource)
  const there = known
    .filter(({ locations }) => locations.includes(audience))
    .map((capability) => ({ ...capability, locations: [audience] }))
  const { capabilities = there } = target
  if (capabilities.length === 0) throw invalidScope('Nothing is asked for')
  if (!capabilities.every((capability) => isAt(capability, audience))) {
    throw invalidScope('What is asked for is for another resource than the token')
  }
  if (!coversCapabilities(there, capabilities).covered) {
    throw invalidScope('The delegation does not cover what is asked for')
  }
  if (!capabilities.every(isProvable)) {
    throw invalidScope(
      'Constraints of query, body or arguments cannot be put into a token: ask for capabilities without them',
    )
  }
  return { audience, capabilities }
}

function readResource(known: readonly KnownCapability[], resource: string | undefined): string {
  const named = new Set(known.flatMap(({ locations }) => locations))
  if (resource === undefined && named.size === 1) return [...named].join()
  if (resource !== undefined && named.has(resource)) return resource
  throw new IssuerError(
    'invalid_target',
    resource === undefined
      ? 'The delegation names several resources: say which'
      : 'The delegation does not name this resource',
    { field: 'resource' },
  )
}

function isKnown(capability: Capability): capability is KnownCapability {
  return capability.type !== 'unknown'
}

function isAt(capability: Capability, audience: string): boolean {
  return isKnown(capability) && capability.locations.length === 1 && capability.locations[0] === audience
}

function isProvable(capability: Capability): boolean {
  if (!isKnown(capability)) return false
  return UNPROVEN.every((name) => capability.constraints?.[name] === undefined)
}

function invalidScope(message: string): IssuerError {
  return new IssuerError('invalid_scope', message, { field: 'authorization_details' })
}

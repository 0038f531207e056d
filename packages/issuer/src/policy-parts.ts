import { coversCapabilities } from '@behalf/credential'
import type { KnownCapability } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { greatestNumber } from './greatest-number.ts'
import { pathsOverlap } from './path-overlap.ts'
import type { PolicyMentions } from './policy-mentions.ts'

/** One action at one location, on one path pattern or with one tool: what a policy decides about. */
export interface PolicyPart {
  readonly type: KnownCapability['type']
  readonly location: string
  readonly action: string
  /** Of `http` only: the pattern as it was asked for. */
  readonly path?: string
  /** Of `mcp` only, where a tool is called. */
  readonly tool?: string
}

/** A part with what rules may ask about it. */
export interface PolicyPartFacts {
  readonly part: PolicyPart
  readonly within: readonly string[]
  readonly overlaps: readonly string[]
  readonly bounds: Readonly<Record<string, number>>
}

const MAX_PARTS = 4096

/**
 * Returns the parts of what is asked for.
 *
 * @param capabilities - what is asked for
 * @param mentions - the patterns and tags that the policy names
 * @throws IssuerError `input_invalid` (`capabilities`) for more than 4096 parts
 */
export function splitCapabilities(
  capabilities: readonly KnownCapability[],
  mentions: PolicyMentions,
): readonly PolicyPartFacts[] {
  const count = capabilities.reduce((sum, capability) => sum + countParts(capability), 0)
  if (count > MAX_PARTS) {
    throw new IssuerError('input_invalid', 'The capabilities name too many combinations', {
      field: 'capabilities',
    })
  }
  const comparePatterns = createPatternComparison(mentions.patterns)
  return capabilities.flatMap((capability) => {
    const bounds = boundsOf(capability, mentions.bounds)
    return splitCapability(capability).map((part) => ({ part, bounds, ...comparePatterns(part.path) }))
  })
}

function countParts(capability: KnownCapability): number {
  const { locations, actions } = capability
  const objects = capability.type === 'http' ? capability.paths.length : toolsOf(capability).length
  return locations.length * actions.length * objects
}

function splitCapability(capability: KnownCapability): readonly PolicyPart[] {
  const { type } = capability
  const objects =
    capability.type === 'http'
      ? capability.paths.map((path) => ({ path }))
      : toolsOf(capability).map((tool) => (tool === undefined ? {} : { tool }))
  return capability.locations.flatMap((location) =>
    capability.actions.flatMap((action) => objects.map((object) => ({ type, location, action, ...object }))),
  )
}

function toolsOf(capability: KnownCapability): readonly (string | undefined)[] {
  const tools = capability.type === 'mcp' ? Object.keys(capability.tools ?? {}) : []
  return tools.length === 0 ? [undefined] : tools
}

type Comparison = Pick<PolicyPartFacts, 'within' | 'overlaps'>

// Agents choose how often they repeat a path, so each is compared once.
function createPatternComparison(patterns: readonly string[]): (path: string | undefined) => Comparison {
  const known = new Map<string, Comparison>()
  return (path) => {
    if (path === undefined) return { within: [], overlaps: [] }
    const compared = known.get(path) ?? {
      within: patterns.filter((pattern) => covers(pattern, path)),
      overlaps: patterns.filter((pattern) => pathsOverlap(pattern, path)),
    }
    known.set(path, compared)
    return compared
  }
}

function covers(pattern: string, path: string): boolean {
  const one = { type: 'http' as const, locations: ['urn:x'], actions: ['GET'] }
  return coversCapabilities([{ ...one, paths: [pattern] }], [{ ...one, paths: [path] }]).covered
}

function boundsOf(capability: KnownCapability, names: readonly string[]): Readonly<Record<string, number>> {
  const bounds = names.flatMap((name) => {
    const greatest = greatestNumber(capability, name)
    return greatest === undefined ? [] : [[name, greatest] as const]
  })
  return Object.fromEntries(bounds)
}

import type { Capability, HttpCapability, McpCapability } from './capability.ts'
import { coversConstraints, isUnderstood } from './constraint.ts'
import { coversPaths } from './path-pattern.ts'

/** The verdict of {@link coversCapabilities}; `capability` is the position of the child's entry that fails. */
export type Coverage =
  | { readonly covered: true }
  | {
      readonly covered: false
      readonly code: 'attenuation_violation' | 'policy_unknown'
      readonly capability: number
    }

/**
 * Returns whether each capability of `child` is covered by one capability of `parent`: then there is no request that
 * the child allows and the parent refuses. The converse does not hold: a capability that only several of the parent's
 * cover together, a time window that only several of them cover, or a constraint that allows nothing at all, is
 * refused although it is no wider.
 * @returns `policy_unknown` for a child capability with a type or constraint that is not understood here; a parent
 * capability that is not understood covers nothing
 */
export function coversCapabilities(parent: readonly Capability[], child: readonly Capability[]): Coverage {
  for (const [capability, narrow] of child.entries()) {
    if (!isUnderstoodCapability(narrow)) return { covered: false, code: 'policy_unknown', capability }
    if (!parent.some((wide) => coversCapability(wide, narrow))) {
      return { covered: false, code: 'attenuation_violation', capability }
    }
  }
  return { covered: true }
}

/** Whether the type and every constraint of a capability is one that is evaluated here. */
export function isUnderstoodCapability(capability: Capability): boolean {
  return capability.type !== 'unknown' && isUnderstood(capability.constraints, capability.type)
}

function coversCapability(parent: Capability, child: Capability): boolean {
  if (parent.type === 'http' && child.type === 'http') return coversHttp(parent, child)
  if (parent.type === 'mcp' && child.type === 'mcp') return coversMcp(parent, child)
  return false
}

function coversHttp(parent: HttpCapability, child: HttpCapability): boolean {
  return (
    coversPlace(parent, child) &&
    coversPaths(parent.paths, child.paths) &&
    isUnderstoodCapability(parent) &&
    coversConstraints(parent.constraints, child.constraints)
  )
}

function coversMcp(parent: McpCapability, child: McpCapability): boolean {
  const pinned = parent.tools ?? {}
  return (
    coversPlace(parent, child) &&
    Object.entries(child.tools ?? {}).every(
      ([name, digest]) => Object.hasOwn(pinned, name) && pinned[name] === digest,
    ) &&
    isUnderstoodCapability(parent) &&
    coversConstraints(parent.constraints, child.constraints)
  )
}

function coversPlace(parent: HttpCapability | McpCapability, child: HttpCapability | McpCapability): boolean {
  return isSubset(child.locations, parent.locations) && isSubset(child.actions, parent.actions)
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((element) => whole.includes(element))
}

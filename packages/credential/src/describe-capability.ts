import { canonicalizeJson } from '@behalf/core'
import type { Capability, HttpCapability, McpCapability } from './capability.ts'
import { describeConstraints } from './describe-constraints.ts'
import { joinList, quoteList, quoteText } from './quote-text.ts'

const HTTP_VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'read (GET)'],
  ['HEAD', 'ask about (HEAD)'],
  ['POST', 'send to (POST)'],
  ['PUT', 'replace (PUT)'],
  ['PATCH', 'change (PATCH)'],
  ['DELETE', 'delete (DELETE)'],
])
const WRITING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const BELOW = '**'

/**
 * Returns one sentence on what a capability allows: what, on what, where, within which limits. Everything that an
 * agent chose stands between quotation marks.
 */
export function describeCapability(capability: Capability): string {
  if (capability.type === 'http') return describeHttp(capability)
  if (capability.type === 'mcp') return describeMcp(capability)
  return `It asks for something of an unknown type, which allows nothing: ${quoteText(canonicalizeJson(capability.value))}.`
}

function describeHttp(capability: HttpCapability): string {
  const { locations, actions, paths, constraints } = capability
  if (locations.length === 0 || actions.length === 0 || paths.length === 0) return nothing('an API')
  const verbs = joinList(actions.map(nameHttpAction), 'or')
  const limits = [...describeConstraints(constraints), ...describeFreeBody(capability)]
  return sentence(`It may ${verbs} ${joinList(paths.map(describePath), 'or')}`, locations, limits)
}

/** That what is sent is limited by nothing is worth as many words as a limit. */
function describeFreeBody({ actions, constraints }: HttpCapability): readonly string[] {
  const isFree = constraints?.body === undefined && actions.some((action) => WRITING.has(action))
  return isFree ? ['with any content'] : []
}

function nameHttpAction(action: string): string {
  return HTTP_VERBS.get(action) ?? `do ${quoteText(action)} on`
}

function describePath(pattern: string): string {
  const isOpen = pattern.endsWith(`/${BELOW}`)
  const fixed = isOpen ? pattern.slice(0, -BELOW.length) : pattern
  const wildcard = fixed.split('/').includes('*') ? ' (* is any one name)' : ''
  return `${quoteText(fixed)}${wildcard}${isOpen ? ' and everything below it' : ''}`
}

function describeMcp({ locations, actions, tools, constraints }: McpCapability): string {
  if (locations.length === 0 || actions.length === 0) return nothing('an MCP server')
  const limits = [
    ...(actions.includes('tools/call') ? [describeTools(tools)] : []),
    ...describeConstraints(constraints),
  ]
  return sentence(`It may use the MCP methods ${quoteList(actions, 'and')}`, locations, limits)
}

function describeTools(tools: McpCapability['tools']): string {
  const names = Object.keys(tools ?? {}).toSorted()
  if (names.length === 0) return 'calling no tool'
  return `calling no other tools than ${quoteList(names, 'and')}, as they are defined now`
}

function sentence(what: string, locations: readonly string[], limits: readonly string[]): string {
  return `${[`${what} at ${quoteList(locations, 'or')}`, ...limits].join(', ')}.`
}

function nothing(where: string): string {
  return `It may do nothing at ${where}: a list of this permission is empty.`
}

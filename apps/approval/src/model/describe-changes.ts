import type { RequestView } from '../api/views.ts'
import { capabilitySentence } from '../words/capability-sentence.ts'
import { durationWords } from '../words/duration.ts'

/** One difference between two versions of a request, and whether it asks for more. */
export interface Change {
  readonly words: string
  /** `more` and `less` are about rights; `other` is about words. */
  readonly kind: 'more' | 'less' | 'other'
}

/** What an agent changed in its request while a person was reading it, rights first. */
export function describeChanges(before: RequestView, after: RequestView): readonly Change[] {
  return [
    ...capabilityChanges(before, after),
    ...amount('It may last', before.valid_for_seconds, after.valid_for_seconds, durationWords),
    ...amount('It may make', before.max_uses ?? Infinity, after.max_uses ?? Infinity, usesWords),
    ...amount('It may pass on', before.max_delegation_depth, after.max_delegation_depth, depthWords),
    ...text('The purpose', before.purpose, after.purpose),
    ...text('The workflow', workflowWords(before), workflowWords(after)),
    ...text('Its name', before.agent_name ?? '', after.agent_name ?? ''),
    ...text('For whom', principalWords(before), principalWords(after)),
  ]
}

function capabilityChanges(before: RequestView, after: RequestView): readonly Change[] {
  const rulesBefore = new Set(before.capabilities.map((capability) => JSON.stringify(capability)))
  const rulesAfter = new Set(after.capabilities.map((capability) => JSON.stringify(capability)))
  const added = after.capabilities.filter((capability) => !rulesBefore.has(JSON.stringify(capability)))
  const removed = before.capabilities.filter((capability) => !rulesAfter.has(JSON.stringify(capability)))
  return [
    ...added.map((capability) => ({
      words: `New: ${capabilitySentence(capability)}`,
      kind: 'more' as const,
    })),
    ...removed.map((capability) => ({
      words: `No longer: ${capabilitySentence(capability)}`,
      kind: 'less' as const,
    })),
  ]
}

function amount(
  what: string,
  before: number,
  after: number,
  words: (value: number) => string,
): readonly Change[] {
  if (before === after) return []
  return [
    { words: `${what} ${words(after)}, before ${words(before)}`, kind: after > before ? 'more' : 'less' },
  ]
}

function text(what: string, before: string, after: string): readonly Change[] {
  return before === after ? [] : [{ words: `${what} is now “${after}”, before “${before}”`, kind: 'other' }]
}

function usesWords(value: number): string {
  return value === Infinity ? 'any number of requests' : `${value} requests`
}

function depthWords(value: number): string {
  if (value === 0) return 'to nobody'
  return value === 1 ? 'to other agents, one step' : `to other agents, ${value} steps`
}

function workflowWords({ workflow }: RequestView): string {
  if (workflow === undefined) return ''
  return workflow.run === undefined ? workflow.id : `${workflow.id}, run ${workflow.run}`
}

function principalWords({ on_behalf_of: { id, role, tenant } }: RequestView): string {
  return [id, role, tenant].filter((part) => part !== undefined).join(', ')
}

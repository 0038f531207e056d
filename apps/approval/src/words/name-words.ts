import type { NamesView } from '../api/log-views.ts'
import { safeText } from './safe-text.ts'

/** Whom the hash of a person means: name and id, as the authority knows them; undefined when it does not. */
export function personWords(hash: unknown, { people }: NamesView): string | undefined {
  const person = typeof hash === 'string' ? people[hash] : undefined
  if (person === undefined) return undefined
  const id = safeText(person.id, 60)
  return person.name === undefined || person.name === person.id ? id : `${safeText(person.name, 60)} (${id})`
}

/** What an agent called itself, in quotes, and how its key is known again. */
export function agentWords(
  did: unknown,
  { agents }: NamesView,
): { readonly name: string; readonly key: string } {
  const agent = typeof did === 'string' ? agents[did] : undefined
  const key = agent?.fingerprint ?? (typeof did === 'string' ? safeText(did, 80) : 'unknown')
  return {
    name: agent?.name === undefined ? 'An agent without a name' : `“${safeText(agent.name, 80)}”`,
    key,
  }
}

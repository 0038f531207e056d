import type { JsonObject } from '@behalf/core'
import { fingerprintAgent } from '@behalf/credential'
import type { IssuerEvent } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { principalOfRequest } from '../request-rows.ts'
import { type Person, seesEverything } from './person.ts'

/** The DID of an agent. */
export const AGENT: RegExp = /^did:key:z6Mk/u

/**
 * Returns what people call those whom events are about: the agent by the name it last gave itself when it asked this
 * person (or anybody, for operators and auditors), with its fingerprint, and people by their names here.
 */
export async function findNames(
  db: AuthorityDatabase,
  person: Person,
  events: readonly IssuerEvent[],
): Promise<(event: IssuerEvent) => JsonObject> {
  const agents = await findAgentNames(db, person, textsOf(events, 'subject'))
  const people = await findPersonNames(db, [...textsOf(events, 'by'), ...textsOf(events, 'person')])
  return ({ data }) => {
    const { subject, by, person: id } = data
    return {
      ...(typeof subject === 'string' && AGENT.test(subject) && describeAgent(subject, agents.get(subject))),
      ...(typeof by === 'string' && named('by_name', people.get(by))),
      ...(typeof id === 'string' && named('person_name', people.get(id))),
    }
  }
}

function describeAgent(agent: string, name: string | undefined): JsonObject {
  return { agent_fingerprint: fingerprintAgent(agent), ...named('agent_name', name) }
}

function named(member: string, name: string | undefined): JsonObject {
  return name === undefined ? {} : { [member]: name }
}

function textsOf(events: readonly IssuerEvent[], member: string): readonly string[] {
  const texts = events.flatMap(({ data }) => (typeof data[member] === 'string' ? [data[member]] : []))
  return [...new Set(texts)]
}

/** What agents last called themselves when they asked this person; anybody, for operators and auditors. */
export async function findAgentNames(
  db: AuthorityDatabase,
  person: Person,
  agents: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  let query = db
    .selectFrom('requests')
    .select(['agent', 'agent_name'])
    .where('agent', 'in', agents)
    .where('agent_name', 'is not', null)
    .orderBy('number')
  if (!seesEverything(person)) query = query.where(principalOfRequest, '=', person.id)
  const names = new Map<string, string>()
  for (const row of await query.execute()) if (row.agent_name !== null) names.set(row.agent, row.agent_name)
  return names
}

/** What people are called here. */
export async function findPersonNames(
  db: AuthorityDatabase,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('persons').select(['id', 'name']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

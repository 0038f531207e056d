import type { AuditRecord } from '@behalf/audit-log'
import type { JsonObject } from '@behalf/core'
import { fingerprintAgent } from '@behalf/credential'
import type { AuthorityDatabase } from '../database-schema.ts'
import { isRequest } from '../trace/record-members.ts'
import { AGENT, findAgentNames, findPersonNames } from './find-names.ts'
import type { Person } from './person.ts'

/**
 * Returns whom records mean, as this authority knows them: of each agent its fingerprint and the name it last gave
 * itself, and of each hash of a person the id, with the name here. Nothing of it is proven, and a person who was
 * forgotten is not in it.
 */
export async function nameRecords(
  db: AuthorityDatabase,
  person: Person,
  records: readonly AuditRecord[],
): Promise<{ readonly agents: JsonObject; readonly people: JsonObject }> {
  // The issuer of a root is no agent.
  const passedOn = records.filter((record) => !isRequest(record)).map(({ issuer }) => issuer)
  const dids = textsOf([...records.flatMap(({ subject, by }) => [subject, by]), ...passedOn])
  const agents = dids.filter((did) => AGENT.test(did))
  const hashes = textsOf(records.flatMap(({ principal, person: who, by }) => [principal, who, by]))
  const ids = await findIds(
    db,
    hashes.filter((hash) => hash.startsWith('sha-256:')),
  )
  const agentNames = await findAgentNames(db, person, agents)
  const names = await findPersonNames(db, [...ids.values()])
  return {
    agents: Object.fromEntries(
      agents.map((did) => [did, { fingerprint: fingerprintAgent(did), ...named(agentNames.get(did)) }]),
    ),
    people: Object.fromEntries([...ids].map(([hash, id]) => [hash, { id, ...named(names.get(id)) }])),
  }
}

async function findIds(
  db: AuthorityDatabase,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('principal_salts')
    .select(['hash', 'id'])
    .where('hash', 'in', hashes)
    .execute()
  return new Map(rows.flatMap(({ hash, id }) => (id === null ? [] : [[hash, id] as const])))
}

function named(name: string | undefined): JsonObject {
  return name === undefined ? {} : { name }
}

function textsOf(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.filter((value) => typeof value === 'string'))]
}

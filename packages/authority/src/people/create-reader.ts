import type { AuditRecord, AuditRecordType } from '@behalf/audit-log'
import { sql } from 'kysely'
import type { AuthorityDatabase } from '../database-schema.ts'
import { principalOfDelegation } from '../delegation-rows.ts'
import { termOf } from '../ledger/record-terms.ts'
import type { PeopleContext } from './people-context.ts'
import { type Person, seesEverything } from './person.ts'

/** Decides what of the log one person may read. */
export interface LogReader {
  /** As records name the person; undefined while none does. */
  readonly hash: string | undefined
  /** Whether the record is the business of the person. */
  mayRead(record: AuditRecord): Promise<boolean>
  /** Terms of which every entry has one that is the person's business; undefined: every entry is. */
  terms(): Promise<readonly string[] | undefined>
}

/** What an authority says of itself is no secret to those who live with it. */
const ABOUT_ITSELF: ReadonlySet<AuditRecordType> = new Set([
  'key_logged',
  'policy_loaded',
  'issuer_key_revoked',
])
/** The latest delegations of others that a person approved as the second. */
const MAX_SECONDED = 50

/**
 * Returns how this person reads the log: what concerns delegations that act on their behalf, or that they approved;
 * operators and auditors read all of it.
 */
export async function createReader(
  context: Pick<PeopleContext, 'database' | 'issuer' | 'ledger'>,
  person: Person,
): Promise<LogReader> {
  const { database, issuer, ledger } = context
  const hash = await ledger.salts.find({ issuer: issuer.did, id: person.id })
  if (seesEverything(person)) return { hash, mayRead: async () => true, terms: async () => undefined }
  const isOwn = remember((id) => isOwnDelegation(database, person, id))
  const isSubject = remember((agent) => actsFor(database, person, agent))
  return {
    hash,
    mayRead: async (record) => {
      if (ABOUT_ITSELF.has(record.type)) return true
      if (hash !== undefined && [record.principal, record.person].includes(hash)) return true
      if (record.type === 'key_revoked' || record.type === 'workload_proven') return isSubject(record.subject)
      const ids = [record.delegation, record.root, ...listOf(record.delegations)]
      for (const id of ids) if (await isOwn(id)) return true
      return false
    },
    terms: async () => {
      const seconded = await findSeconded(database, person)
      const own = hash === undefined ? [] : [termOf('principal', hash)]
      return [...own, ...seconded.map((id) => termOf('delegation', id))]
    },
  }
}

/** Asks once about each text; anything else is nobody's. */
function remember(ask: (text: string) => Promise<boolean>): (value: unknown) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>()
  return async (value) => {
    if (typeof value !== 'string') return false
    const answer = known.get(value) ?? ask(value)
    known.set(value, answer)
    return answer
  }
}

async function isOwnDelegation(db: AuthorityDatabase, person: Person, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('delegations as own')
    .innerJoin('delegations as root', 'root.id', 'own.root_id')
    .leftJoin('requests', 'requests.id', 'root.request_id')
    .select('root.id')
    .where('own.id', '=', id)
    .where(
      sql<boolean>`(json_extract(root.on_behalf_of_json, '$.id') = ${person.id}
        or exists (select 1 from json_each(requests.approvals_json) where value ->> '$.by' = ${person.id}))`,
    )
    .executeTakeFirst()
  return row !== undefined
}

async function actsFor(db: AuthorityDatabase, person: Person, agent: string): Promise<boolean> {
  const row = await db
    .selectFrom('delegations')
    .select('id')
    .where('subject', '=', agent)
    .where(principalOfDelegation, '=', person.id)
    .executeTakeFirst()
  return row !== undefined
}

async function findSeconded(db: AuthorityDatabase, person: Person): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('requests')
    .select('delegation_id')
    .where('delegation_id', 'is not', null)
    .where(sql<boolean>`json_array_length(approvals_json) > 1`)
    .where(
      sql<boolean>`exists (select 1 from json_each(approvals_json) where value ->> '$.by' = ${person.id})`,
    )
    .where(sql<boolean>`json_extract(terms_json, '$.onBehalfOf.id') <> ${person.id}`)
    .orderBy('number', 'desc')
    .limit(MAX_SECONDED)
    .execute()
  return rows.flatMap(({ delegation_id: id }) => (id === null ? [] : [id]))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

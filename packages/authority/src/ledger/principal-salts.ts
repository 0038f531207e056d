import { hashPrincipal, SALT_BYTES } from '@behalf/audit-log'
import { type BoundedMap, type Clock, createBoundedMap, type RandomBytes } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'

/** A principal: an id, and the issuer that uses it. */
export interface PrincipalName {
  readonly issuer: string
  readonly id: string
}

/** What salts are made with and kept in. */
export interface PrincipalSaltsOptions {
  readonly database: AuthorityDatabase
  readonly clock: Clock
  readonly random: RandomBytes
}

/** Knows how records name principals. */
export interface PrincipalSalts {
  /** How records name each of them, by `nameOf`; a principal who has no salt yet gets one, which is on disk then. */
  hashesOf(principals: readonly PrincipalName[]): Promise<ReadonlyMap<string, string>>
  /** How records name a principal; undefined for one of whom none speaks, or who was forgotten. */
  find(principal: PrincipalName): Promise<string | undefined>
  /** Nothing is remembered that the database may not know any more. */
  reset(): void
}

const REMEMBERED = 10_000

/** One spelling for each pair. */
export function nameOf({ issuer, id }: PrincipalName): string {
  return `${issuer} ${id}`
}

/** Salts in the database of an authority; the latest principals are remembered. */
export function createPrincipalSalts(options: PrincipalSaltsOptions): PrincipalSalts {
  let remembered = createBoundedMap<string>(REMEMBERED)
  return {
    hashesOf: async (principals) => {
      const wanted = new Map(principals.map((principal) => [nameOf(principal), principal]))
      const hashes = recall(remembered, wanted)
      const missing = [...wanted].flatMap(([name, principal]) => (hashes.has(name) ? [] : [principal]))
      if (missing.length === 0) return hashes
      const found = await findOrCreate(options, missing)
      for (const [name, hash] of found) remembered.set(name, hash)
      return new Map([...hashes, ...found])
    },
    find: (principal) => findHash(options.database, principal),
    reset: () => {
      remembered = createBoundedMap<string>(REMEMBERED)
    },
  }
}

function recall(
  remembered: BoundedMap<string>,
  wanted: ReadonlyMap<string, PrincipalName>,
): ReadonlyMap<string, string> {
  const entries = [...wanted.keys()].flatMap((name) => {
    const hash = remembered.get(name)
    return hash === undefined ? [] : [[name, hash] as const]
  })
  return new Map(entries)
}

function findOrCreate(
  { database, clock, random }: PrincipalSaltsOptions,
  principals: readonly PrincipalName[],
): Promise<ReadonlyMap<string, string>> {
  return database.transaction().execute(async (db) => {
    const hashes = new Map<string, string>()
    for (const principal of principals) {
      const hash = (await findHash(db, principal)) ?? (await create(db, { principal, clock, random }))
      hashes.set(nameOf(principal), hash)
    }
    return hashes
  })
}

async function create(
  db: AuthorityDatabase,
  made: { readonly principal: PrincipalName; readonly clock: Clock; readonly random: RandomBytes },
): Promise<string> {
  const { principal, clock, random } = made
  const { issuer, id } = principal
  const salt = random(SALT_BYTES)
  const hash = hashPrincipal(principal, salt)
  await db
    .insertInto('principal_salts')
    .values({ hash, issuer, id, salt, created_at: clock(), erased_at: null })
    .execute()
  return hash
}

async function findHash(db: AuthorityDatabase, { issuer, id }: PrincipalName): Promise<string | undefined> {
  const row = await db
    .selectFrom('principal_salts')
    .select('hash')
    .where('issuer', '=', issuer)
    .where('id', '=', id)
    .where('erased_at', 'is', null)
    .executeTakeFirst()
  return row?.hash
}

import type { AuthorityDatabase } from '../database-schema.ts'

/** How often an API reported that it accepted a delegation, and when it last did. */
export interface ReportedUse {
  readonly origin: string
  readonly uses: number
  /** Milliseconds since the epoch. */
  readonly lastUsedAt: number
}

/** Returns what APIs reported of the uses of each of these delegations, itself or through one below it. */
export async function findUses(
  database: AuthorityDatabase,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly ReportedUse[]>> {
  if (ids.length === 0) return new Map()
  const rows = await database
    .selectFrom('delegation_uses')
    .selectAll()
    .where('delegation', 'in', [...ids])
    .orderBy('origin')
    .execute()
  const uses = rows.map(({ delegation, origin, uses, last_used_at }) => ({
    delegation,
    use: { origin, uses, lastUsedAt: last_used_at },
  }))
  const grouped = Map.groupBy(uses, ({ delegation }) => delegation)
  return new Map([...grouped].map(([id, own]) => [id, own.map(({ use }) => use)]))
}

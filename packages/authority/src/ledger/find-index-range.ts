import type { AuthorityDatabase } from '../database-schema.ts'

/** A time, milliseconds since the epoch; what is absent has no bound. */
export interface TimeRange {
  readonly from?: number | undefined
  readonly until?: number | undefined
}

/** Indices of entries: from `first` on, below `end`. */
export interface IndexRange {
  readonly first: number
  readonly end: number
}

const HOUR_MS = 3_600_000

/**
 * Returns where in the log every entry is whose record has a time in this range, and perhaps others; undefined when
 * there is none. Records come from many clocks and some come late, so their times are not in the order of the log.
 */
export async function findIndexRange(
  database: AuthorityDatabase,
  { from, until }: TimeRange,
): Promise<IndexRange | undefined> {
  let query = database
    .selectFrom('log_hours')
    .select(({ fn }) => [fn.min('first_index').as('first'), fn.max('last_index').as('last')])
  if (from !== undefined) query = query.where('hour', '>=', Math.floor(from / HOUR_MS))
  if (until !== undefined) query = query.where('hour', '<=', Math.floor(until / HOUR_MS))
  const row = await query.executeTakeFirst()
  if (row?.first === undefined || row.first === null) return undefined
  return { first: Number(row.first), end: Number(row.last) + 1 }
}

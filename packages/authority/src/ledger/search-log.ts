import type { AuditRecord, LogEntry } from '@behalf/audit-log'
import type { SqliteLogStore } from '@behalf/audit-log/sqlite'
import type { AuthorityDatabase } from '../database-schema.ts'
import { findIndexRange, type TimeRange } from './find-index-range.ts'
import { recordOf, termsOf } from './record-terms.ts'

/** What is looked for in the log. */
export interface LogSearch extends TimeRange {
  /** Each entry has every one of these, see `termOf`. */
  readonly terms: readonly string[]
  /** Each entry has one of these; absent: any entry will do. */
  readonly among?: readonly string[] | undefined
  /** Only entries below this index. */
  readonly before?: number | undefined
}

/** An entry that was found. */
export interface FoundRecord {
  readonly index: number
  readonly record: AuditRecord
}

/** Some of what was found. */
export interface FoundRecords {
  /** The latest first. */
  readonly found: readonly FoundRecord[]
  /** There may be more below this index; absent: there are none. */
  readonly before?: number
}

/** Where the log is searched. */
export interface SearchContext {
  readonly store: Pick<SqliteLogStore, 'readSize' | 'readEntries' | 'findNewest' | 'countEntries'>
  readonly database: AuthorityDatabase
}

/** Entries in an answer. */
const PAGE = 50
const CHUNK = 250
/** Chunks that are read for one answer, whatever is found in them. */
const MAX_CHUNKS = 8
/** A word that more entries have is as good as any other. */
const MANY = 10_000

/** Returns the latest entries that are looked for, reading at most 2,000 of those that the rarest term leads to. */
export async function searchLog(context: SearchContext, search: LogSearch): Promise<FoundRecords> {
  const range = await findIndexRange(context.database, search)
  if (range === undefined) return { found: [] }
  const leads = search.among ?? (await findRarest(context, search.terms))
  const found: FoundRecord[] = []
  let before = Math.min(search.before ?? range.end, range.end)
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk += 1) {
    const entries = await readNewest(context, leads, before)
    for (const entry of entries) {
      if (entry.index < range.first) return { found }
      before = entry.index
      const record = recordOf(entry.data)
      if (record !== undefined && isWanted(entry, record, search)) found.push({ index: before, record })
      if (found.length === PAGE) return { found, before }
    }
    if (entries.length === 0) return { found }
  }
  return { found, before }
}

/** The one of these terms that the fewest entries have. */
async function findRarest(
  { store }: SearchContext,
  terms: readonly string[],
): Promise<readonly string[] | undefined> {
  const counts = await Promise.all(
    terms.map(async (term) => ({ term, count: await store.countEntries(term, MANY) })),
  )
  const [rarest] = counts.toSorted((one, other) => one.count - other.count)
  return rarest && [rarest.term]
}

async function readNewest(
  { store }: SearchContext,
  leads: readonly string[] | undefined,
  before: number,
): Promise<readonly LogEntry[]> {
  if (leads === undefined) {
    const from = Math.max(0, before - CHUNK)
    return (await store.readEntries(from, before - from)).toReversed()
  }
  const lists = await Promise.all(leads.map((term) => store.findNewest(term, before, CHUNK)))
  const entries = new Map(lists.flat().map((entry) => [entry.index, entry]))
  return [...entries.values()].toSorted((one, other) => other.index - one.index).slice(0, CHUNK)
}

function isWanted(entry: LogEntry, { time }: AuditRecord, { terms, from, until }: LogSearch): boolean {
  const at = Date.parse(time)
  if (at < (from ?? -Infinity) || at > (until ?? Infinity)) return false
  const own = termsOf(entry)
  return terms.every((term) => own.includes(term))
}

import { type AuditRecord, parseAuditRecord } from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import type { TraceEntry, TraceFilter, TraceSource } from './trace-source.ts'

/** An entry that was read. */
export interface Found extends TraceEntry {
  readonly parsed: AuditRecord
}

/** What a trace is collected from, and what of it so far. */
export interface Collection {
  readonly authority: TraceSource
  /** By their index. */
  readonly entries: Map<number, Found>
  /** Whether more has to do with it than is read. */
  isCut: boolean
}

/** Delegations, requests for them and enrolments that are followed at most. */
export const MAX_FOLLOWED = 100
/** Records about one thing that are read at most. */
const MAX_ABOUT = 500
/** Records of one type that are looked through at most. */
const MAX_OF_TYPE = 20_000
/** Nothing lies beside these. */
const TYPE_PAGE = 500
/** No log has so many entries. */
const END = 999_999_999_999_999
/** Evidence of requests comes with them, and an answer has at most 4 MiB. */
const PAGE = 50

/** Entries about something, from an index on; at most `limit`, and that there are more is remembered without one. */
export async function readAbout(
  collection: Collection,
  about: string,
  { from = 0, limit }: { readonly from?: number; readonly limit?: number } = {},
): Promise<readonly Found[]> {
  const most = limit ?? MAX_ABOUT
  const { found, isCut } = await readPages(collection, { about, from, limit: PAGE, evidence: true }, most)
  collection.isCut ||= isCut && limit === undefined
  return found
}

/** The latest entries about something; that there are more is remembered. */
export async function readLatest(collection: Collection, about: string): Promise<readonly Found[]> {
  const filter: TraceFilter = { about, before: END, limit: PAGE, evidence: true }
  const { found, isCut } = await readPages(collection, filter, MAX_ABOUT)
  collection.isCut ||= isCut
  return found
}

/** The first entries about something and the latest; that there are more between them is remembered. */
export async function readEnds(collection: Collection, about: string): Promise<readonly Found[]> {
  const filter: TraceFilter = { about, limit: PAGE, evidence: true }
  const first = await readPages(collection, filter, MAX_ABOUT)
  return first.isCut ? [...first.found, ...(await readLatest(collection, about))] : first.found
}

/** The first entry about something and the last: one of them, or none. */
export async function readOutermost(collection: Collection, about: string): Promise<readonly Found[]> {
  const filter: TraceFilter = { about, limit: 1 }
  const first = await readPages(collection, filter, 1)
  const last = await readPages(collection, { ...filter, before: END }, 1)
  return [...first.found, ...last.found]
}

/** Entries of a type; that not all were looked through is remembered. */
export async function readType(
  collection: Collection,
  type: AuditRecord['type'],
  {
    isEnough,
    ...range
  }: Pick<TraceFilter, 'from' | 'before'> & {
    readonly isEnough?: (page: readonly Found[]) => boolean
  },
): Promise<readonly Found[]> {
  const filter: TraceFilter = { about: `type:${type}`, ...range, limit: TYPE_PAGE }
  const { found, isCut } = await readPages(collection, filter, MAX_OF_TYPE, isEnough)
  collection.isCut ||= isCut
  return found
}

/** Page after page until there are no more, there are so many, or it is enough. */
async function readPages(
  { authority }: Collection,
  filter: TraceFilter,
  most: number,
  isEnough: (page: readonly Found[]) => boolean = () => false,
): Promise<{ readonly found: readonly Found[]; readonly isCut: boolean }> {
  const found: Found[] = []
  let next = filter
  for (;;) {
    const entries = await authority.listLogEntries(next)
    const page = entries.map((entry) => ({ ...entry, parsed: parseAuditRecord(encodeUtf8(entry.record)) }))
    found.push(...page)
    const last = page.at(-1)
    if (last === undefined || isEnough(page) || !isWithin(last, next)) return { found, isCut: false }
    if (found.length >= most) return { found: found.slice(0, most), isCut: true }
    next = filter.before === undefined ? { ...next, from: last.index + 1 } : { ...next, before: last.index }
  }
}

/** They are part of the trace. */
export function keep({ entries }: Collection, found: readonly Found[]): void {
  for (const entry of found) entries.set(entry.index, entry)
}

/** The records that are part of the trace so far. */
export function recordsOf({ entries }: Collection): readonly AuditRecord[] {
  return [...entries.values()].map(({ parsed }) => parsed)
}

/** A text alone; nothing of anything else. */
export function textsOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value] : []
}

/** Whatever the source answers, there is an end. */
function isWithin({ index }: Found, { from = 0, before = END }: TraceFilter): boolean {
  return index >= from && index < before
}

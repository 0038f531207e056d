import { type AuditLog, type NewEntry, serializeAuditRecord } from '@behalf/audit-log'
import type { SqliteLogStore } from '@behalf/audit-log/sqlite'
import type { IssuerEvent } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { readEventRow } from '../event-rows.ts'
import { eventMembers, principalsIn } from './event-members.ts'
import type { PrincipalSalts } from './principal-salts.ts'

/** Where events come from and go to. */
export interface MoveEventsContext {
  readonly database: AuthorityDatabase
  /** DID of the authority. */
  readonly issuer: string
  readonly store: Pick<SqliteLogStore, 'findIds'>
  readonly log: Pick<AuditLog, 'append'>
  readonly salts: PrincipalSalts
}

/** Events that are moved at once. */
const AT_ONCE = 500

/** The entry of an event has the id of its place in the record, so that it is in the log once. */
export function eventEntryId(sequence: number): string {
  return `event:${sequence}`
}

/**
 * Every event that was on record when this was called is in the log, in order, under a signed checkpoint.
 *
 * @param moved - sequence of the last event of which that is known
 * @returns the same, now
 * @throws AuditLogError `audit_unavailable`; what was moved stays moved
 */
export async function moveEvents(context: MoveEventsContext, moved: number): Promise<number> {
  const [first, ...others] = await readEvents(context.database, moved)
  const previous = first?.sequence === moved ? first : undefined
  const events = previous === undefined && first ? [first, ...others] : others
  const last = events.at(-1)
  if (last === undefined) return moved
  await appendEvents(context, events, previous?.time)
  return moveEvents(context, last.sequence)
}

/** The last event that is in the log; 0 for none. They are moved in order, so a search finds it. */
export async function findLastMoved({ database, store }: MoveEventsContext): Promise<number> {
  const row = await database
    .selectFrom('events')
    .select((eb) => eb.fn.max('sequence').as('last'))
    .executeTakeFirst()
  let [low, high] = [0, Number(row?.last ?? 0)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const [index] = await store.findIds([eventEntryId(middle)])
    if (index === undefined) high = middle - 1
    else low = middle
  }
  return low
}

/** The last one that was moved comes first, for its time. */
async function readEvents(database: AuthorityDatabase, moved: number): Promise<readonly IssuerEvent[]> {
  const rows = await database
    .selectFrom('events')
    .selectAll()
    .where('sequence', '>=', moved)
    .orderBy('sequence')
    .limit(AT_ONCE)
    .execute()
  return rows.map(readEventRow)
}

async function appendEvents(
  { issuer, salts, log }: MoveEventsContext,
  events: readonly IssuerEvent[],
  timeBefore = -Infinity,
): Promise<void> {
  const hashes = await salts.hashesOf(events.flatMap(({ data }) => principalsIn(data, issuer)))
  const entries = events.map(({ sequence, time, type, data }, place): NewEntry => {
    const isAnomalous = time < (events[place - 1]?.time ?? timeBefore)
    const members = eventMembers(data, { issuer, hashes })
    return { id: eventEntryId(sequence), data: serializeAuditRecord({ type, time, isAnomalous, members }) }
  })
  await Promise.all(entries.map((entry) => log.append(entry)))
}

import type { JsonObject, JsonValue } from '@behalf/core'
import type { IssuerEventType, NewIssuerEvent } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { createEventRows } from '../event-rows.ts'
import { createPasskeyRows, type PasskeyRows } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'
import { createPersonRows, type PersonRows } from './person-rows.ts'

/** What a change of people reads and writes, all or nothing. */
export interface PeopleTransaction {
  readonly db: AuthorityDatabase
  readonly persons: PersonRows
  readonly passkeys: PasskeyRows
  /** The event stands in the append-only record; members that are undefined are left out. */
  record(type: IssuerEventType, data: Readonly<Record<string, JsonValue | undefined>>): Promise<void>
}

/**
 * What `work` does happens whole or not at all, with its events; when this resolves, it survives power loss and whoever
 * listens has been told.
 */
export async function changePeople<Result>(
  { database, clock, feed }: Pick<PeopleContext, 'database' | 'clock' | 'feed'>,
  work: (tx: PeopleTransaction) => Promise<Result>,
): Promise<Result> {
  const recorded: NewIssuerEvent[] = []
  const result = await database.transaction().execute((db) =>
    work({
      db,
      persons: createPersonRows(db),
      passkeys: createPasskeyRows(db),
      record: async (type, data) => {
        const event = { time: clock(), type, data: compact(data) }
        await createEventRows(db).appendEvent(event)
        recorded.push(event)
      },
    }),
  )
  feed.publish(recorded)
  return result
}

function compact(data: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const present = Object.entries(data).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return Object.fromEntries(present)
}

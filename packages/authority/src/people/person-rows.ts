import { parseJson } from '@behalf/core'
import type { Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { optional } from '../json-column.ts'
import { rolesFromJson } from './joining-person.ts'
import type { Person } from './person.ts'

/** Reads and writes people. */
export interface PersonRows {
  insert(person: Person): Promise<void>
  find(id: string): Promise<Person | undefined>
  /** Whether somebody has this id, in whatever case. */
  isTaken(id: string): Promise<boolean>
  /** In the order in which they joined. */
  list(): Promise<readonly Person[]>
  /** Name, roles and whether the person is disabled are as given. */
  save(person: Person): Promise<void>
  isEmpty(): Promise<boolean>
}

/** The people of a database, within its transaction when it is one. */
export function createPersonRows(db: AuthorityDatabase): PersonRows {
  return {
    insert: async (person) => {
      await db.insertInto('persons').values(toRow(person)).execute()
    },
    find: async (id) => {
      const row = await db.selectFrom('persons').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    isTaken: async (id) => {
      const row = await db
        .selectFrom('persons')
        .select('id')
        .where(({ fn }) => fn<string>('lower', ['id']), '=', id.toLowerCase())
        .executeTakeFirst()
      return row !== undefined
    },
    list: async () => {
      const rows = await db.selectFrom('persons').selectAll().orderBy('created_at').orderBy('id').execute()
      return rows.map(fromRow)
    },
    save: async ({ id, ...changed }) => {
      const { name, roles_json, disabled_at } = toRow({ id, ...changed })
      await db.updateTable('persons').set({ name, roles_json, disabled_at }).where('id', '=', id).execute()
    },
    isEmpty: async () => (await db.selectFrom('persons').select('id').executeTakeFirst()) === undefined,
  }
}

function toRow(person: Person): AuthorityTables['persons'] {
  return {
    id: person.id,
    name: person.name,
    roles_json: JSON.stringify(person.roles),
    tenant: person.tenant ?? null,
    user_handle: person.userHandle,
    created_at: person.createdAt,
    disabled_at: person.disabledAt ?? null,
  }
}

function fromRow(row: Selectable<AuthorityTables['persons']>): Person {
  return {
    id: row.id,
    name: row.name,
    roles: rolesFromJson(parseJson(row.roles_json)),
    ...optional('tenant', row.tenant),
    userHandle: row.user_handle,
    createdAt: row.created_at,
    ...optional('disabledAt', row.disabled_at),
  }
}

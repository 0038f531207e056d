import { decodeBase64url, encodeBase64url } from '@behalf/core'
import type { Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { optional } from '../json-column.ts'

/** A passkey that somebody registered. */
export interface Passkey {
  /** The credential id in base64url. */
  readonly id: string
  /** Whose it is. */
  readonly person: string
  /** For its owner to tell it from others. */
  readonly name: string
  /** A COSE_Key. */
  readonly publicKey: Uint8Array
  /** The authenticator's signature counter as last seen; 0 when it keeps none. */
  readonly counter: number
  /** Made by the software authenticator of demo and tests, not by a person's device. */
  readonly software: boolean
  /** Backed up beyond the device that made it. */
  readonly synced: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly lastUsedAt?: number
}

/** Reads and writes passkeys. */
export interface PasskeyRows {
  /** @returns false when this credential id is registered already, and then nothing changed */
  insert(passkey: Passkey): Promise<boolean>
  find(id: string): Promise<Passkey | undefined>
  /** In the order in which they were registered. */
  listOf(person: string): Promise<readonly Passkey[]>
  /** Name, counter, backup and last use are as given. */
  save(passkey: Passkey): Promise<void>
  remove(id: string): Promise<void>
}

/** The passkeys of a database, within its transaction when it is one. */
export function createPasskeyRows(db: AuthorityDatabase): PasskeyRows {
  return {
    insert: async (passkey) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('passkeys')
        .values(toRow(passkey))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
    find: async (id) => {
      const row = await db.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    listOf: async (person) => {
      const rows = await db
        .selectFrom('passkeys')
        .selectAll()
        .where('person', '=', person)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromRow)
    },
    save: async (passkey) => {
      const { id, name, counter, synced, last_used_at } = toRow(passkey)
      await db
        .updateTable('passkeys')
        .set({ name, counter, synced, last_used_at })
        .where('id', '=', id)
        .execute()
    },
    remove: async (id) => {
      await db.deleteFrom('passkeys').where('id', '=', id).execute()
    },
  }
}

function toRow(passkey: Passkey): AuthorityTables['passkeys'] {
  return {
    id: passkey.id,
    person: passkey.person,
    name: passkey.name,
    public_key: encodeBase64url(passkey.publicKey),
    counter: passkey.counter,
    software: passkey.software ? 1 : 0,
    synced: passkey.synced ? 1 : 0,
    created_at: passkey.createdAt,
    last_used_at: passkey.lastUsedAt ?? null,
  }
}

function fromRow(row: Selectable<AuthorityTables['passkeys']>): Passkey {
  return {
    id: row.id,
    person: row.person,
    name: row.name,
    publicKey: decodeBase64url(row.public_key),
    counter: row.counter,
    software: row.software === 1,
    synced: row.synced === 1,
    createdAt: row.created_at,
    ...optional('lastUsedAt', row.last_used_at),
  }
}

import type { DatabaseSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from 'kysely'
import { watchDisk } from './disk-watch.ts'

/**
 * Kysely over `node:sqlite`: every transaction takes the write lock when it begins, migrations run inside one, and
 * nothing is read or written any more once the disk failed, see `watchDisk`.
 */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase

  /** @param database - an open database; closed when Kysely is destroyed */
  constructor(database: DatabaseSync) {
    const adapted = adaptDatabase(database)
    super({ database: adapted })
    this.#database = adapted
  }

  override createDriver(): Driver {
    return new ImmediateDriver({ database: this.#database })
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter()
  }
}

class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

// SQLite can create and alter tables inside a transaction. Kysely does not count on it for every SQLite there is, and
// would run each migration statement by statement: killed in between, the next start would find half of it.
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

type SqlValue = null | number | bigint | string | Uint8Array

function adaptDatabase(database: DatabaseSync): SqliteDatabase {
  const disk = watchDisk(database)
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const statement = disk.run(() => database.prepare(sql))
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => disk.run(() => statement.all(...parameters.map(toSqlValue))),
        run: (parameters) => disk.run(() => statement.run(...parameters.map(toSqlValue))),
        iterate: (parameters) => statement.iterate(...parameters.map(toSqlValue)),
      }
    },
  }
}

function toSqlValue(value: unknown): SqlValue {
  if (value === null || value instanceof Uint8Array) return value
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  throw new TypeError(`SQLite cannot hold a value of type ${typeof value}`)
}

// Migrates the database of the first argument and dies without notice after as many statements as the second says.
import { Kysely } from 'kysely'
import type { AuthorityTables } from '../../src/database-schema.ts'
import { migrate } from '../../src/migrations.ts'
import { openDatabase } from '../../src/open-database.ts'
import { NodeSqliteDialect } from '../../src/sqlite-dialect.ts'

const [, , path = '', statements = '0'] = process.argv
let left = Number(statements)
const database = new Kysely<AuthorityTables>({
  dialect: new NodeSqliteDialect(openDatabase(path)),
  log: ({ query }) => {
    if (/^create (?:table|index|trigger) (?!"kysely)/u.test(query.sql)) left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  },
})
await migrate(database)
console.error('the migration ended before it was to be cut off')

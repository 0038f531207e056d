import type { DatabaseSync } from 'node:sqlite'
import type { AuditSink } from './audit-sink.ts'
import { runWrite } from './sqlite-transaction.ts'

/** An audit sink that appends to a table, without evidence; a record is on disk when `record` returns. */
export function createSqliteAuditSink(database: DatabaseSync): AuditSink {
  const insert = database.prepare('INSERT INTO decision (time, request_id, record) VALUES (?, ?, ?)')
  return {
    record: (entry) => {
      const { evidence: _, ...record } = entry
      runWrite(database, () => insert.run(Math.trunc(entry.time), entry.requestId, JSON.stringify(record)))
    },
  }
}

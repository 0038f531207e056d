import type { DatabaseSync } from 'node:sqlite'
import type { AuditOutbox, WaitingReport } from './audit-outbox.ts'
import { runTransaction, runWrite } from './sqlite-transaction.ts'

const TABLE = `
  CREATE TABLE IF NOT EXISTS audit_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, is_accepted INTEGER NOT NULL, report TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS audit_outbox_by_kind ON audit_outbox (is_accepted, id);
  CREATE TABLE IF NOT EXISTS audit_set_aside (
    id INTEGER PRIMARY KEY, is_accepted INTEGER NOT NULL, report TEXT NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS audit_set_aside_by_kind ON audit_set_aside (is_accepted, id);
`

/** An outbox in a table; a report is on disk when `add` returns. Processes that share the file share the outbox. */
export function createSqliteAuditOutbox(database: DatabaseSync): AuditOutbox {
  database.exec(TABLE)
  const insert = database.prepare('INSERT INTO audit_outbox (is_accepted, report) VALUES (?, ?)')
  const select = database.prepare('SELECT id, report FROM audit_outbox ORDER BY id LIMIT ?')
  const remove = database.prepare('DELETE FROM audit_outbox WHERE id <= ?')
  const drop = database.prepare(
    'DELETE FROM audit_outbox WHERE id = (SELECT min(id) FROM audit_outbox WHERE is_accepted = 0)',
  )
  const count = database.prepare('SELECT count(*) AS size FROM audit_outbox')
  return {
    add: (text, isAccepted) =>
      runWrite(database, () => Number(insert.run(isAccepted ? 1 : 0, text).lastInsertRowid)),
    addAll: (texts) => {
      runTransaction(database, () => {
        for (const text of texts) insert.run(0, text)
        return true
      })
    },
    first: (limit, maxLength) => {
      const found: WaitingReport[] = []
      let length = 0
      for (const { id, report } of select.iterate(limit)) {
        const text = String(report)
        length += text.length
        if (found.length > 0 && length > maxLength) break
        found.push({ number: Number(id), text })
      }
      return found
    },
    remove: (upTo) => void runWrite(database, () => remove.run(upTo)),
    dropRefusal: () => runWrite(database, () => drop.run().changes > 0),
    size: () => Number(count.get()?.size),
    ...createAside(database),
  }
}

type Aside = Pick<AuditOutbox, 'setAside' | 'dropSetAside' | 'setAsideSize' | 'takeBack'>

/** Where reports are that the authority refuses. */
function createAside(database: DatabaseSync): Aside {
  const insert = database.prepare(
    'INSERT INTO audit_set_aside SELECT id, is_accepted, report, ? FROM audit_outbox WHERE id = ?',
  )
  const remove = database.prepare('DELETE FROM audit_outbox WHERE id = ?')
  const drop = database.prepare(
    'DELETE FROM audit_set_aside WHERE id = (SELECT min(id) FROM audit_set_aside WHERE is_accepted = 0)',
  )
  const count = database.prepare('SELECT count(*) AS size FROM audit_set_aside')
  const restore = database.prepare(
    'INSERT INTO audit_outbox (is_accepted, report) SELECT is_accepted, report FROM audit_set_aside ORDER BY id',
  )
  const clear = database.prepare('DELETE FROM audit_set_aside')
  return {
    setAside: (number, reason) => {
      runTransaction(database, () => {
        insert.run(reason, number)
        remove.run(number)
        return true
      })
    },
    dropSetAside: () => runWrite(database, () => drop.run().changes > 0),
    setAsideSize: () => Number(count.get()?.size),
    takeBack: () => {
      let taken = 0
      runTransaction(database, () => {
        taken = Number(restore.run().changes)
        clear.run()
        return true
      })
      return taken
    },
  }
}

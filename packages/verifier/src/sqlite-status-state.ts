import type { DatabaseSync } from 'node:sqlite'
import { isJsonObject } from '@behalf/core'
import { runWrite } from './sqlite-transaction.ts'
import type { StatusMark, StatusState } from './status-source.ts'

/** Marks of issuers in a database; a mark is on disk when `save` returns. */
export function createSqliteStatusState(database: DatabaseSync): StatusState {
  const select = database.prepare('SELECT mark FROM status_mark WHERE issuer = ?')
  const upsert = database.prepare(
    'INSERT INTO status_mark (issuer, mark) VALUES (?, ?) ON CONFLICT (issuer) DO UPDATE SET mark = excluded.mark',
  )
  return {
    load: (issuer) => {
      const row = select.get(issuer)
      return row === undefined ? undefined : parseMark(JSON.parse(String(row.mark)))
    },
    save: (issuer, mark) => {
      runWrite(database, () => upsert.run(issuer, JSON.stringify(mark)))
    },
  }
}

function parseMark(value: unknown): StatusMark {
  if (!isJsonObject(value) || !isJsonObject(value.versions)) throw unreadable()
  const { epoch, sequence, time, versions, revokedIssuerKeys = [] } = value
  const entries = Object.entries(versions)
  if (![epoch, sequence, time, ...entries.map(([, version]) => version)].every(Number.isSafeInteger))
    throw unreadable()
  if (!isTexts(revokedIssuerKeys)) throw unreadable()
  return {
    epoch: Number(epoch),
    sequence: Number(sequence),
    time: Number(time),
    versions: Object.fromEntries(entries.map(([url, version]) => [url, Number(version)])),
    ...(revokedIssuerKeys.length > 0 && { revokedIssuerKeys }),
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string')
}

function unreadable(): Error {
  return new Error('the database holds a status mark that cannot be read')
}

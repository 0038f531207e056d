import { argv } from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { createAuditLog } from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { encodeUtf8 } from '@behalf/core'
import { issuer } from './party.ts'

// A replica that appends to a log whose file others write to, too: node log-writer-process.ts <database> <name> <entries>.
// It begins when it is told to, and prints the index of each entry.
const [, , path = '', name = '', entries = ''] = argv
const AT_ONCE = 1000

const database = new DatabaseSync(path, { timeout: 30_000 })
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
const log = createAuditLog({
  store: createSqliteLogStore(database),
  signer: issuer.signer,
  origin: issuer.did,
  setTimer: (run, milliseconds) => clearTimeout.bind(undefined, setTimeout(run, milliseconds)),
})
console.log('ready')
await new Promise((resolve) => process.stdin.once('data', resolve))
for (let from = 0; from < Number(entries); from += AT_ONCE) {
  const length = Math.min(AT_ONCE, Number(entries) - from)
  const ids = Array.from({ length }, (_, offset) => `${name}/${from + offset}`)
  const receipts = await Promise.all(ids.map((id) => log.append({ id, data: encodeUtf8(id) })))
  for (const { index } of receipts) console.log(index)
}
database.close()
process.stdin.destroy()

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  createFrontier,
  hashLeaf,
  serializeAuditRecord,
  signCheckpoint,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyLog,
} from '@behalf/audit-log'
import { createSqliteLogStore, type SqliteLogStore } from '@behalf/audit-log/sqlite'
import { createEd25519Signer } from '@behalf/core'
import { requestRecordMembers } from './request-record-members.ts'

// Prints how long a log on disk takes to be checked from its first entry to its last, as JSON, with progress on
// standard error: node measure-check.ts <entries>. Entries are written in bulk, because filling is measured elsewhere;
// the tree above them is not written, because checking computes it anew.

const ORIGIN = 'bench.example/log'
const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const KEY = { name: ORIGIN, publicKey: signer.publicKey }
const TIME = Date.UTC(2026, 10, 28)
const AT_ONCE = 100_000
const TOLD_EVERY = 250_000

const folder = mkdtempSync(join(tmpdir(), 'behalf-bench-'))
try {
  const [entries = '10000000'] = process.argv.slice(2)
  const database = new DatabaseSync(join(folder, 'log.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const store = createSqliteLogStore(database)
  const checkpoint = await fill(database, Number(entries))
  console.log(JSON.stringify(await check(store, checkpoint)))
  database.close()
} finally {
  rmSync(folder, { recursive: true })
}

async function fill(database: DatabaseSync, entries: number): Promise<VerifiedCheckpoint> {
  const insert = database.prepare('INSERT INTO log_entry (entry_index, id, data) VALUES (?, ?, ?)')
  const tree = createFrontier()
  for (let done = 0; done < entries; done += AT_ONCE) {
    const end = Math.min(done + AT_ONCE, entries)
    database.exec('BEGIN')
    for (let number = done; number < end; number += 1) {
      const data = createRecord(number)
      insert.run(number, `request:${number}`, data)
      tree.append(hashLeaf(data))
    }
    database.exec('COMMIT')
    tell('written', end, entries)
  }
  const { size } = tree
  return verifyCheckpoint(await signCheckpoint({ origin: ORIGIN, size, root: tree.root() }, signer), KEY)
}

async function check(
  store: SqliteLogStore,
  checkpoint: VerifiedCheckpoint,
): Promise<{ readonly entries: number; readonly seconds: number; readonly processorSeconds: number }> {
  const startedAt = performance.now()
  const used = process.cpuUsage()
  const entries = await verifyLog({
    checkpoint,
    readEntries: (from, limit) => store.readEntries(from, limit),
    onProgress: (checked) => tell('checked', checked, checkpoint.size),
  })
  const { user, system } = process.cpuUsage(used)
  const seconds = (performance.now() - startedAt) / 1000
  return { entries, seconds, processorSeconds: (user + system) / 1_000_000 }
}

function tell(what: string, done: number, all: number): void {
  if (done % TOLD_EVERY !== 0 && done !== all) return
  const share = done / all
  const bar = '#'.repeat(Math.round(share * 20)).padEnd(20)
  console.error(`  [${bar}] ${(share * 100).toFixed(0)} % ${what}`)
}

function createRecord(number: number): Uint8Array {
  const members = requestRecordMembers(number)
  return serializeAuditRecord({ type: 'request_accepted', time: TIME + number, members })
}

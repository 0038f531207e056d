import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type AppendReceipt,
  type AuditLog,
  createAuditLog,
  createMemoryLogStore,
  hashLeaf,
  type LogEntry,
  type NewEntry,
  serializeAuditRecord,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyInclusion,
  verifyLog,
} from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { createEd25519Signer } from '@behalf/core'
import { requestRecordMembers } from './request-record-members.ts'
import type { LogResult } from './results.ts'

// Prints what a log takes in and how long checking it takes, as JSON: node measure-log.ts <entries>.

const ORIGIN = 'bench.example/log'
const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const KEY = { name: ORIGIN, publicKey: signer.publicKey }
const WAITING = 2000
const PROVEN_OF = 50
const FLIPPED_LOG = 100
const FLIPS = 10_000
const TIME = Date.UTC(2026, 10, 28)

const folder = mkdtempSync(join(tmpdir(), 'behalf-bench-'))
try {
  const [entries = '1000000'] = process.argv.slice(2)
  console.log(JSON.stringify(await measure(Number(entries))))
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(entries: number): Promise<LogResult> {
  const database = new DatabaseSync(join(folder, 'log.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const store = createSqliteLogStore(database)
  const log = createAuditLog({ store, signer, origin: ORIGIN, setTimer })
  const startedAt = performance.now()
  const { unproven, proven } = await fill(log, entries)
  const filling = (performance.now() - startedAt) / 1000
  const checkpoint = verifyCheckpoint(await log.checkpoint(), KEY)
  const checkedAt = performance.now()
  let told = 0
  const onProgress = (): void => {
    told += 1
  }
  await verifyLog({ checkpoint, onProgress, readEntries: (from, limit) => store.readEntries(from, limit) })
  const checking = (performance.now() - checkedAt) / 1000
  const undetected = await countUndetected(await store.readEntries(0, FLIPPED_LOG))
  database.close()
  return {
    entries,
    acknowledgedPerSecond: Math.round(entries / filling),
    proven,
    unproven,
    checkedInSeconds: checking,
    progressTold: told,
    flips: FLIPS,
    undetected,
  }
}

/** Many senders, each of which sends its next record when the one before is acknowledged. */
async function fill(
  log: AuditLog,
  entries: number,
): Promise<{ readonly proven: number; readonly unproven: number }> {
  let [next, proven, unproven] = [0, 0, 0]
  const send = async (): Promise<void> => {
    while (next < entries) {
      const number = next
      next += 1
      const entry = createEntry(number)
      const receipt = await log.append(entry)
      if (number % PROVEN_OF !== 0) continue
      if (await isProven(log, entry, receipt)) proven += 1
      else unproven += 1
    }
  }
  await Promise.all(Array.from({ length: WAITING }, send))
  return { proven, unproven }
}

/** The record is under the very checkpoint that acknowledged it. */
async function isProven(
  log: AuditLog,
  { data }: NewEntry,
  { index, checkpoint }: AppendReceipt,
): Promise<boolean> {
  const { size, root } = verifyCheckpoint(checkpoint, KEY)
  const proof = await log.proveInclusion({ index, size })
  try {
    verifyInclusion({ index, size, leafHash: hashLeaf(data), proof, root })
    return true
  } catch {
    return false
  }
}

function createEntry(number: number): NewEntry {
  const members = requestRecordMembers(number)
  return {
    id: `request:${number}`,
    data: serializeAuditRecord({ type: 'request_accepted', time: TIME + number, members }),
  }
}

/** One byte of one record is another one, somewhere else each time. */
async function countUndetected(entries: readonly LogEntry[]): Promise<number> {
  const checkpoint = await signEntries(entries)
  let undetected = 0
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const place = Math.floor(Math.random() * entries.length)
    const changed = entries.map((entry, index) => (index === place ? flipByte(entry) : entry))
    const readEntries = async (from: number, limit: number): Promise<readonly LogEntry[]> =>
      changed.slice(from, from + limit)
    const isDetected = await verifyLog({ checkpoint, readEntries }).then(
      () => false,
      () => true,
    )
    if (!isDetected) undetected += 1
  }
  return undetected
}

async function signEntries(entries: readonly LogEntry[]): Promise<VerifiedCheckpoint> {
  const log = createAuditLog({ store: createMemoryLogStore(), signer, origin: ORIGIN, setTimer })
  await Promise.all(entries.map((entry) => log.append({ id: entry.id, data: entry.data })))
  return verifyCheckpoint(await log.checkpoint(), KEY)
}

function flipByte(entry: LogEntry): LogEntry {
  const data = Uint8Array.from(entry.data)
  const at = Math.floor(Math.random() * data.length)
  data[at] = (data[at] ?? 0) ^ (1 + Math.floor(Math.random() * 255))
  return { ...entry, data }
}

function setTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}

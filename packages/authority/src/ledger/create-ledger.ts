import type { DatabaseSync } from 'node:sqlite'
import { type AuditLog, createAuditLog, type LogEntry } from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import type { Clock, RandomBytes, Signer } from '@behalf/core'
import type { Did } from '@behalf/did'
import { type AuthorityLog, describeFault } from '../authority-log.ts'
import type { AuthorityDatabase } from '../database-schema.ts'
import { watchDisk } from '../disk-watch.ts'
import type { RegisteredApi } from './api-rows.ts'
import { createLogIndex } from './create-log-index.ts'
import { gateLogStore } from './gate-log-store.ts'
import { findLastMoved, type MoveEventsContext, moveEvents } from './move-events.ts'
import type { OutcomeReport } from './outcome-report.ts'
import { createPrincipalSalts, type PrincipalSalts } from './principal-salts.ts'
import { createEvidenceBeside, type RecordedRequests, recordRequests } from './record-requests.ts'
import { termsOf } from './record-terms.ts'
import type { RequestReport } from './request-report.ts'
import { type FoundRecords, type LogSearch, searchLog } from './search-log.ts'

/** What the log of an authority is made of. */
export interface LedgerOptions {
  readonly database: AuthorityDatabase
  /** The connection under `database`. */
  readonly raw: DatabaseSync
  readonly issuer: Did
  /** Signs checkpoints. */
  readonly signer: Signer
  readonly clock: Clock
  readonly random: RandomBytes
  readonly faults: AuthorityLog
}

/** The log of an authority: everything on its record, under checkpoints that it signs. */
export interface Ledger {
  /** Named after the issuer; its key signs. */
  readonly log: Omit<AuditLog, 'append'>
  readonly salts: PrincipalSalts
  /** Entries that are in it. */
  readonly size: () => Promise<number>
  /** Entries with a term of `termOf` from an index on, in order. */
  findEntries(term: string, from: number, limit: number): Promise<readonly LogEntry[]>
  /** The same below an index, the latest first. */
  findNewest(term: string, before: number, limit: number): Promise<readonly LogEntry[]>
  /** See `searchLog`. */
  search(wanted: LogSearch): Promise<FoundRecords>
  /** See `recordRequests`. */
  recordRequests(
    api: RegisteredApi,
    reports: readonly (RequestReport | OutcomeReport)[],
  ): Promise<RecordedRequests>
  /** From now on what is on record is moved into the log. */
  readonly start: () => void
  /** Something was put on record; it will be moved into the log. */
  readonly wake: () => void
  /**
   * Everything that was on record when this was called is in the log.
   *
   * @returns sequence of the last event of which that is known
   *
   * @throws AuditLogError `audit_unavailable`
   */
  readonly settle: () => Promise<number>
  /** What is being moved is moved or not; nothing more is begun. */
  readonly close: () => Promise<void>
}

/** Opens the log in the database of an authority. */
export function createLedger(options: LedgerOptions): Ledger {
  const { database, raw, issuer, signer, clock, random } = options
  const beside = createEvidenceBeside(raw, clock)
  const index = createLogIndex(raw)
  const writeBeside = (entry: LogEntry): void => {
    beside.write(entry)
    index.write(entry)
  }
  const store = gateLogStore(createSqliteLogStore(raw, { termsOf, writeBeside }), {
    database,
    disk: watchDisk(raw),
  })
  index.fill()
  const log = createAuditLog({ store, signer, origin: issuer, setTimer })
  const salts = createPrincipalSalts(options)
  const mover = createMover({ database, issuer, store, log, salts }, options.faults)
  const reporting = { log, salts, random, beside, latest: new Map<string, number>() }
  return {
    log,
    salts,
    size: () => store.readSize(),
    findEntries: (term, from, limit) => store.findEntries(term, from, limit),
    findNewest: (term, before, limit) => store.findNewest(term, before, limit),
    search: (wanted) => searchLog({ store, database }, wanted),
    recordRequests: (api, reports) => recordRequests(reporting, api, reports),
    ...mover,
  }
}

type Mover = Pick<Ledger, 'start' | 'wake' | 'settle' | 'close'>

/** Moves one batch after the other, never two at once. */
function createMover(context: MoveEventsContext, faults: AuthorityLog): Mover {
  let moved: number | undefined
  let last: Promise<void> = Promise.resolve()
  let waiting: Promise<number> | undefined
  let isRunning = false
  const move = async (): Promise<number> => {
    waiting = undefined
    if (!isRunning) return moved ?? 0
    moved = await moveEvents(context, moved ?? (await findLastMoved(context)))
    return moved
  }
  // Whoever comes while one runs needs another one, which has not begun to read.
  const settle = (): Promise<number> => {
    waiting ??= last.then(move)
    last = waiting.then(
      () => undefined,
      () => undefined,
    )
    return waiting
  }
  const wake = (): void => {
    settle().catch((error: unknown) => {
      faults.error(describeFault(error), 'the log could not take in what is on record')
    })
  }
  return {
    settle,
    wake,
    start: () => {
      isRunning = true
      wake()
    },
    close: async () => {
      isRunning = false
      await last
    },
  }
}

function setTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}

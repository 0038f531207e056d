import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { encodeUtf8, sha256 } from '@behalf/core'
import { AuditLogError } from './error.ts'
import type { LogCommit, LogEntry, LogStore } from './log-store.ts'
import type { NodePosition } from './tree-shape.ts'

const TABLES = `
  CREATE TABLE IF NOT EXISTS log_entry (
    entry_index INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log_node (
    level INTEGER NOT NULL, node_index INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, node_index)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS log_checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, note TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS log_term (
    term INTEGER NOT NULL, entry_index INTEGER NOT NULL, PRIMARY KEY (term, entry_index)
  ) STRICT, WITHOUT ROWID;
`
const TERM_BYTES = 6

/** Words under which an entry is found again, such as `agent did:key:z6Mk…`; none of them is part of the tree. */
export type TermsOf = (entry: LogEntry) => readonly string[]

/** What a store does beside keeping the log. */
export interface SqliteLogStoreOptions {
  /** Under which words entries are found; the same for the life of the database. Default: none. */
  readonly termsOf?: TermsOf
  /** Writes what belongs to an entry, in the same commit; what it throws undoes the commit. Default: nothing. */
  readonly writeBeside?: (entry: LogEntry) => void
}

/** A log that knows where its entries are spoken of. */
export interface SqliteLogStore extends LogStore {
  /** Entries with this term from an index on, in order. */
  findEntries(term: string, from: number, limit: number): Promise<readonly LogEntry[]>
  /** Entries with this term below an index, the latest first. */
  findNewest(term: string, before: number, limit: number): Promise<readonly LogEntry[]>
  /** How many entries have this term; no more than `most` are counted. */
  countEntries(term: string, most: number): Promise<number>
}

interface Statements {
  readonly size: StatementSync
  readonly checkpoint: StatementSync
  readonly entry: StatementSync
  readonly node: StatementSync
  readonly saveCheckpoint: StatementSync
  readonly readNode: StatementSync
  readonly readEntries: StatementSync
  readonly findId: StatementSync
  readonly term: StatementSync
  readonly findTerm: StatementSync
  readonly findNewest: StatementSync
  readonly countTerm: StatementSync
}

/**
 * Keeps a log in a database that is open already; its tables are made where they are missing. What a commit wrote is
 * as durable as the database: the caller opens it with `journal_mode = WAL` and `synchronous = FULL`.
 *
 * @throws Error when the database does not wait for the disk
 */
export function createSqliteLogStore(
  database: DatabaseSync,
  options: SqliteLogStoreOptions = {},
): SqliteLogStore {
  const { termsOf = () => [], writeBeside = () => undefined } = options
  checkDurable(database)
  database.exec(TABLES)
  const statements = prepare(database)
  return {
    readSize: async () => readSize(statements),
    readCheckpoint: async () => readText(statements.checkpoint.get()?.note),
    commit: async (commit) => writeCommit(database, { statements, commit, termsOf, writeBeside }),
    readNodes: async (positions) => positions.map((position) => readNode(statements, position)),
    readEntries: async (from, limit) => statements.readEntries.all(from, limit).map(toEntry),
    findIds: async (ids) => ids.map((id) => readNumber(statements.findId.get(id)?.entry_index)),
    findEntries: async (term, from, limit) =>
      statements.findTerm
        .all(numberOf(term), from, limit)
        .map(toEntry)
        // Two terms may have one number.
        .filter((entry) => termsOf(entry).includes(term)),
    findNewest: async (term, before, limit) =>
      statements.findNewest
        .all(numberOf(term), before, limit)
        .map(toEntry)
        .filter((entry) => termsOf(entry).includes(term)),
    countEntries: async (term, most) =>
      readNumber(statements.countTerm.get(numberOf(term), most)?.count) ?? 0,
  }
}

function checkDurable(database: DatabaseSync): void {
  const synchronous = Number(database.prepare('PRAGMA synchronous').get()?.synchronous)
  if (synchronous >= 2) return
  throw new Error('the log needs a database with synchronous = FULL')
}

function prepare(database: DatabaseSync): Statements {
  return {
    size: database.prepare('SELECT size FROM log_checkpoint'),
    checkpoint: database.prepare('SELECT note FROM log_checkpoint'),
    entry: database.prepare('INSERT INTO log_entry (entry_index, id, data) VALUES (?, ?, ?)'),
    node: database.prepare('INSERT INTO log_node (level, node_index, hash) VALUES (?, ?, ?)'),
    saveCheckpoint: database.prepare(
      'INSERT INTO log_checkpoint (id, size, note) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET size = excluded.size, note = excluded.note',
    ),
    readNode: database.prepare('SELECT hash FROM log_node WHERE level = ? AND node_index = ?'),
    readEntries: database.prepare(
      'SELECT entry_index, id, data FROM log_entry WHERE entry_index >= ? ORDER BY entry_index LIMIT ?',
    ),
    findId: database.prepare('SELECT entry_index FROM log_entry WHERE id = ?'),
    term: database.prepare('INSERT INTO log_term (term, entry_index) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    findTerm: database.prepare(
      `SELECT entry_index, id, data FROM log_term JOIN log_entry USING (entry_index)
        WHERE term = ? AND entry_index >= ? ORDER BY entry_index LIMIT ?`,
    ),
    findNewest: database.prepare(
      `SELECT entry_index, id, data FROM log_term JOIN log_entry USING (entry_index)
        WHERE term = ? AND entry_index < ? ORDER BY entry_index DESC LIMIT ?`,
    ),
    countTerm: database.prepare(
      'SELECT count(*) AS count FROM (SELECT 1 FROM log_term WHERE term = ? LIMIT ?)',
    ),
  }
}

function readSize({ size }: Statements): number {
  return readNumber(size.get()?.size) ?? 0
}

function writeCommit(
  database: DatabaseSync,
  written: { readonly statements: Statements; readonly commit: LogCommit } & Required<SqliteLogStoreOptions>,
): boolean {
  const { statements, commit, termsOf, writeBeside } = written
  const { entries, nodes, size, checkpoint } = commit
  database.exec('BEGIN IMMEDIATE')
  try {
    const isCurrent =
      readSize(statements) === size && !entries.some(({ id }) => statements.findId.get(id) !== undefined)
    if (isCurrent) {
      for (const entry of entries) {
        writeEntry(statements, entry, termsOf)
        writeBeside(entry)
      }
      for (const { level, index, hash } of nodes) statements.node.run(level, index, hash)
      statements.saveCheckpoint.run(size + entries.length, checkpoint)
    }
    database.exec(isCurrent ? 'COMMIT' : 'ROLLBACK')
    return isCurrent
  } catch (error) {
    // A failed commit may have rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function writeEntry(statements: Statements, entry: LogEntry, termsOf: TermsOf): void {
  statements.entry.run(entry.index, entry.id, entry.data)
  for (const term of termsOf(entry)) statements.term.run(numberOf(term), entry.index)
}

function numberOf(term: string): number {
  return sha256(encodeUtf8(term))
    .subarray(0, TERM_BYTES)
    .reduce((number, byte) => number * 256 + byte, 0)
}

function readNode({ readNode: read }: Statements, { level, index }: NodePosition): Uint8Array {
  const hash = read.get(level, index)?.hash
  if (hash instanceof Uint8Array) return hash
  throw new AuditLogError('audit_gap', 'A node of the tree is missing', { index })
}

function toEntry(row: Record<string, unknown>): LogEntry {
  const { entry_index: index, id, data } = row
  if (typeof index === 'number' && typeof id === 'string' && data instanceof Uint8Array)
    return { index, id, data }
  throw new AuditLogError('audit_gap', 'An entry of the log cannot be read')
}

function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

import type { TreeNode } from './frontier.ts'
import type { NodePosition } from './tree-shape.ts'

/** An entry on its way into a log. */
export interface NewEntry {
  /** Names the entry for whoever sends it: an id that is in the log already is not appended again. */
  readonly id: string
  /** Any bytes. */
  readonly data: Uint8Array
}

/** An entry of a log. */
export interface LogEntry extends NewEntry {
  /** From 0, without gaps. */
  readonly index: number
}

/** What is written at once: all of it or nothing. */
export interface LogCommit {
  /** Entries before this commit. */
  readonly size: number
  readonly entries: readonly LogEntry[]
  /** Every node that became complete with these entries. */
  readonly nodes: readonly TreeNode[]
  /** The signed checkpoint of the tree with them. */
  readonly checkpoint: string
}

/** Keeps a log. The log is its only writer; what else is in the same place is not its business. */
export interface LogStore {
  /** Entries in the log. */
  readSize(): Promise<number>
  /** The checkpoint of the last commit. */
  readCheckpoint(): Promise<string | undefined>
  /**
   * Everything of the commit survives power loss when this returns true.
   *
   * @returns false, and nothing is written, when the log does not have `size` entries any more or holds one of the ids
   * @throws when nothing was written, or when that is not known
   */
  commit(commit: LogCommit): Promise<boolean>
  /**
   * The hashes at these positions, in their order.
   *
   * @throws AuditLogError `audit_gap` when one is missing
   */
  readNodes(positions: readonly NodePosition[]): Promise<readonly Uint8Array[]>
  /** Entries from an index on, in order. */
  readEntries(from: number, limit: number): Promise<readonly LogEntry[]>
  /** The index of each id, undefined where the log has none. */
  findIds(ids: readonly string[]): Promise<readonly (number | undefined)[]>
}

import { AuditLogError } from './error.ts'
import type { LogEntry, LogStore } from './log-store.ts'
import type { NodePosition } from './tree-shape.ts'

/** Keeps a log in the memory of one process: for tests, and for what need not outlive it. */
export function createMemoryLogStore(): LogStore {
  const entries: LogEntry[] = []
  const indices = new Map<string, number>()
  const nodes = new Map<string, Uint8Array>()
  let checkpoint: string | undefined
  return {
    readSize: async () => entries.length,
    readCheckpoint: async () => checkpoint,
    async commit(commit) {
      if (commit.size !== entries.length || commit.entries.some(({ id }) => indices.has(id))) return false
      for (const entry of commit.entries) {
        entries.push(entry)
        indices.set(entry.id, entry.index)
      }
      for (const node of commit.nodes) nodes.set(nameOf(node), node.hash)
      checkpoint = commit.checkpoint
      return true
    },
    readNodes: async (positions) =>
      positions.map((position) => nodes.get(nameOf(position)) ?? missing(position)),
    readEntries: async (from, limit) => entries.slice(from, from + limit),
    findIds: async (ids) => ids.map((id) => indices.get(id)),
  }
}

function nameOf({ level, index }: NodePosition): string {
  return `${level}/${index}`
}

function missing({ index }: NodePosition): never {
  throw new AuditLogError('audit_gap', 'A node of the tree is missing', { index })
}

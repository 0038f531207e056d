import type { Signer } from '@behalf/core'
import { signCheckpoint } from './checkpoint.ts'
import { AuditLogError } from './error.ts'
import { createFrontier, type Frontier, frontierOf, type TreeNode } from './frontier.ts'
import type { LogEntry, LogStore, NewEntry } from './log-store.ts'
import { hashLeaf } from './merkle-hash.ts'
import { proveConsistency, proveInclusion, type ReadNodes } from './tree-proof.ts'

/**
 * Runs something once, later.
 *
 * @returns the function that calls it off
 */
export type SetTimer = (run: () => void, milliseconds: number) => () => void

/** What a log is made of. */
export interface AuditLogOptions {
  readonly store: LogStore
  /** Signs checkpoints. */
  readonly signer: Signer
  /** Which log it is, such as `authority.example/log`: visible ASCII without a plus sign. */
  readonly origin: string
  readonly setTimer: SetTimer
  /** How long the first entry of a commit waits for others. Default 2; never above 5. */
  readonly groupMilliseconds?: number
  /** Entries that may wait at once; more are refused. Default 100,000. */
  readonly maxWaiting?: number
}

/** Where an entry is. */
export interface AppendReceipt {
  readonly index: number
  /** A signed checkpoint of a tree that holds the entry. */
  readonly checkpoint: string
}

/** An append-only log with proofs. */
export interface AuditLog {
  readonly origin: string
  /**
   * The entry is in the log, under a checkpoint that is signed, and survives power loss. An entry whose id is in the
   * log already is not appended again.
   *
   * @throws AuditLogError `audit_unavailable` when it could not be kept, or that is not known: send it again
   */
  append(entry: NewEntry): Promise<AppendReceipt>
  /** The latest checkpoint, as it was signed. */
  checkpoint(): Promise<string>
  /** See `proveInclusion`. */
  proveInclusion(of: { readonly index: number; readonly size: number }): Promise<readonly Uint8Array[]>
  /** See `proveConsistency`. */
  proveConsistency(of: { readonly size1: number; readonly size2: number }): Promise<readonly Uint8Array[]>
  /** Entries from an index on, in order. */
  readEntries(from: number, limit: number): Promise<readonly LogEntry[]>
}

interface Waiting {
  readonly entry: NewEntry
  readonly resolve: (receipt: AppendReceipt) => void
  readonly reject: (error: unknown) => void
}

interface Log extends Required<AuditLogOptions> {
  waiting: Waiting[]
  isBusy: boolean
  /** The tree as it was last written; undefined when the store has to be asked. */
  tree: Frontier | undefined
}

const DEFAULT_GROUP_MILLISECONDS = 2
const MAX_GROUP_MILLISECONDS = 5
const DEFAULT_MAX_WAITING = 100_000
const MAX_COMMIT = 5000
const ATTEMPTS = 5

/**
 * Returns a log over a store. Entries that arrive together are written, hashed and signed together; several logs over
 * one store take turns.
 *
 * @throws TypeError for a grouping time above 5 milliseconds
 * @example
 * const log = createAuditLog({ store: createMemoryLogStore(), signer, origin: 'authority.example/log', setTimer })
 * const { index, checkpoint } = await log.append({ id: 'revoked-7', data: encodeUtf8('{"type":"revoked"}') })
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { groupMilliseconds = DEFAULT_GROUP_MILLISECONDS, maxWaiting = DEFAULT_MAX_WAITING } = options
  if (!(groupMilliseconds >= 0 && groupMilliseconds <= MAX_GROUP_MILLISECONDS)) {
    throw new TypeError('groupMilliseconds lies between 0 and 5')
  }
  const log: Log = { ...options, groupMilliseconds, maxWaiting, waiting: [], isBusy: false, tree: undefined }
  const readNodes: ReadNodes = (positions) => log.store.readNodes(positions)
  return {
    origin: log.origin,
    append: (entry) => enqueue(log, entry),
    checkpoint: () => latestCheckpoint(log),
    proveInclusion: async (of) => proveInclusion(of, readNodes),
    proveConsistency: async (of) => proveConsistency(of, readNodes),
    readEntries: (from, limit) => log.store.readEntries(from, limit),
  }
}

function enqueue(log: Log, entry: NewEntry): Promise<AppendReceipt> {
  if (log.waiting.length >= log.maxWaiting) {
    return Promise.reject(new AuditLogError('audit_unavailable', 'Too many entries wait for the log'))
  }
  return new Promise((resolve, reject) => {
    log.waiting.push({ entry, resolve, reject })
    if (log.isBusy) return
    log.isBusy = true
    log.setTimer(() => void drain(log), log.groupMilliseconds)
  })
}

/** Writes what waits, and what arrives meanwhile. */
async function drain(log: Log): Promise<void> {
  while (log.waiting.length > 0) {
    const group = log.waiting.slice(0, MAX_COMMIT)
    log.waiting = log.waiting.slice(MAX_COMMIT)
    await writeGroup(log, group)
  }
  log.isBusy = false
}

async function writeGroup(log: Log, group: readonly Waiting[]): Promise<void> {
  try {
    const receipts = await appendAll(
      log,
      group.map(({ entry }) => entry),
    )
    for (const [place, { resolve }] of group.entries()) resolve(receiptAt(receipts, place))
  } catch (cause) {
    // What was written is not known, so the store says where the log ends before anything else is appended.
    log.tree = undefined
    const error = new AuditLogError('audit_unavailable', 'The log could not keep the entry', { cause })
    for (const { reject } of group) reject(error)
  }
}

function receiptAt(receipts: readonly AppendReceipt[], place: number): AppendReceipt {
  const receipt = receipts[place]
  if (receipt === undefined) throw new TypeError('Every entry has a receipt')
  return receipt
}

/** Another log over the same store may have written in between: then the end of the log is looked up again. */
async function appendAll(log: Log, entries: readonly NewEntry[]): Promise<readonly AppendReceipt[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const receipts = await tryAppend(log, entries)
    if (receipts !== undefined) return receipts
    log.tree = undefined
  }
  throw new Error('others write to the log all the time')
}

async function tryAppend(
  log: Log,
  entries: readonly NewEntry[],
): Promise<readonly AppendReceipt[] | undefined> {
  const known = await log.store.findIds(entries.map(({ id }) => id))
  log.tree ??= await readTree(log.store)
  const tree = log.tree.copy()
  const size = tree.size
  const indices = new Map<string, number>()
  const added: LogEntry[] = []
  const nodes: TreeNode[] = []
  for (const [place, entry] of entries.entries()) {
    const index = known[place] ?? indices.get(entry.id) ?? tree.size
    indices.set(entry.id, index)
    if (index !== tree.size) continue
    added.push({ ...entry, index })
    nodes.push(...tree.append(hashLeaf(entry.data)))
  }
  const checkpoint = await commit(log, { size, tree, entries: added, nodes })
  if (checkpoint === undefined) return undefined
  log.tree = tree
  return entries.map(({ id }) => ({ index: indices.get(id) ?? size, checkpoint }))
}

async function commit(
  log: Log,
  written: {
    readonly size: number
    readonly tree: Frontier
    readonly entries: readonly LogEntry[]
    readonly nodes: readonly TreeNode[]
  },
): Promise<string | undefined> {
  const { size, tree, entries, nodes } = written
  // Nothing new: the checkpoint that covers what is there already is the last one.
  if (entries.length === 0) return latestCheckpoint(log)
  const checkpoint = await signTree(log, tree)
  return (await log.store.commit({ size, entries, nodes, checkpoint })) ? checkpoint : undefined
}

async function latestCheckpoint(log: Log): Promise<string> {
  return (await log.store.readCheckpoint()) ?? signTree(log, createFrontier())
}

function signTree({ origin, signer }: Log, tree: Frontier): Promise<string> {
  return signCheckpoint({ origin, size: tree.size, root: tree.root() }, signer)
}

async function readTree(store: LogStore): Promise<Frontier> {
  const size = await store.readSize()
  return createFrontier(size, await store.readNodes(frontierOf(size)))
}

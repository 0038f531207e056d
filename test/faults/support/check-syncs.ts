import { dirname } from 'node:path'
import { readDescriptor, readQuoted, type SystemCall } from './parse-trace.ts'

/** Calls that the check has to see. */
export const SYNC_CALLS =
  'read,write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,openat,mkdir,rename,link,unlink'

/** What a trace shows of what was acknowledged before it was on disk. */
export interface SyncReport {
  /** Answers of success. */
  readonly answers: number
  /** Of those, to requests that change something. */
  readonly changes: number
  readonly writes: number
  readonly syncs: number
  /** One line for each answer that came too early. */
  readonly violations: readonly string[]
}

interface Files {
  /** Where the last write to a file that is not synced yet ended. */
  readonly unsynced: Map<string, number>
  /** Names that are not synced yet, and where they were given. */
  readonly unnamed: Map<string, number>
  readonly known: Set<string>
  /** What holds something: of an empty file nothing can be lost. */
  readonly filled: Set<string>
  /** Where the last write to any file of the database ended. */
  lastWrite: number
}

interface Asked {
  readonly line: string
  readonly at: number
}

const CHANGING = /^(?:POST|PUT|DELETE) /u
const REQUEST = /^(?:GET|POST|PUT|DELETE) \S+/u
const SUCCESS = /^(?:HTTP\/1\.1 2\d\d |event: )/u
/** SQLite never needs what is in there after a start. */
const FORGETTABLE = /-shm$|\.tmp$/u

/**
 * Looks at every answer of success: when it begins to be written, every file below the folder is synced as it was
 * written, and so is the name of each; an answer to what changes something comes after a write to the database.
 *
 * @param calls with `strace -y`, those of `SYNC_CALLS`, from before the folder was made
 * @param database path of its file
 */
export function checkSyncs(
  calls: readonly SystemCall[],
  { folder, database }: { readonly folder: string; readonly database: string },
): SyncReport {
  const files: Files = {
    unsynced: new Map(),
    unnamed: new Map(),
    known: new Set(),
    filled: new Set(),
    lastWrite: -1,
  }
  const asked = new Map<string, Asked>()
  const counts = { answers: 0, changes: 0, writes: 0, syncs: 0 }
  const violations: string[] = []
  const isOurs = (path: string): boolean =>
    (path === folder || path.startsWith(`${folder}/`)) && !FORGETTABLE.test(path)
  for (const call of calls) {
    const socket = readDescriptor(call.args)
    if (socket?.path.startsWith('socket:')) {
      const request = noteRequest(call, { socket: socket.path, asked })
      if (request === undefined) continue
      counts.answers += 1
      if (CHANGING.test(request.line)) counts.changes += 1
      violations.push(...judge(call, request, files))
      continue
    }
    noteNames(call, files, isOurs)
    if (socket === undefined || !isOurs(socket.path)) {
      if (socket?.path === dirname(folder)) noteSync(call, socket.path, files)
      continue
    }
    if (noteWrite(call, socket.path, files)) {
      counts.writes += 1
      if (socket.path.startsWith(database) && !socket.path.includes('nonces')) files.lastWrite = call.ended
    }
    if (noteSync(call, socket.path, files)) counts.syncs += 1
  }
  return { ...counts, violations }
}

/** The request that is answered by success now. */
function noteRequest(
  { name, args, began }: SystemCall,
  { socket, asked }: { readonly socket: string; readonly asked: Map<string, Asked> },
): Asked | undefined {
  const [text = ''] = readQuoted(args)
  const line = REQUEST.exec(text)?.[0]
  if (name === 'read' && line !== undefined) asked.set(socket, { line, at: began })
  if (!name.startsWith('write') || !SUCCESS.test(text)) return undefined
  return asked.get(socket) ?? { line: 'nothing', at: began }
}

function judge(call: SystemCall, { line, at }: Asked, files: Files): readonly string[] {
  const late = [...files.unsynced.keys()].map((path) => `${line}: ${path} is not synced`)
  const unnamed = [...files.unnamed.keys()]
    .filter((path) => files.filled.has(path))
    .map((path) => `${line}: the name ${path} is not synced`)
  const isMissing = CHANGING.test(line) && !(files.lastWrite > at && files.lastWrite < call.began)
  return [...late, ...unnamed, ...(isMissing ? [`${line}: nothing was written`] : [])]
}

function noteWrite({ name, result, ended }: SystemCall, path: string, { unsynced, filled }: Files): boolean {
  if (!/^(?:p?writev?(?:64)?|ftruncate)$/u.test(name) || result.startsWith('-1')) return false
  unsynced.set(path, ended)
  filled.add(path)
  return true
}

/** What ended before the sync began is on disk. */
function noteSync({ name, result, began }: SystemCall, path: string, files: Files): boolean {
  if (!/^f(?:data)?sync$/u.test(name) || result !== '0') return false
  if ((files.unsynced.get(path) ?? began) < began) files.unsynced.delete(path)
  for (const [named, given] of files.unnamed) {
    if (dirname(named) === path && given < began) files.unnamed.delete(named)
  }
  return true
}

function noteNames(
  { name, args, result, ended }: SystemCall,
  { known, unnamed, unsynced, filled }: Files,
  isOurs: (path: string) => boolean,
): void {
  if (result.startsWith('-1')) return
  const [first = '', last = first] = readQuoted(args)
  if (name === 'unlink' || name === 'rename') {
    known.delete(first)
    unnamed.delete(first)
    unsynced.delete(first)
    if (name === 'rename' && filled.has(first)) filled.add(last)
    filled.delete(first)
  }
  const isMade = name === 'mkdir' || name === 'link' || name === 'rename'
  const isOpened = name === 'openat' && args.includes('O_CREAT') && !known.has(last)
  if (!(isMade || isOpened) || !isOurs(last)) return
  known.add(last)
  unnamed.set(last, ended)
  if (name === 'mkdir' || (name === 'link' && filled.has(first))) filled.add(last)
}

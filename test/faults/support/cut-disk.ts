import { dirname } from 'node:path'
import { Random } from '../../fuzz/random.ts'
import { readBytes, readDescriptor, readQuoted, type SystemCall } from './parse-trace.ts'

/** Calls that change what is on a disk, or make it stay. */
export const DISK_CALLS =
  'write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,openat,mkdir,rename,link,unlink'

/** What a disk holds after its power was cut: folders, and files with their bytes. */
export interface CutDisk {
  readonly folders: readonly string[]
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * A disk that remembers what was only written and what was synced.
 *
 * What a power cut leaves is: of every file all that was written before a sync of it began, and of what was written
 * since any part in units of sectors, in any order, none of it included; of every folder the names as they were when it
 * was synced, and of those given and taken since any, each whole. That is less than file systems in use promise, and
 * all that POSIX does.
 */
export interface WatchedDisk {
  /** Takes note of a call; what is outside of the folder is of no account. */
  note(call: SystemCall): void
  /** What is left when the power is cut now. */
  cut(random: Random): CutDisk
  /** What is left when the process is killed now: the system keeps what was written to it. */
  kill(): CutDisk
}

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array; readonly ended: number }
  | { readonly kind: 'truncate'; readonly length: number; readonly ended: number }

/** A file, whatever its names are. */
interface Content {
  synced: Uint8Array
  pending: Change[]
}

type Entry = Content | 'folder'

interface NameChange {
  readonly path: string
  /** Undefined when the name is taken away. */
  readonly entry: Entry | undefined
  /** A name that goes at the same moment, by a rename. */
  readonly instead?: string
  readonly ended: number
}

interface Disk {
  readonly root: string
  /** As programs see it. */
  readonly current: Map<string, Entry>
  readonly synced: Map<string, Entry>
  pending: NameChange[]
  /** Where the next write to a descriptor goes. */
  readonly positions: Map<number, number>
}

const SECTOR_BYTES = 512
/** The result of a call during which its process was killed. */
const CUT_OFF = '?'
const DATA = /^p?writev?(?:64)?$/u

/**
 * A disk whose folder is empty.
 *
 * @param root path of the folder, which is there for good
 */
export function watchDisk(root: string): WatchedDisk {
  const disk: Disk = { root, current: new Map(), synced: new Map(), pending: [], positions: new Map() }
  return {
    note: (call) => {
      if (call.result.startsWith('-1')) return
      // Cut off by a kill: what it was to write is there, as that of any call is; what it was to sync may not be.
      if (call.result === CUT_OFF && call.name.startsWith('f') && call.name !== 'ftruncate') return
      if (DATA.test(call.name) || call.name === 'ftruncate') noteData(disk, call)
      else if (call.name.startsWith('f')) noteSync(disk, call)
      else noteName(disk, call)
    },
    // Whether much or little of what was not synced is left differs from cut to cut.
    cut: (random) => cut(disk, random, random.pick([0, 0.1, 0.5, 0.9, 1])),
    kill: () => cut(disk, new Random(0, 0), 1),
  }
}

function noteData(disk: Disk, { name, args, result, ended }: SystemCall): void {
  const { number, path } = readDescriptor(args) ?? { number: -1, path: '' }
  const content = disk.current.get(path)
  if (content === undefined || content === 'folder') return
  const last = Number(/, (\d+)$/u.exec(args)?.[1])
  if (name === 'ftruncate') {
    content.pending.push({ kind: 'truncate', length: last, ended })
    return
  }
  // Without an offset of its own it goes where the last one ended.
  const offset = name.startsWith('p') ? last : (disk.positions.get(number) ?? 0)
  const whole = readBytes(args)
  const length = result === CUT_OFF ? whole.length : Number(result)
  const bytes = whole.subarray(0, length)
  if (bytes.length !== length) throw new Error(`the trace of ${path} is cut short`)
  content.pending.push({ kind: 'write', offset, bytes, ended })
  if (!name.startsWith('p')) disk.positions.set(number, offset + bytes.length)
}

/** What ended before the sync began is there for good. */
function noteSync(disk: Disk, { args, began }: SystemCall): void {
  const { path } = readDescriptor(args) ?? { path: '' }
  const entry = disk.current.get(path)
  if (entry !== undefined && entry !== 'folder') {
    const done = entry.pending.filter(({ ended }) => ended < began)
    entry.synced = applyChanges(entry.synced, done)
    entry.pending = entry.pending.filter(({ ended }) => ended >= began)
    return
  }
  const isHere = ({ path: named, ended }: NameChange): boolean => dirname(named) === path && ended < began
  for (const change of disk.pending.filter(isHere)) applyName(disk.synced, change)
  disk.pending = disk.pending.filter((change) => !isHere(change))
}

function noteName(disk: Disk, { name, args, result, ended }: SystemCall): void {
  const [first = '', last = first] = readQuoted(args)
  if (name === 'openat') disk.positions.set(Number.parseInt(result, 10), 0)
  if (!last.startsWith(`${disk.root}/`)) return
  const known = disk.current.get(last)
  if (name === 'openat' && (known !== undefined || !args.includes('O_CREAT'))) {
    noteOpen(known, args, ended)
    return
  }
  const given = { path: last, entry: disk.current.get(first), ended }
  const changes: Readonly<Record<string, NameChange>> = {
    openat: { ...given, entry: { synced: new Uint8Array(), pending: [] } },
    mkdir: { ...given, entry: 'folder' },
    link: given,
    rename: { ...given, instead: first },
    unlink: { ...given, entry: undefined },
  }
  const change = changes[name]
  if (change === undefined) return
  applyName(disk.current, change)
  disk.pending.push(change)
}

function noteOpen(entry: Entry | undefined, args: string, ended: number): void {
  if (entry === undefined || entry === 'folder' || !args.includes('O_TRUNC')) return
  entry.pending.push({ kind: 'truncate', length: 0, ended })
}

function applyName(names: Map<string, Entry>, { path, entry, instead }: NameChange): void {
  if (instead !== undefined) names.delete(instead)
  if (entry === undefined) names.delete(path)
  else names.set(path, entry)
}

function applyChanges(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  let result = bytes
  for (const change of changes) {
    if (change.kind === 'truncate') {
      result = resize(result, change.length)
      continue
    }
    const end = change.offset + change.bytes.length
    if (end > result.length) result = resize(result, end)
    else if (result === bytes) result = bytes.slice()
    result.set(change.bytes, change.offset)
  }
  return result
}

function resize(bytes: Uint8Array, length: number): Uint8Array {
  const resized = new Uint8Array(length)
  resized.set(bytes.subarray(0, length))
  return resized
}

/** @param luck part of what was not synced that is left, from 0 to 1 */
function cut({ root, synced, pending }: Disk, random: Random, luck: number): CutDisk {
  const names = new Map(synced)
  for (const change of pending) if (random.chance(luck)) applyName(names, change)
  const folders = [...names].flatMap(([path, entry]) => (entry === 'folder' ? [path] : []))
  const isReached = (path: string): boolean => {
    const above = dirname(path)
    return above === root || (folders.includes(above) && isReached(above))
  }
  const files = new Map<string, Uint8Array>()
  for (const [path, entry] of names) {
    if (entry === 'folder' || !isReached(path)) continue
    files.set(path, applyChanges(entry.synced, tear(entry.pending, random, luck)))
  }
  return { folders: folders.filter(isReached).toSorted(), files }
}

/** Some of the changes, and of each write some of its sectors. */
function tear(changes: readonly Change[], random: Random, luck: number): readonly Change[] {
  return changes.flatMap((change): readonly Change[] => {
    if (change.kind === 'truncate') return random.chance(luck) ? [change] : []
    return sectors(change).filter(() => random.chance(luck))
  })
}

function sectors(change: Change & { readonly kind: 'write' }): readonly Change[] {
  const parts: Change[] = []
  const { offset, bytes } = change
  for (let at = offset; at < offset + bytes.length; ) {
    const end = Math.min(offset + bytes.length, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES)
    parts.push({ ...change, offset: at, bytes: bytes.subarray(at - offset, end - offset) })
    at = end
  }
  return parts
}

import {
  type AuditLog,
  createAuditLog,
  createMemoryLogStore,
  type LogStore,
  type NoteKey,
} from '@behalf/audit-log'
import { createEd25519Signer, encodeUtf8, type Signer } from '@behalf/core'

export const ORIGIN = 'authority.test/log'
export const signer: Signer = createEd25519Signer(new Uint8Array(32).fill(7))
export const key: NoteKey = { name: ORIGIN, publicKey: signer.publicKey }

export interface TestLog {
  readonly log: AuditLog
  readonly store: LogStore
  /** What the log waits for, in milliseconds; empty when it waits for nothing. */
  readonly timers: { readonly run: () => void; readonly milliseconds: number }[]
  /** Lets the time pass that the log waits for. */
  tick(): void
}

/** A log whose clock stands still until it is told otherwise. */
export function createTestLog(
  store: LogStore = createMemoryLogStore(),
  more: { readonly maxWaiting?: number } = {},
): TestLog {
  const timers: { run: () => void; milliseconds: number }[] = []
  const setTimer = (run: () => void, milliseconds: number) => {
    timers.push({ run, milliseconds })
    return () => undefined
  }
  const tick = (): void => {
    for (const { run } of timers.splice(0)) run()
  }
  const log = createAuditLog({ store, signer, origin: ORIGIN, setTimer, ...more })
  return { log, store, timers, tick }
}

/** Appends entries whose text is their id. */
export async function fill(world: TestLog, from: number, to: number): Promise<void> {
  const ids = Array.from({ length: to - from }, (_, offset) => `entry ${from + offset}`)
  const receipts = ids.map((id) => world.log.append({ id, data: encodeUtf8(id) }))
  world.tick()
  await Promise.all(receipts)
}

/** The bytes of the first entries that `fill` makes. */
export function entriesUpTo(size: number): readonly Uint8Array[] {
  return Array.from({ length: size }, (_, index) => encodeUtf8(`entry ${index}`))
}

/** Reads the pages of a log, for whoever checks it as a whole. */
export function pagesOf({ log }: TestLog): AuditLog['readEntries'] {
  return (from, limit) => log.readEntries(from, limit)
}

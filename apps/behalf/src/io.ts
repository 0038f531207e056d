import type { Readable, Writable } from 'node:stream'
import type { Clock } from '@behalf/core'

/** Where a command reads from; `isTTY` is set when a person is at the other end. */
export type InputStream = Readable & { readonly isTTY?: boolean }

/** Where a command writes to; `isTTY` is set when a person is at the other end. */
export type OutputStream = Writable & { readonly isTTY?: boolean }

/**
 * Everything a command touches of the process it runs in, so that tests run commands in their own process.
 * `clock` answers milliseconds since the epoch; `cwd` is the folder relative paths start from.
 */
export interface BehalfIo {
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
  /** Resolves after that many milliseconds; rejects when the signal aborts first. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /**
   * From the first call on, an interruption (SIGINT, SIGTERM) aborts the signal instead of ending the process: only
   * commands that have something to put in order call it.
   */
  interruption(): AbortSignal
}

/** What processes of the measurement are told. Times are milliseconds on the clock that all processes share. */
export type ReaderOrder =
  | { readonly do: 'open'; readonly origin: string; readonly issuer: string; readonly count: number }
  | { readonly do: 'watch'; readonly chain: WatchedChain }
  | { readonly do: 'wait'; readonly seconds: number }

/** A chain whose revocation is waited for. */
export interface WatchedChain {
  /** Compact JWS, root first. */
  readonly links: readonly string[]
  /** Of the key of the last link. */
  readonly seed: Uint8Array
}

/** What they say. */
export interface ReaderReport {
  /** Origins of the APIs that were opened. */
  readonly origins: readonly string[]
  /** Of those that watch, how many accept the chain as it is. */
  readonly accepting: number
  /** When each that refused did so. */
  readonly refusedAt: readonly number[]
  readonly processorTime: number
}

export type AuthorityOrder =
  | { readonly do: 'open'; readonly operator: string; readonly folder: string; readonly port: number }
  /** When the answers to revocations were written since this was asked last. */
  | { readonly do: 'answered' }

export interface AuthorityReport {
  readonly issuer: string
  readonly answeredAt: readonly number[]
  readonly processorTime: number
}

/** Time of this process on a processor since it began, in milliseconds. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The time on the clock that all processes of a machine share, in milliseconds. */
export function sharedTime(): number {
  return Number(process.hrtime.bigint()) / 1_000_000
}

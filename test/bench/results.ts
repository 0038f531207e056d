/** What one case took. */
export interface SpeedResult {
  readonly name: string
  /** Median of the rounds, microseconds of processor time for one call. */
  readonly cpu: number
  /** The same on the clock. */
  readonly elapsed: number
  /** Name of the case it is compared with. */
  readonly against: string
  /** How many times as much processor time as that it took. */
  readonly ratio: number
  /** The ratio that it may have. */
  readonly goal?: number
}

/** What one backend took. */
export interface BackendResult {
  readonly backend: string
  readonly speed: readonly SpeedResult[]
}

/** What is kept in memory, in bytes. */
export interface MemoryResult {
  readonly chains: number
  readonly linksPerChain: number
  /** Of the credentials alone, as they came. */
  readonly bytesPerChainAsSent: number
  /** Of one chain in the cache of verified chains, with everything that was decoded of it. */
  readonly bytesPerCachedChain: number
  /** By how much the resident memory of the process grew with all these chains. */
  readonly residentForChains: number
  readonly bytesPerTokenAsSent: number
  /** Of one access token in the cache of verified tokens. */
  readonly bytesPerCachedToken: number
  readonly nonces: number
  /** Of one nonce in the memory replay store. */
  readonly bytesPerNonce: number
  readonly bytesForNonces: number
}

/** What a log on disk takes in, and how it is checked. */
export interface LogResult {
  readonly entries: number
  /** On disk, under a signed checkpoint. */
  readonly acknowledgedPerSecond: number
  /** Of those that were looked at: records whose proof of inclusion held against the checkpoint they came with. */
  readonly proven: number
  readonly unproven: number
  /** All entries read and hashed again. */
  readonly checkedInSeconds: number
  /** How often it was told meanwhile how far it was. */
  readonly progressTold: number
  /** Logs with one byte changed. */
  readonly flips: number
  readonly undetected: number
}

/** How long it takes from the id of a request to its story, every line proven. */
export interface TraceResult {
  /** Of the log it is told from. */
  readonly entries: number
  readonly traces: number
  /** Milliseconds. */
  readonly median: number
  readonly longest: number
  /** Processor time of agent and authority together, milliseconds, median. */
  readonly processor: number
}

/** How many chains an authority exchanges for tokens. */
export interface ExchangeResult {
  readonly exchanges: number
  /** Senders that each wait for their token. */
  readonly atOnce: number
  readonly perSecond: number
  /** Processor time of agent and authority together for one, milliseconds. */
  readonly processor: number
}

/** What one call of a tool takes over MCP, client and server together. */
export interface McpResult {
  /** Of each. */
  readonly calls: number
  readonly sdks: readonly McpSdkResult[]
}

/** The same with one generation of the SDK. */
export interface McpSdkResult {
  /** `2.x`, stateless, or `1.x`, with sessions. */
  readonly sdk: string
  /** Processor time with the bare SDK, microseconds, median. */
  readonly bare: number
  /** The same with a client that signs and an endpoint that verifies. */
  readonly proven: number
}

/** Where it was measured, in words that name no machine. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly processors: number
  /** Mean number of processes that wanted a processor in the last minute, at the end. */
  readonly load: number
}

/** Everything that one run measured. */
export interface BenchResults {
  readonly machine: Machine
  readonly rounds: number
  readonly backends: readonly BackendResult[]
  readonly memory: MemoryResult
  readonly log: LogResult
  readonly trace: TraceResult
  readonly exchange: ExchangeResult
  readonly mcp: McpResult
}

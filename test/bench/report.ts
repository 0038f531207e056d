import type {
  BackendResult,
  BenchResults,
  ExchangeResult,
  LogResult,
  McpResult,
  MemoryResult,
  SpeedResult,
  TraceResult,
} from './results.ts'

/** The results as a text for people. */
export function writeReport({
  machine,
  rounds,
  backends,
  memory,
  log,
  trace,
  exchange,
  mcp,
}: BenchResults): string {
  const { node, platform, processors, load } = machine
  return [
    `Node ${node}, ${platform}, ${processors} processors, load ${load.toFixed(1)}; medians of ${rounds} interleaved rounds.`,
    'cpu: microseconds of processor time for one call, all threads; clock: the same on the clock.',
    ...backends.flatMap(writeBackend),
    '',
    ...writeMemory(memory),
    '',
    ...writeLog(log),
    writeTrace(trace),
    writeExchange(exchange),
    ...writeMcp(mcp),
  ].join('\n')
}

function writeBackend({ backend, speed }: BackendResult): readonly string[] {
  const width = Math.max(...speed.map(({ name }) => name.length))
  const head = ['cpu', 'clock', 'ratio', 'goal'].map((title) => title.padStart(9)).join('')
  return [
    '',
    `${`with ${backend}`.padEnd(width)}${head}`,
    ...speed.map((result) => writeSpeed(result, width)),
  ]
}

function writeSpeed({ name, cpu, elapsed, ratio, goal }: SpeedResult, width: number): string {
  const cells = [
    cpu.toFixed(1),
    elapsed.toFixed(1),
    ratio.toFixed(2),
    goal === undefined ? '' : goal.toFixed(2),
  ]
  const verdict = goal === undefined ? '' : ratio <= goal ? '  met' : '  MISSED'
  return `${name.padEnd(width)}${cells.map((cell) => cell.padStart(9)).join('')}${verdict}`
}

function writeMemory(memory: MemoryResult): readonly string[] {
  const { chains, linksPerChain, nonces } = memory
  return [
    `a cached chain of ${linksPerChain}: ${kilobytes(memory.bytesPerCachedChain)} (${kilobytes(memory.bytesPerChainAsSent)} as it is sent)`,
    `resident memory for ${chains} such chains: ${megabytes(memory.residentForChains)}`,
    `a cached token for a chain of ${linksPerChain}: ${kilobytes(memory.bytesPerCachedToken)} (${kilobytes(memory.bytesPerTokenAsSent)} as it is sent)`,
    `a nonce in the memory replay store: ${memory.bytesPerNonce} bytes; ${nonces} of them: ${megabytes(memory.bytesForNonces)}`,
  ]
}

/** Records that a log acknowledges in a second. */
const LOG_GOAL = 5000

function writeLog(log: LogResult): readonly string[] {
  const { entries, acknowledgedPerSecond, proven, unproven, flips, undetected } = log
  const rate = acknowledgedPerSecond >= LOG_GOAL ? 'met' : 'MISSED'
  return [
    `records acknowledged by a log on disk: ${acknowledgedPerSecond} a second (goal ${LOG_GOAL})  ${rate}`,
    `proven against the checkpoint they were acknowledged with: ${proven} of ${proven + unproven}  ${verdictOf(unproven)}`,
    `${entries} entries checked in ${log.checkedInSeconds.toFixed(1)} s, progress told ${log.progressTold} times`,
    `changes of one byte detected: ${flips - undetected} of ${flips}  ${verdictOf(undetected)}`,
  ]
}

/** Milliseconds from the id of a request to its story. */
const TRACE_GOAL = 1000

function writeTrace({ entries, traces, median, longest, processor }: TraceResult): string {
  const verdict = longest < TRACE_GOAL ? 'met' : 'MISSED'
  return `a request's story, proven, out of ${entries} records: ${median.toFixed(0)} ms (${processor.toFixed(0)} of processor time), at most ${longest.toFixed(0)} ms in ${traces} (goal ${TRACE_GOAL})  ${verdict}`
}

function writeExchange({ exchanges, atOnce, perSecond, processor }: ExchangeResult): string {
  return `chains exchanged for tokens, each on disk and on record: ${perSecond} a second (${exchanges}, ${atOnce} at once; ${processor.toFixed(1)} ms of processor time each, agent included)`
}

function writeMcp({ calls, sdks }: McpResult): readonly string[] {
  return sdks.map(
    ({ sdk, bare, proven }) =>
      `a tool call over MCP, signed and verified: ${(proven / bare).toFixed(2)} times the bare SDK ${sdk} (${proven.toFixed(0)} against ${bare.toFixed(0)} microseconds of processor time, client and server; medians of ${calls} calls each)`,
  )
}

function verdictOf(failures: number): string {
  return failures === 0 ? 'met' : 'MISSED'
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

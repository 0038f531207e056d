import { execFile } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { isInstalled } from './is-installed.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import { writeReport } from './report.ts'
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

// Measures the verifier against the bare verification of a signature and against other libraries.
// Each backend has a process of its own, because it is chosen when a process starts.

const SOURCE = ['--disable-warning=ExperimentalWarning', '--conditions=behalf-source']
const BACKENDS = [
  { backend: 'node:crypto', conditions: [] },
  { backend: 'sodium-native', conditions: ['--conditions=behalf-sodium'] },
]

process.exitCode = await main(process.argv.slice(2))

/** Runs what the command line asks for. Resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { json, ...options } = parseOptions(args)
    const results = await measure(options)
    console.log(json ? JSON.stringify(results, undefined, 2) : writeReport(results))
    return 0
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n${USAGE}`)
    return 2
  }
}

async function measure({ rounds, entries }: Omit<BenchOptions, 'json'>): Promise<BenchResults> {
  const backends: BackendResult[] = []
  for (const { backend, conditions } of BACKENDS.filter(isMeasured)) {
    console.error(`speed with ${backend}: about ${rounds} seconds when nothing else runs …`)
    const speed: readonly SpeedResult[] = await runProgram('measure-speed.ts', conditions, [String(rounds)])
    backends.push({ backend, speed })
  }
  console.error('memory: a few seconds …')
  const memory: MemoryResult = await runProgram('measure-memory.ts', ['--expose-gc'])
  console.error(`a log of ${entries} entries: some minutes for a million …`)
  const log: LogResult = await runProgram('measure-log.ts', [], [String(entries)])
  console.error(`stories out of a log of ${entries} entries: some minutes for a million …`)
  const trace: TraceResult = await runProgram('measure-trace.ts', [], [String(entries)])
  console.error('exchanges of chains for tokens: some seconds …')
  const exchange: ExchangeResult = await runProgram('measure-exchange.ts', [])
  console.error('calls of a tool over MCP: some seconds …')
  const mcp: McpResult = await runProgram('measure-mcp.ts', [], [String(rounds)])
  const [load = 0] = loadavg()
  const platform = `${process.platform} ${process.arch}`
  const machine = { node: process.versions.node, platform, processors: availableParallelism(), load }
  return { machine, rounds, backends, memory, log, trace, exchange, mcp }
}

function isMeasured({ backend }: { readonly backend: string }): boolean {
  if (backend !== 'sodium-native' || isInstalled(backend)) return true
  console.error('sodium-native is not installed and not measured')
  return false
}

/** What a program of this folder prints, which is JSON. */
async function runProgram<Result>(
  file: string,
  options: readonly string[],
  args: readonly string[] = [],
): Promise<Result> {
  const program = join(import.meta.dirname, file)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = execFile(process.execPath, [...SOURCE, ...options, program, ...args], (error, stdout) => {
    if (error === null) resolve(stdout)
    reject(error)
  })
  child.stderr?.pipe(process.stderr)
  return JSON.parse(await promise)
}

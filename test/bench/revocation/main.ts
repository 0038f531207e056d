import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isInstalled } from '../is-installed.ts'
import { summarize } from './figures.ts'
import { measure } from './measure.ts'
import { comparePartitions } from './partition.ts'
import { plot } from './plot.ts'
import { GOALS, type RevocationResults, writeReport } from './report.ts'

// Measures how long after the answer to a revocation everybody refuses what was revoked.
const USAGE = `usage: bench:revocation [--json] [--plot] [--node-crypto] [--subscribers N] [--apis N] [--revocations N]
  --json         the results as JSON
  --plot         draws docs/images/revocation.svg anew
  --node-crypto  verifies with node:crypto even where sodium-native is installed
  --subscribers  that verify each update themselves (1000)
  --apis         with server, middleware and stream of their own (10)
  --revocations  for each of the two (200)`

const PICTURE = join(import.meta.dirname, '../../../docs/images/revocation.svg')
const PARTITIONS = 100

process.exitCode = await main(process.argv.slice(2))

/** Runs what the command line asks for. Resolves to the exit code: 1 when a goal was missed. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options === undefined) return 2
  const backend = !options['node-crypto'] && isInstalled('sodium-native') ? 'sodium-native' : 'node:crypto'
  const [loadBefore = 0] = loadavg()
  const measured = await measure({
    ...options,
    nodeOptions: backend === 'sodium-native' ? ['--conditions=behalf-sodium'] : [],
    report: showProgress,
  })
  showProgress('partitions')
  const partition = await comparePartitions(PARTITIONS)
  if (process.stderr.isTTY) process.stderr.write('\n')
  const [load = 0] = loadavg()
  const { revocations, subscribers, apis } = options
  const results: RevocationResults = {
    machine: {
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      processors: availableParallelism(),
      load_before: loadBefore,
      load_after: load,
    },
    backend,
    revocations,
    subscribers: summarize(measured.subscribers, { readers: subscribers, revocations }),
    middleware: summarize(measured.middleware, { readers: apis, revocations }),
    partition,
  }
  console.log(options.json ? JSON.stringify(results, undefined, 2) : writeReport(results))
  if (options.plot) writeFileSync(PICTURE, plot(measured, results))
  return GOALS.every(({ isMet }) => isMet(results)) ? 0 : 1
}

interface Options {
  readonly json: boolean
  readonly plot: boolean
  readonly 'node-crypto': boolean
  readonly subscribers: number
  readonly apis: number
  readonly revocations: number
}

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        plot: { type: 'boolean', default: false },
        'node-crypto': { type: 'boolean', default: false },
        subscribers: { type: 'string', default: '1000' },
        apis: { type: 'string', default: '10' },
        revocations: { type: 'string', default: '200' },
      },
    })
    const { subscribers, apis, revocations, ...flags } = values
    return {
      ...flags,
      subscribers: readCount('subscribers', subscribers),
      apis: readCount('apis', apis),
      revocations: readCount('revocations', revocations),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n${USAGE}`)
    return undefined
  }
}

function readCount(name: string, text: string): number {
  if (/^[1-9][0-9]{0,4}$/u.test(text)) return Number(text)
  throw new TypeError(`--${name} is a whole number from 1 to 99999`)
}

/** One line that changes, where somebody looks; elsewhere only what begins is told. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
  else if (!/ [0-9]+ of [0-9]+$/u.test(line)) process.stderr.write(`${line} …\n`)
}

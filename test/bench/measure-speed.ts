import { median, runInterleaved } from './closed-loop.ts'
import { createPeerCases } from './peer-cases.ts'
import { createRequestCases } from './request-cases.ts'
import type { SpeedResult } from './results.ts'
import { createTokenCases } from './token-cases.ts'

// One process measures one backend, chosen by its import conditions: node measure-speed.ts <rounds>.
// It prints the results as JSON, and on standard error how far it is.

const WARM_UP_ROUNDS = 10
const RUNS_PER_ROUND = 100

const rounds = Number(process.argv[2])
const cases = [...(await createRequestCases()), ...(await createTokenCases()), ...(await createPeerCases())]
const timings = await runInterleaved(cases, {
  warmUpRounds: WARM_UP_ROUNDS,
  rounds,
  runsPerRound: RUNS_PER_ROUND,
  onRound: (left) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${left} rounds to go`)
  },
})
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')

const middle = (name: string, of: 'cpu' | 'elapsed'): number =>
  median((timings.get(name) ?? []).map((timing) => timing[of]))
const results: readonly SpeedResult[] = cases.map(({ name, against, goal }) => {
  const cpu = middle(name, 'cpu')
  const ratio = cpu / middle(against, 'cpu')
  return {
    name,
    cpu,
    elapsed: middle(name, 'elapsed'),
    against,
    ratio,
    ...(goal === undefined ? {} : { goal }),
  }
})
console.log(JSON.stringify(results))

import { parseArgs } from 'node:util'
import { runOracle } from '../../packages/credential/test/support/run-oracle.ts'

// Compares attenuation with a brute-force oracle on many pairs of capabilities, in chunks so that progress shows:
// node oracle.ts --pairs 1000000 --seed 1. Ends with 1 when a child was covered that allows what its parent refuses.
const CHUNK = 20_000

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [pairs, seed] = [Number(values.pairs), Number(values.seed)]
if (!Number.isSafeInteger(pairs) || pairs < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run oracle -- [--pairs N] [--seed N], both whole numbers')
  process.exit(2)
}

const total = { pairs: 0, covered: 0, refused: 0, cautious: 0, unsound: 0 }
for (let chunk = 0; total.pairs < pairs; chunk += 1) {
  const report = runOracle({ seed: seed + chunk, pairs: Math.min(CHUNK, pairs - total.pairs) })
  total.pairs += report.pairs
  total.covered += report.covered
  total.refused += report.refused
  total.cautious += report.cautious.nothing + report.cautious.together + report.cautious.other
  total.unsound += report.unsound.length
  for (const pair of report.unsound) console.error(JSON.stringify({ seed: seed + chunk, ...pair }))
  if (process.stderr.isTTY)
    process.stderr.write(`\r${total.pairs} of ${pairs} pairs, ${total.unsound} unsound`)
}
if (process.stderr.isTTY) process.stderr.write('\n')
console.log(
  `oracle: ${total.pairs} pairs, ${total.covered} covered, ${total.refused} wider and refused, ` +
    `${total.cautious} refused out of caution, ${total.unsound} unsound`,
)
process.exitCode = total.unsound === 0 ? 0 : 1

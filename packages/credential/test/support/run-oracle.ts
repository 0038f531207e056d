import { coversCapabilities, parseCapabilities } from '../../src/index.ts'
import { type CapabilityPair, generatePair } from './capability-generator.ts'
import { isWider } from './capability-oracle.ts'
import { createRandom } from './random.ts'

/** What the comparison of `coversCapabilities` with the oracle found. */
export interface OracleReport {
  readonly pairs: number
  /** Covered, and no request escapes. */
  readonly covered: number
  /** Not covered, and a request does escape. */
  readonly refused: number
  /** Not covered, although no request of the finite universe escapes: the price of a decision that can be read. */
  readonly cautious: number
  /** Covered, although a request escapes: must be empty. */
  readonly unsound: readonly CapabilityPair[]
}

/** Compares `coversCapabilities` with the brute-force oracle on this many pairs; the same seed gives the same pairs. */
export function runOracle(options: { readonly seed: number; readonly pairs: number }): OracleReport {
  const random = createRandom(options.seed)
  const counts = { covered: 0, refused: 0, cautious: 0 }
  const unsound: CapabilityPair[] = []
  for (let pair = 0; pair < options.pairs; pair += 1) {
    const generated = generatePair(random)
    const { parent, child } = generated
    const { covered } = coversCapabilities(parseCapabilities(parent), parseCapabilities(child))
    const wider = isWider(parent, child)
    if (covered && wider) unsound.push(generated)
    else counts[covered ? 'covered' : wider ? 'refused' : 'cautious'] += 1
  }
  return { pairs: options.pairs, ...counts, unsound }
}

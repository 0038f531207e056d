import type { JsonObject } from '@behalf/core'
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
  readonly cautious: {
    /** The capability allows no request at all. */
    readonly nothing: number
    /** Several capabilities of the parent cover it, but only together. */
    readonly together: number
    /** One capability of the parent covers it within this universe. */
    readonly other: number
  }
  /** Covered, although a request escapes: must be empty. */
  readonly unsound: readonly CapabilityPair[]
}

/** Compares `coversCapabilities` with the brute-force oracle on this many pairs; the same seed gives the same pairs. */
export function runOracle(options: { readonly seed: number; readonly pairs: number }): OracleReport {
  const random = createRandom(options.seed)
  const counts = { covered: 0, refused: 0 }
  const cautious = { nothing: 0, together: 0, other: 0 }
  const unsound: CapabilityPair[] = []
  for (let pair = 0; pair < options.pairs; pair += 1) {
    const generated = generatePair(random)
    const { parent, child } = generated
    const coverage = coversCapabilities(parseCapabilities(parent), parseCapabilities(child))
    const wider = isWider(parent, child)
    if (coverage.covered && wider) unsound.push(generated)
    else if (coverage.covered) counts.covered += 1
    else if (wider) counts.refused += 1
    else cautious[explainCaution(parent, child.slice(coverage.capability, coverage.capability + 1))] += 1
  }
  return { pairs: options.pairs, ...counts, cautious, unsound }
}

function explainCaution(
  parent: readonly JsonObject[],
  child: readonly JsonObject[],
): keyof OracleReport['cautious'] {
  if (!isWider([], child)) return 'nothing'
  return parent.every((capability) => isWider([capability], child)) ? 'together' : 'other'
}

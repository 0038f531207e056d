import type { AuthorityClient, ConfirmationCounts, ReaderCounts } from '@behalf/wallet'
import type { BehalfIo } from './io.ts'

/** How long to ask how many know, and with what. */
export interface AwaitConfirmationsOptions {
  readonly sequence: number
  readonly seconds: number
  readonly io: Pick<BehalfIo, 'clock' | 'wait'>
}

const PAUSE_MS = 200
const UNPROVEN_MS = 2000

/**
 * Waits until every registered API that follows the authority's stream has said that it holds a heartbeat, or the time
 * is over. Whoever else follows it may be anybody, and is waited for two seconds at most: a verifier says it within
 * milliseconds.
 *
 * @returns how many said so at last
 */
export async function awaitConfirmations(
  authority: AuthorityClient,
  { sequence, seconds, io }: AwaitConfirmationsOptions,
): Promise<ConfirmationCounts> {
  const start = io.clock()
  const end = start + seconds * 1000
  for (;;) {
    const counts = await authority.countConfirmations(sequence)
    const passed = io.clock() - start
    const isKnown = isEverybody(counts) && (isEverybody(counts.unproven) || passed >= UNPROVEN_MS)
    if (isKnown || start + passed >= end) return counts
    await io.wait(PAUSE_MS)
  }
}

function isEverybody({ connected, confirmed }: ReaderCounts): boolean {
  return confirmed >= connected
}

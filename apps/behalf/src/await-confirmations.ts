import type { AuthorityClient, ConfirmationCounts } from '@behalf/wallet'
import type { BehalfIo } from './io.ts'

/** How long to ask how many know, and with what. */
export interface AwaitConfirmationsOptions {
  readonly sequence: number
  readonly seconds: number
  readonly io: Pick<BehalfIo, 'clock' | 'wait'>
}

const PAUSE_MS = 200

/**
 * Waits until every registered API that follows the authority's stream has said that it holds a heartbeat, or the time
 * is over. For whoever else follows it nobody waits: that may be anybody.
 *
 * @returns how many said so at last
 */
export async function awaitConfirmations(
  authority: AuthorityClient,
  { sequence, seconds, io }: AwaitConfirmationsOptions,
): Promise<ConfirmationCounts> {
  const end = io.clock() + seconds * 1000
  for (;;) {
    const counts = await authority.countConfirmations(sequence)
    if (counts.confirmed >= counts.connected || io.clock() >= end) return counts
    await io.wait(PAUSE_MS)
  }
}

import { FIRST_INDEX } from '../../attacks/support/chain.ts'
import { readCode } from '../../attacks/support/expectation.ts'
import { openApi } from '../../attacks/support/lab.ts'
import { baseline } from '../../attacks/support/request.ts'

/** What partitions did, in virtual time. */
export interface PartitionFigures {
  readonly trials: number
  readonly max_staleness_seconds: number
  /** From the revocation to the last request that was accepted; 0 when none was. */
  readonly latest_acceptance_seconds: number
  /** Requests that were accepted later than revoke + maxStaleness. */
  readonly accepted_too_late: number
}

const MAX_STALENESS_MS = 30_000
const STEP_MS = 1000
const HEARTBEAT_MS = 10_000
/** A prime, so that the moments of partition and revocation fall together in ever other ways. */
const SPREAD = 7919

/**
 * An API follows a stream; the network falls silent at some moment between two heartbeats, and later something is
 * revoked that the API cannot hear of. It is asked each second of its own clock until it has refused.
 *
 * @throws Error when a request is refused for another reason than that nothing fresh is known
 */
export async function comparePartitions(trials: number): Promise<PartitionFigures> {
  let latest = 0
  let late = 0
  for (let trial = 0; trial < trials; trial += 1) {
    const silentAfter = (trial * SPREAD) % HEARTBEAT_MS
    const revokedAfter = (trial * SPREAD * 3) % MAX_STALENESS_MS
    const accepted = await acceptUntilRefused(silentAfter, revokedAfter)
    latest = Math.max(latest, accepted)
    if (accepted > MAX_STALENESS_MS) late += 1
  }
  return {
    trials,
    max_staleness_seconds: MAX_STALENESS_MS / 1000,
    latest_acceptance_seconds: latest / 1000,
    accepted_too_late: late,
  }
}

/** @returns milliseconds from the revocation to the last acceptance */
async function acceptUntilRefused(silentAfter: number, revokedAfter: number): Promise<number> {
  const api = await openApi('hono', { stream: true })
  const { world } = api
  try {
    await world.pass(silentAfter)
    world.feed.intercept = () => Response.error()
    await world.pass(revokedAfter)
    world.feed.revoke(FIRST_INDEX + 2)
    await world.feed.publish(world.now)
    const revokedAt = world.now
    let last = revokedAt
    for (;;) {
      const answer = await api.sendSigned(baseline({ created: Math.floor(world.now / 1000) }))
      const code = readCode(answer)
      if (code === 'status_stale') return last - revokedAt
      if (code !== 'ok') throw new Error(`refused as ${code}`)
      last = world.now
      await world.pass(STEP_MS)
    }
  } finally {
    await api.close()
  }
}

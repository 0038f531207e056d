import { createStatusSource, VerifierError } from '@behalf/verifier'
import { NOW } from '../../attacks/support/chain.ts'
import { issuer } from '../../attacks/support/party.ts'
import { HEARTBEAT_URL } from '../../attacks/support/status-feed.ts'
import { takeOrders } from './child.ts'
import { type Memory, measureMemory } from './memory.ts'
import { AUTHORITY_ORIGIN } from './status-site.ts'

/** Polls so many times at a time, and says what it holds then and 31 s after. */
export interface PollOrder {
  readonly polls: number
  /** Milliseconds. */
  readonly now: number
}

/** What a poller makes of it. */
export interface PollReport {
  /** `ok` or the code with which the status is refused, now. */
  readonly now: string
  /** The same when nothing more comes. */
  readonly later: string
  readonly memory: Memory
}

// A status source in a process of its own, whose memory is nobody else's: node polling-process.ts <port of the site>
const site = `http://127.0.0.1:${process.argv[2]}`
const time = { now: NOW }
const source = createStatusSource({
  issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
  fetch: (url, init) => fetch(url.replace(AUTHORITY_ORIGIN, site), init),
  clock: () => time.now,
  timeoutSeconds: 30,
  reportFault: () => undefined,
})

takeOrders<PollOrder, PollReport>(async ({ polls, now }) => {
  time.now = now
  for (let count = 0; count < polls; count += 1) {
    await source.poll()
    globalThis.gc?.()
  }
  const atOnce = readCode()
  time.now = now + 31_000
  const later = readCode()
  time.now = now
  return { now: atOnce, later, memory: await measureMemory() }
})

function readCode(): string {
  try {
    source.read(issuer.did)
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

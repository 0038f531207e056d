import { readdirSync, writeFileSync } from 'node:fs'
import type { ServerOptions } from 'node:http'
import { systemMonotonicClock } from '@behalf/core'
import { createRequestVerifier, createStatusSource } from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { startServer } from '../../attacks/support/adapters.ts'
import { NOW } from '../../attacks/support/chain.ts'
import { issuer } from '../../attacks/support/party.ts'
import { HEARTBEAT_URL } from '../../attacks/support/status-feed.ts'
import { takeOrders } from './child.ts'
import { type Memory, measureMemory } from './memory.ts'
import { AUTHORITY_ORIGIN } from './status-site.ts'

/** How the API is set up. */
export interface LiveApiSettings {
  /** Port of the status site. */
  readonly site: number
  /** `Date.now()` at which it was `NOW`. */
  readonly startedAt: number
  /** An empty folder. */
  readonly folder: string
  readonly maxStalenessSeconds: number
  readonly pollSeconds: number
  readonly bodyTimeoutSeconds: number
  readonly server: ServerOptions
}

/** The next request that gets there stands still, and everything with it; a file `stalled` says when. */
export interface StallOrder {
  readonly stall: 'account' | 'handler'
  readonly milliseconds: number
}

/** Says how it is, after an order if there was one. */
export type LiveApiOrder = StallOrder | { readonly stall?: never }

/** How an API is. */
export interface LiveApiReport {
  readonly port: number
  /** Requests that reached the handler. */
  readonly handled: number
  /** Codes of faults that were reported. */
  readonly faults: readonly string[]
  readonly fileDescriptors: number
  readonly memory: Memory
  /** Time on a processor since it began, milliseconds. */
  readonly processorTime: number
}

// A protected API on real clocks, in a process of its own: node live-api-process.ts <settings as JSON>
const settings: LiveApiSettings = JSON.parse(process.argv[2] ?? '')
const clock = (): number => NOW + Date.now() - settings.startedAt
const path = `${settings.folder}/verifier.db`
// A file that has been in use for a minute, so that nothing has to wait out a new file's first seconds.
openVerifierDatabase(path, { clock: () => clock() - 60_000 }).close()
const faults: string[] = []
const reportFault = ({ code }: { readonly code: string }): void => void faults.push(code)
const { maxStalenessSeconds, pollSeconds, bodyTimeoutSeconds } = settings
const statusSource = createStatusSource({
  issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
  fetch: (url, init) => fetch(url.replace(AUTHORITY_ORIGIN, `http://127.0.0.1:${settings.site}`), init),
  clock,
  monotonicClock: systemMonotonicClock,
  maxStalenessSeconds,
  pollSeconds,
  reportFault,
})
let stall: StallOrder | undefined
let handled = 0
const { replayStore, useCounter } = openVerifierDatabase(path, { clock })
const verifier = createRequestVerifier({
  origins: ['https://api.test'],
  trustedIssuers: [issuer.did],
  statusSource,
  replayStore,
  useCounter,
  clock,
  monotonicClock: systemMonotonicClock,
  bodyTimeoutSeconds,
  mapPrincipal: ({ id }) => {
    standStill('account')
    return id
  },
  reportFault,
})
const { port } = await startServer('hono', {
  verifier,
  server: settings.server,
  onHandled: () => {
    handled += 1
    standStill('handler')
  },
})
await statusSource.ready()

takeOrders<LiveApiOrder, LiveApiReport>(async (order) => {
  if (order.stall !== undefined) stall = order
  const { user, system } = process.cpuUsage()
  const processorTime = (user + system) / 1000
  const memory = await measureMemory()
  return { port, handled, faults, fileDescriptors: readdirSync('/dev/fd').length, memory, processorTime }
})

function standStill(where: StallOrder['stall']): void {
  if (stall?.stall !== where) return
  const { milliseconds } = stall
  stall = undefined
  writeFileSync(`${settings.folder}/stalled`, '')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

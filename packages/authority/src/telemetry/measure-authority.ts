import type { Clock } from '@behalf/core'
import type { Issuer } from '@behalf/issuer'
import type { VerifierDatabase } from '@behalf/verifier/sqlite'
import type { Ledger } from '../ledger/create-ledger.ts'
import type { Confirmations } from '../status/confirmations.ts'
import { type AuthorityMetrics, createAuthorityMetrics } from './authority-metrics.ts'

/** Makes the metrics of an authority that consists of these. */
export function measureAuthority(parts: {
  readonly issuer: Pick<Issuer, 'lastHeartbeat'>
  readonly nonces: Pick<VerifierDatabase, 'replayStore'>
  readonly clock: Clock
  readonly ledger: Pick<Ledger, 'size'>
  readonly confirmations: Pick<Confirmations, 'readers'>
}): AuthorityMetrics {
  const { issuer, nonces, clock, ledger, confirmations } = parts
  return createAuthorityMetrics({
    logEntries: ledger.size,
    statusAge: async () => {
      const heartbeat = await issuer.lastHeartbeat()
      return heartbeat && (clock() - heartbeat.time) / 1000
    },
    replayEntries: () => nonces.replayStore.size?.() ?? 0,
    statusReaders: () => confirmations.readers(),
  })
}

import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createEd25519Signer } from '@behalf/core'
import { type Did, encodeDidKey } from '@behalf/did'
import { type AuditSink, createAuditShipper } from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'

/** What an API of a test reports to its authority. */
export interface Reports {
  /** Signs them. */
  readonly did: Did
  readonly sink: AuditSink
  /** Every decision so far is in the log. */
  settle(): Promise<void>
  close(): Promise<void>
}

const SOON_MS = 100
/** The runner's own time limit ends what does not end. */
const POLL_MS = 10

/** Opens the way of decisions into the log of an authority; accepted requests wait until they are there. */
export function openReports(options: {
  readonly folder: string
  readonly authority: string
  readonly clock: () => number
}): Reports {
  const { folder, authority, clock } = options
  const signer = createEd25519Signer(new Uint8Array(32).fill(77))
  const database = openVerifierDatabase(join(folder, 'verifier.db'))
  const shipper = createAuditShipper({
    authority,
    signer,
    outbox: database.auditOutbox,
    recordBeforeAct: true,
    clock,
    // What waits to go with others goes at once; nothing here takes so long that it is given up.
    setTimer: (run, milliseconds) => {
      const turn = milliseconds < SOON_MS ? setImmediate(run) : undefined
      return () => clearImmediate(turn)
    },
  })
  return {
    did: encodeDidKey(signer.publicKey),
    sink: shipper,
    settle: async () => {
      while (shipper.waiting() > 0) await setTimeout(POLL_MS)
    },
    close: async () => {
      await shipper.close()
      database.close()
    },
  }
}

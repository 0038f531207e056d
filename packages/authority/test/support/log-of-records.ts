import { DatabaseSync } from 'node:sqlite'
import { type AuditFacts, createAuditLog, type LogEntry, serializeAuditRecord } from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { createEd25519Signer, decodeUtf8, encodeBase64 } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { AuthorityError } from '../../src/error.ts'
import { termsOf } from '../../src/ledger/record-terms.ts'
import type { TraceEntry, TraceSource } from '../../src/trace/trace-source.ts'

/** A record by its type and its members. */
export type RecordFacts = readonly [type: AuditFacts['type'], members: AuditFacts['members']]

/** A real log that holds these records and nothing beside them, and the key that signs it. */
export interface LogOfRecords {
  readonly source: TraceSource
  readonly key: { readonly name: string; readonly publicKey: Uint8Array }
}

const TIME = Date.UTC(2030, 0, 15, 12)

/** Puts the records into a log, in order, one second apart. */
export async function openLogOfRecords(records: readonly RecordFacts[]): Promise<LogOfRecords> {
  const signer = createEd25519Signer(new Uint8Array(32).fill(7))
  const key = { name: encodeDidKey(signer.publicKey), publicKey: signer.publicKey }
  const store = createSqliteLogStore(new DatabaseSync(':memory:'), { termsOf })
  const log = createAuditLog({ store, signer, origin: key.name, setTimer: runSoon })
  await Promise.all(
    records.map(([type, members], place) =>
      log.append({
        id: `${place}`,
        data: serializeAuditRecord({ type, time: TIME + place * 1000, members }),
      }),
    ),
  )
  const absent = async (): Promise<never> => {
    throw new AuthorityError('not_found', 'Nothing lies beside this log')
  }
  return {
    key,
    source: {
      listLogEntries: async ({ about, from = 0, before, limit }) => {
        const found =
          before === undefined
            ? store.findEntries(about, from, limit)
            : store.findNewest(about, before, limit)
        return (await found).map(toTraceEntry)
      },
      logCheckpoint: () => log.checkpoint(),
      proveInclusion: async (of) => (await log.proveInclusion(of)).map(encodeBase64),
      readDelegation: absent,
      readPolicy: absent,
    },
  }
}

function toTraceEntry({ index, data }: LogEntry): TraceEntry {
  return { index, record: decodeUtf8(data) }
}

function runSoon(run: () => void): () => void {
  const timer = setImmediate(run)
  return () => clearImmediate(timer)
}

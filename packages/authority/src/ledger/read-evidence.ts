import type { LogEntry } from '@behalf/audit-log'
import type { AuthorityDatabase } from '../database-schema.ts'

/** What lies beside the record of a request. */
export interface KeptEvidenceBytes {
  readonly salt: Uint8Array
  /** Canonical JSON. */
  readonly bytes: Uint8Array
}

/** Returns what lies beside these entries, by their index; nothing for those whose evidence is not kept. */
export async function readEvidence(
  database: AuthorityDatabase,
  entries: readonly Pick<LogEntry, 'index'>[],
): Promise<ReadonlyMap<number, KeptEvidenceBytes>> {
  const rows = await database
    .selectFrom('request_evidence')
    .select(['entry_index', 'salt', 'bytes'])
    .where(
      'entry_index',
      'in',
      entries.map(({ index }) => index),
    )
    .execute()
  return new Map(rows.map(({ entry_index: index, salt, bytes }) => [index, { salt, bytes }]))
}

import { parseAuditRecord } from '@behalf/audit-log'
import { decodeUtf8, encodeBase64, encodeBase64url } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { type KeptEvidenceBytes, readEvidence } from '../ledger/read-evidence.ts'
import { findStatusList } from '../ledger/status-history.ts'
import type { TraceEntry, TraceFilter, TraceSource } from '../trace/trace-source.ts'
import type { LogReader } from './create-reader.ts'
import type { PeopleContext } from './people-context.ts'

/** What a story is read from, and how much of it. */
export interface PersonalTraceSource extends TraceSource {
  /** Whether some of the log was not looked at, because it is too much. */
  isCut(): boolean
}

interface Reading {
  readonly context: Pick<PeopleContext, 'database' | 'ledger'>
  readonly reader: LogReader
  /** Entries that may still be looked at. */
  left: number
  /** Bytes that were told about each thing. */
  readonly told: Map<string, number>
  isCut: boolean
}

/** Entries that are looked at for one story, whoever they are about. */
const MAX_LOOKED_AT = 20_000
/** Bytes of entries and evidence about one thing, so that the story is no larger than a bundle may be. */
const MAX_TOLD_BYTES = 2_000_000

/** Returns the log as one person may read it: of everything else there is nothing. */
export function createTraceSource(
  context: Pick<PeopleContext, 'database' | 'issuer' | 'ledger'>,
  reader: LogReader,
): PersonalTraceSource {
  const { issuer, ledger } = context
  const reading: Reading = { context, reader, left: MAX_LOOKED_AT, told: new Map(), isCut: false }
  return {
    isCut: () => reading.isCut || reading.left <= 0,
    listLogEntries: (filter) => listEntries(reading, filter),
    logCheckpoint: async () => {
      await ledger.settle()
      return ledger.log.checkpoint()
    },
    proveInclusion: async (of) => (await ledger.log.proveInclusion(of)).map(encodeBase64),
    readDelegation: async (id) => {
      const issued = (await issuer.findDelegation(id))?.issued
      return issued ? { credential: issued.jws, evidence: issued.evidence } : {}
    },
    readPolicy: async (digest) => {
      const document = await issuer.findPolicy(digest)
      if (!document) throw new AuthorityError('not_found', 'There was no such policy')
      return document
    },
    // It says nothing of anybody: a bit for each number.
    readStatusList: async (digest) => {
      const list = await findStatusList(context.database, digest)
      if (list === undefined) throw new AuthorityError('not_found', 'No such list is kept')
      return list
    },
  }
}

/** The next ones that may be read; none only when there are none, or too many. */
async function listEntries(reading: Reading, filter: TraceFilter): Promise<readonly TraceEntry[]> {
  const told = reading.told.get(filter.about) ?? 0
  if (told > MAX_TOLD_BYTES) {
    reading.isCut = true
    return []
  }
  const entries = await readNext(reading, filter)
  const bytes = entries.reduce(
    (sum, { record, evidence }) => sum + record.length + (evidence?.text.length ?? 0),
    0,
  )
  reading.told.set(filter.about, told + bytes)
  return entries
}

async function readNext(reading: Reading, filter: TraceFilter): Promise<readonly TraceEntry[]> {
  const { context, reader } = reading
  const { about, limit } = filter
  let { from = 0, before } = filter
  while (reading.left > 0) {
    const entries = await (before === undefined
      ? context.ledger.findEntries(about, from, limit)
      : context.ledger.findNewest(about, before, limit))
    reading.left -= entries.length
    const readable = []
    for (const entry of entries) {
      if (await reader.mayRead(parseAuditRecord(entry.data))) readable.push(entry)
    }
    const last = entries.at(-1)
    if (readable.length > 0 || last === undefined) {
      const evidence = await readEvidence(context.database, readable)
      return readable.map(({ index, data }) => toTraceEntry({ index, data }, evidence.get(index)))
    }
    if (before === undefined) from = last.index + 1
    else before = last.index
  }
  return []
}

function toTraceEntry(
  { index, data }: { readonly index: number; readonly data: Uint8Array },
  kept: KeptEvidenceBytes | undefined,
): TraceEntry {
  return {
    index,
    record: decodeUtf8(data),
    ...(kept && { evidence: { salt: encodeBase64url(kept.salt), text: decodeUtf8(kept.bytes) } }),
  }
}

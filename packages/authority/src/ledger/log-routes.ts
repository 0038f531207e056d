import { AuditLogError, type LogEntry } from '@behalf/audit-log'
import { decodeUtf8, encodeBase64, encodeBase64url, type JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { readDigest } from '../read-input.ts'
import { type Answer, defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import type { Ledger } from './create-ledger.ts'
import { type KeptEvidenceBytes, readEvidence } from './read-evidence.ts'
import { TERM_KINDS, type TermKind, termOf } from './record-terms.ts'
import { findStatusList } from './status-history.ts'

interface InclusionQuery {
  readonly index: string
  readonly size: string
}

interface ConsistencyQuery {
  readonly from: string
  readonly to: string
}

interface EntriesQuery {
  readonly from?: string | undefined
  readonly before?: string | undefined
  readonly limit?: string | undefined
  readonly about?: string | undefined
  readonly evidence?: 'true' | undefined
}

/** What the routes of the log work with. */
export interface LogContext {
  readonly ledger: Ledger
  readonly database: AuthorityDatabase
}

const number = z.string().regex(/^(?:0|[1-9][0-9]{0,14})$/u)
const hash = z.string().openapi({ description: 'SHA-256, base64' })
const inclusionSchema: z.ZodType<InclusionQuery> = z.strictObject({ index: number, size: number })
const consistencySchema: z.ZodType<ConsistencyQuery> = z.strictObject({ from: number, to: number })
const ABOUT = new RegExp(`^(${TERM_KINDS.join('|')}):(.{1,500})$`, 'u')
const entriesSchema: z.ZodType<EntriesQuery> = z.strictObject({
  from: number.optional().openapi({ description: 'From this index on, in order; default 0' }),
  before: number
    .optional()
    .openapi({ description: 'Instead, with `about`: below this index, the latest first' }),
  limit: number.optional().openapi({ description: 'Default and at most 1000' }),
  about: z
    .string()
    .regex(ABOUT)
    .optional()
    .openapi({ description: `Only what has to do with it: ${TERM_KINDS.join(', ')}, a colon and an id` }),
  evidence: z
    .literal('true')
    .optional()
    .openapi({ description: 'With what proves requests, as long as it is kept; for operators alone' }),
})
const entryAnswer = z
  .strictObject({
    index: z.int(),
    id: z.string().openapi({ description: 'Names it for whoever sent it; not part of the tree' }),
    record: z.string().openapi({ description: 'The entry: a record, in canonical JSON' }),
    evidence: z
      .strictObject({
        salt: z.string().openapi({ description: '32 bytes, base64url' }),
        text: z
          .string()
          .openapi({ description: 'Canonical JSON; `digest` of the record is over salt and text' }),
      })
      .optional(),
  })
  .openapi('LogEntry')

const PAGE = 1000
/** An answer is cut off behind the record that goes beyond this. */
const MAX_PAGE_BYTES = 1_048_576
const CHECKPOINT_TYPE = 'text/plain; charset=utf-8'

/** The routes by which the log is watched and read. Checkpoints and proofs hold nothing but hashes. */
export function createLogRoutes(context: LogContext): readonly Route[] {
  const { ledger } = context
  return [
    createCheckpointRoute(ledger),
    createInclusionRoute(ledger),
    createConsistencyRoute(ledger),
    createEntriesRoute(context),
    createStatusListRoute(context),
  ]
}

function createCheckpointRoute({ log, settle }: Ledger): Route {
  return defineRoute({
    name: 'GET /log/checkpoint',
    summary: 'The signed head of the log; everything that was answered before is under it',
    answers: { 200: { description: 'A checkpoint (C2SP tlog-checkpoint)', type: 'text/plain' } },
    run: async () => {
      await settle()
      return { status: 200, type: CHECKPOINT_TYPE, body: await log.checkpoint() }
    },
  })
}

function createInclusionRoute({ log }: Ledger): Route {
  return defineRoute<undefined, InclusionQuery>({
    name: 'GET /log/proof/inclusion',
    summary: 'What leads from an entry to the root of a tree of `size` entries (RFC 9162 section 2.1.3)',
    query: inclusionSchema,
    answers: { 200: jsonAnswer('The hashes, lowest first', z.strictObject({ proof: z.array(hash) })) },
    run: async ({ query }) => {
      const of = { index: Number(query.index), size: Number(query.size) }
      return answerProof(() => log.proveInclusion(of))
    },
  })
}

function createConsistencyRoute({ log }: Ledger): Route {
  return defineRoute<undefined, ConsistencyQuery>({
    name: 'GET /log/proof/consistency',
    summary: 'What shows that the tree of `to` entries began as that of `from` (RFC 9162 section 2.1.4)',
    query: consistencySchema,
    answers: { 200: jsonAnswer('The hashes', z.strictObject({ proof: z.array(hash) })) },
    run: async ({ query }) => {
      const of = { size1: Number(query.from), size2: Number(query.to) }
      return answerProof(() => log.proveConsistency(of))
    },
  })
}

function createEntriesRoute({ ledger, database }: LogContext): Route {
  return defineRoute<undefined, EntriesQuery>({
    name: 'GET /log/entries',
    summary: 'Records of the log, in order, or the latest of those about something',
    query: entriesSchema,
    answers: { 200: jsonAnswer('None at the end', z.strictObject({ entries: z.array(entryAnswer) })) },
    run: async (call) => {
      const { query } = call
      if (query.evidence === 'true' && !requireCaller(call).operator) {
        throw new AuthorityError('forbidden', 'Only an operator may read what lies beside the records')
      }
      await ledger.settle()
      const page = cutPage(await findEntries(ledger, query))
      const evidence = query.evidence === 'true' ? await readEvidence(database, page) : new Map()
      return json(200, { entries: page.map((entry) => entryToWire(entry, evidence)) })
    },
  })
}

async function findEntries(ledger: Ledger, query: EntriesQuery): Promise<readonly LogEntry[]> {
  const from = Number(query.from ?? 0)
  const limit = Math.min(Number(query.limit ?? PAGE), PAGE)
  const term = readTerm(query.about)
  if (query.before !== undefined) {
    if (term !== undefined && query.from === undefined)
      return ledger.findNewest(term, Number(query.before), limit)
    throw new AuthorityError('input_invalid', 'before wants about beside it, and no from', {
      field: 'before',
    })
  }
  return term === undefined ? ledger.log.readEntries(from, limit) : ledger.findEntries(term, from, limit)
}

function createStatusListRoute({ database }: LogContext): Route {
  return defineRoute({
    name: 'GET /log/status-lists/{list}',
    summary: 'A status list as it was signed once, by the digest by which a heartbeat named it',
    answers: { 200: { description: 'A compact JWS', type: 'application/vc+jwt' } },
    run: async ({ param }) => {
      const jws = await findStatusList(database, readDigest(param))
      if (jws === undefined) throw new AuthorityError('not_found', 'This list is not kept')
      return { status: 200, type: 'application/vc+jwt', body: jws }
    },
  })
}

async function answerProof(prove: () => Promise<readonly Uint8Array[]>): Promise<Answer> {
  try {
    return json(200, { proof: (await prove()).map(encodeBase64) })
  } catch (cause) {
    if (!(cause instanceof AuditLogError) || cause.code !== 'audit_gap') throw cause
    throw new AuthorityError('not_found', 'The log has no such tree, or no such entry in it', { cause })
  }
}

function readTerm(about: string | undefined): string | undefined {
  const [, kind, value] = ABOUT.exec(about ?? '') ?? []
  const known = TERM_KINDS.find((one): one is TermKind => one === kind)
  return known === undefined || value === undefined ? undefined : termOf(known, value)
}

function cutPage(entries: readonly LogEntry[]): readonly LogEntry[] {
  let bytes = 0
  const end = entries.findIndex(({ data }) => {
    bytes += data.length
    return bytes > MAX_PAGE_BYTES
  })
  return end === -1 ? entries : entries.slice(0, end + 1)
}

function entryToWire(
  { index, id, data }: LogEntry,
  evidence: ReadonlyMap<number, KeptEvidenceBytes>,
): JsonObject {
  const kept = evidence.get(index)
  return {
    index,
    id,
    record: decodeUtf8(data),
    ...(kept && { evidence: { salt: encodeBase64url(kept.salt), text: decodeUtf8(kept.bytes) } }),
  }
}

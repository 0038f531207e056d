import type { JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import { compact } from '../to-wire.ts'
import type { OutcomeReport } from './outcome-report.ts'

/** What proves a request: with these bytes anybody verifies its signature again. */
export interface RequestEvidence {
  /** Compact JWS, root first. */
  readonly credentials: readonly string[]
  /** What was signed. @see RFC 9421 section 2.5 */
  readonly signature_base: string
  /** Ed25519, base64url. */
  readonly signature: string
  /** The authority's own word on what was revoked, by which the API decided: compact JWS. */
  readonly heartbeat?: string | undefined
}

/** One decision of an API, as it reports it. */
export interface RequestReport {
  readonly time: string
  readonly request_id: string
  readonly decision: 'accepted' | 'refused' | 'observed'
  /** `ok`, or the code of the refusal. */
  readonly code: string
  readonly method?: string | undefined
  readonly origin?: string | undefined
  readonly path?: string | undefined
  readonly agent?: string | undefined
  readonly principal?: { readonly issuer: string; readonly id: string } | undefined
  readonly delegations?: readonly string[] | undefined
  /** That decided about the root. */
  readonly policy?: { readonly id: string; readonly digest: string } | undefined
  readonly workflow?: { readonly id: string; readonly run?: string | undefined } | undefined
  readonly context?: Readonly<Record<string, string>> | undefined
  /** What was called through a protocol above HTTP. */
  readonly call?: { readonly method: string; readonly tool?: string | undefined } | undefined
  readonly traceparent?: string | undefined
  /** There where the API will tell what it answered. */
  readonly outcome?: 'follows' | undefined
  readonly evidence?: RequestEvidence | undefined
}

/** Body of `POST /audit/records`. */
export interface ReportBody {
  readonly records: readonly (RequestReport | OutcomeReport)[]
}

/** Reports that are taken at once. */
export const MAX_REPORTS = 1000
/** The greatest body of reports, in bytes. */
export const MAX_REPORT_BYTES = 4_194_304

const MAX_HEARTBEAT_LENGTH = 16_384

const name = z.string().min(1).max(2048)
const evidence = z.strictObject({
  credentials: z.array(z.string()).min(1).max(8).openapi({ description: 'Compact JWS, root first' }),
  signature_base: z.string().openapi({ description: 'What was signed (RFC 9421 section 2.5)' }),
  signature: z.string().openapi({ description: 'Ed25519, base64url' }),
  heartbeat: z
    .string()
    .max(MAX_HEARTBEAT_LENGTH)
    .optional()
    .openapi({ description: 'The heartbeat by which it was decided, compact JWS' }),
})
const report = z.strictObject({
  time: z.iso.datetime().openapi({ type: 'string', format: 'date-time' }),
  request_id: name,
  decision: z.enum(['accepted', 'refused', 'observed']),
  code: z.string().regex(/^[a-z_]{1,64}$/u),
  method: name.optional(),
  origin: name.optional(),
  path: z.string().optional(),
  agent: name.optional(),
  principal: z.strictObject({ issuer: name, id: name }).optional(),
  delegations: z.array(name).max(8).optional().openapi({ description: 'Ids, root first' }),
  policy: z
    .strictObject({ id: name, digest: name })
    .optional()
    .openapi({ description: 'That decided about the root' }),
  workflow: z.strictObject({ id: name, run: name.optional() }).optional(),
  context: z.record(z.string().max(32), z.string().max(256)).optional(),
  call: z
    .strictObject({ method: name, tool: name.optional() })
    .optional()
    .openapi({ description: 'Through a protocol above HTTP, such as MCP' }),
  traceparent: z.string().max(128).optional(),
  outcome: z.literal('follows').optional().openapi({ description: 'It will be told what was answered' }),
  evidence: evidence.optional(),
})

const outcome = z.strictObject({
  time: z.iso.datetime().openapi({ type: 'string', format: 'date-time' }),
  request_id: name,
  decision: z.literal('answered').openapi({ description: 'What became of a request that was accepted' }),
  origin: name.optional(),
  status: z.int().min(100).max(999).optional().openapi({ description: 'Absent when nothing was answered' }),
  cut_off: z.literal(true).optional().openapi({ description: 'Not all of the answer was sent' }),
  principal: z.strictObject({ issuer: name, id: name }).optional(),
  root: name.optional().openapi({ description: 'Id of the root delegation' }),
})

/** Of `POST /audit/records`. */
export const reportSchema: z.ZodType<ReportBody> = z.strictObject({
  records: z
    .array(z.discriminatedUnion('decision', [report, outcome]))
    .min(1)
    .max(MAX_REPORTS),
})

/**
 * Returns what a record says of a report: everything but who the principal is and the evidence, for which hashes stand.
 *
 * @param known.api - DID of the API
 * @param known.principal - as records name it
 * @param known.digest - of the evidence
 */
export function reportMembers(
  told: RequestReport,
  known: {
    readonly api: string
    readonly principal: string | undefined
    readonly digest: string | undefined
  },
): JsonObject {
  const { policy, workflow, context, call, delegations } = told
  return compact({
    api: known.api,
    request_id: told.request_id,
    code: told.code,
    method: told.method,
    audience: audienceOf(told),
    path: told.path,
    subject: told.agent,
    issuer: told.principal?.issuer,
    principal: known.principal,
    delegations: delegations && [...delegations],
    policy: policy && { ...policy },
    workflow: workflow && compact({ ...workflow }),
    context: context && { ...context },
    call: call && compact({ ...call }),
    traceparent: told.traceparent,
    outcome: told.outcome,
    digest: known.digest,
  })
}

/** What capabilities name: an origin, or the URL of an endpoint of MCP. */
function audienceOf({ origin, path, call }: RequestReport): string | undefined {
  return origin !== undefined && call !== undefined ? `${origin}${path ?? ''}` : origin
}

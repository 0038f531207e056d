import type { JsonObject } from '@behalf/core'
import type { Did } from '@behalf/did'
import { readInteger, readObjects, readText, readTexts, readTime } from './answer.ts'
import { type AuthorityCaller, pathSegment } from './authority-caller.ts'

/** An API that may put its decisions on record. */
export interface RegisteredApi {
  readonly did: Did
  /** What it answers for. */
  readonly origins: readonly string[]
  /** Milliseconds since the epoch. */
  readonly addedAt: number
  readonly addedBy: Did
}

/** A key whose holder may read the records of the log, and nothing else. */
export interface Auditor {
  readonly did: Did
  /** Milliseconds since the epoch. */
  readonly addedAt: number
  readonly addedBy: Did
}

/** What was forgotten of a principal. */
export interface ForgottenPrincipal {
  /** How records still name whoever it was. */
  readonly forgotten: string
  /** Requests whose evidence is gone. */
  readonly evidence: number
  /** Names in events that are gone. */
  readonly events: number
}

/** The routes about who may add to the log, whom it forgets, and that it only grows. */
export interface LedgerClient {
  /** Public. The hashes that show that the tree of `to` entries began as that of `from`, base64, not verified. */
  proveConsistency(of: { readonly from: number; readonly to: number }): Promise<readonly string[]>
  /** Operator. */
  listApis(): Promise<readonly RegisteredApi[]>
  /** Operator. For these origins instead of those before. */
  registerApi(api: { readonly did: Did; readonly origins: readonly string[] }): Promise<RegisteredApi>
  /** Operator. */
  removeApi(did: Did): Promise<void>
  /** Operator. */
  listAuditors(): Promise<readonly Auditor[]>
  /** Operator. From now on whoever holds the key may call `listLogEntries`, without evidence. */
  addAuditor(did: Did): Promise<Auditor>
  /** Operator. */
  removeAuditor(did: Did): Promise<void>
  /** Operator. A status list by the digest by which a heartbeat named it once: compact JWS, not verified. */
  readStatusList(digest: string): Promise<string>
  /** Operator. What the authority measures, in the text format of Prometheus. */
  readMetrics(): Promise<string>
  /** Operator. */
  forgetPrincipal(id: string): Promise<ForgottenPrincipal>
}

/** Those routes. */
export function ledgerRoutes({ json, text }: AuthorityCaller): LedgerClient {
  return {
    proveConsistency: async ({ from, to }) => {
      const of = `from=${pathSegment(String(from))}&to=${pathSegment(String(to))}`
      return readTexts(await json({ path: `/log/proof/consistency?${of}`, signed: false }), 'proof')
    },
    listApis: async () => readObjects(await json({ path: '/apis' }), 'apis').map(readApi),
    registerApi: async ({ did, origins }) =>
      readApi(await json({ method: 'POST', path: '/apis', json: { did, origins: [...origins] } })),
    removeApi: async (did) => {
      await json({ method: 'DELETE', path: `/apis/${pathSegment(did)}` })
    },
    listAuditors: async () => readObjects(await json({ path: '/auditors' }), 'auditors').map(readAuditor),
    addAuditor: async (did) => readAuditor(await json({ method: 'POST', path: '/auditors', json: { did } })),
    removeAuditor: async (did) => {
      await json({ method: 'DELETE', path: `/auditors/${pathSegment(did)}` })
    },
    readStatusList: (digest) => text(`/log/status-lists/${pathSegment(digest)}`, 'application/vc+jwt', true),
    readMetrics: () => text('/metrics', 'text/plain', true),
    forgetPrincipal: async (id) => {
      const answer = await json({ method: 'POST', path: '/forgotten-principals', json: { id } })
      return {
        forgotten: readText(answer, 'forgotten'),
        evidence: readInteger(answer, 'evidence'),
        events: readInteger(answer, 'events'),
      }
    },
  }
}

function readAuditor(answer: JsonObject): Auditor {
  return {
    did: readText(answer, 'did'),
    addedAt: readTime(answer, 'added_at'),
    addedBy: readText(answer, 'added_by'),
  }
}

function readApi(answer: JsonObject): RegisteredApi {
  return {
    did: readText(answer, 'did'),
    origins: readTexts(answer, 'origins'),
    addedAt: readTime(answer, 'added_at'),
    addedBy: readText(answer, 'added_by'),
  }
}

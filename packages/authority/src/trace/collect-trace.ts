import { type AuditRecord, type NoteKey, verifyCheckpoint } from '@behalf/audit-log'
import { BehalfError, type JsonObject, type JsonValue } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { AuthorityError } from '../error.ts'
import { digestsBehind } from './digests-behind.ts'
import { followEnrolments } from './follow-enrolments.ts'
import type { SubjectKind } from './is-about.ts'
import { toExchanges } from './known-statements.ts'
import { proveRequest } from './prove-request.ts'
import { tokenIdOf } from './prove-token-request.ts'
import { isRevocation, listOf, memberOf, textOf, WIDE_REVOCATIONS, workflowOf } from './record-members.ts'
import type { BundleDelegation, BundleEntry, TraceBundle } from './trace-bundle.ts'
import {
  type Collection,
  type Found,
  keep,
  MAX_FOLLOWED,
  readAbout,
  readEnds,
  readLatest,
  readType,
  recordsOf,
  textsOf,
} from './trace-collection.ts'
import type { TraceSource } from './trace-source.ts'

/** A bundle, and whether more has to do with its subject than it holds. */
export interface CollectedTrace {
  readonly bundle: TraceBundle
  readonly isCut: boolean
}

const PROOFS_AT_ONCE = 16
/** An API records of a request that it was accepted, and what became of it. */
const MAX_OF_REQUEST = 2
/** Requests of one call that are looked at. */
const MAX_CALLS = 100
/** How far behind a revocation the first refusal is looked for. */
const MAX_EFFECT = 200

/**
 * Returns what an authority has about a request, a delegation, an enrolment, an agent or a run, and all that explains it: who asked,
 * what was decided and approved, what was handed on and what was revoked. Nothing in it is verified but the checkpoint.
 *
 * @param id - of any of them: which it is shows in the log
 * @param key - of the log
 * @throws AuthorityError `not_found`; AuditLogError `audit_proof_invalid`; what the source throws
 */
export async function collectTrace(
  authority: TraceSource,
  id: string,
  key: NoteKey,
): Promise<CollectedTrace> {
  const collection: Collection = { authority, entries: new Map(), isCut: false }
  const about = await findSubject(collection, id)
  await findCalls(collection, about)
  const delegations = await followDelegations(collection, about)
  await followRequests(collection)
  await findRevocations(collection)
  await findEffects(collection, delegations)
  await findTokens(collection)
  await followEnrolments(collection)
  await findAnswers(collection)
  const policies = await findCauses(collection)
  const roots = await readRoots(collection)
  const lists = await findLists(collection, key)
  const { checkpoint, entries } = await proveAll(collection, key)
  return {
    bundle: { about, checkpoint, witnesses: [], entries, delegations: roots, policies, lists },
    isCut: collection.isCut,
  }
}

async function findSubject(collection: Collection, id: string): Promise<string> {
  const kinds: readonly SubjectKind[] = id.startsWith('did:')
    ? ['agent']
    : ['request', 'delegation', 'enrolment', 'run', 'workflow']
  for (const kind of kinds) {
    const about = `${kind}:${id}`
    const found = await readLatest(collection, about)
    keep(collection, found)
    if (found.length > 0) return about
  }
  throw new AuthorityError('not_found', 'The log has no such request, delegation, enrolment, agent or run')
}

/**
 * What else was done under the same root for the call that a request was part of, by the agents' own word. What a
 * client of MCP sends around the call of a tool says nothing about it.
 */
async function findCalls(collection: Collection, about: string): Promise<void> {
  if (!about.startsWith('request:')) return
  for (const { context, delegations } of recordsOf(collection)) {
    const [root] = listOf(delegations)
    const call = memberOf(context, 'call')
    if (call === undefined || root === undefined) continue
    const same = await readAbout(collection, `call:${call}`, { limit: MAX_CALLS })
    keep(
      collection,
      same.filter(({ parsed }) => listOf(parsed.delegations)[0] === root && !isAroundCall(parsed)),
    )
  }
}

function isAroundCall({ type, call }: AuditRecord): boolean {
  return type !== 'tool_called' && call !== undefined
}

/** What happened to every delegation that was seen, and to those above it. */
async function followDelegations(collection: Collection, about: string): Promise<readonly string[]> {
  // What else a delegation was exchanged for has nothing to do with one request.
  const isWanted = ({ parsed }: Found): boolean =>
    parsed.type !== 'token_exchanged' || !about.startsWith('request:')
  const waiting = recordsOf(collection).flatMap(({ delegation, delegations }) => [
    ...textsOf(delegation),
    ...listOf(delegations).flatMap(textsOf),
  ])
  const followed = new Set<string>()
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (followed.has(id)) continue
    if (followed.size === MAX_FOLLOWED) {
      collection.isCut = true
      break
    }
    followed.add(id)
    const happened = await readEnds(collection, `lineage:${id}`)
    const own = happened.filter(({ parsed }) => parsed.delegation === id)
    keep(collection, own.filter(isWanted))
    waiting.push(...own.flatMap(({ parsed }) => textsOf(parsed.parent)))
  }
  return [...followed]
}

/** How the delegations came to be. */
async function followRequests(collection: Collection): Promise<void> {
  const ids = [...new Set(recordsOf(collection).flatMap(({ request }) => textsOf(request)))]
  if (ids.length > MAX_FOLLOWED) collection.isCut = true
  for (const id of ids.slice(0, MAX_FOLLOWED)) keep(collection, await readAbout(collection, `request:${id}`))
}

/** What stopped more than one delegation. */
async function findRevocations(collection: Collection): Promise<void> {
  const records = recordsOf(collection)
  const names = new Set(
    records.flatMap(({ subject, issuer, principal }) => [subject, issuer, principal].flatMap(textsOf)),
  )
  const runs = records.flatMap((record) => workflowOf(record) ?? [])
  const isConcerned = (record: AuditRecord): boolean => {
    const { subject, principal, key } = record
    if ([subject, principal, key].flatMap(textsOf).some((name) => names.has(name))) return true
    const stopped = workflowOf(record)
    return (
      stopped !== undefined &&
      runs.some(({ id, run }) => id === stopped.id && [undefined, run].includes(stopped.run))
    )
  }
  const from = Math.min(...collection.entries.keys()) + 1
  for (const type of WIDE_REVOCATIONS) {
    const found = await readType(collection, type, { from })
    keep(
      collection,
      found.filter(({ parsed }) => isConcerned(parsed)),
    )
  }
}

/** The first request that was refused after each revocation. */
async function findEffects(collection: Collection, delegations: readonly string[]): Promise<void> {
  const revocations = [...collection.entries.values()].filter(({ parsed }) => isRevocation(parsed))
  for (const { index, parsed } of revocations) {
    const own = textsOf(parsed.delegation)
    const effects: Found[] = []
    for (const id of own.length > 0 ? own : delegations) {
      const after = await readAbout(collection, `delegation:${id}`, { from: index + 1, limit: MAX_EFFECT })
      effects.push(...after.filter((entry) => entry.parsed.type === 'request_refused').slice(0, 1))
    }
    keep(collection, effects.toSorted((one, other) => one.index - other.index).slice(0, 1))
  }
}

/** How the access tokens of requests came to be, and what became of them. */
async function findTokens(collection: Collection): Promise<void> {
  const ids = [...collection.entries.values()].flatMap(({ evidence }) =>
    textsOf(evidence && tokenIdOf(evidence.text)),
  )
  for (const id of new Set(ids)) keep(collection, await readAbout(collection, `token:${id}`))
}

/** What became of the requests whose API said that it would tell. */
async function findAnswers(collection: Collection): Promise<void> {
  const [told, waiting] = [new Set<JsonValue | undefined>(), new Set<string>()]
  for (const { type, request_id: id, outcome } of recordsOf(collection)) {
    if (type === 'answered') told.add(id)
    else if (outcome === 'follows') waiting.add(textOf(id))
  }
  const ids = [...waiting].filter((id) => !told.has(id))
  for (let place = 0; place < ids.length; place += PROOFS_AT_ONCE) {
    const some = ids.slice(place, place + PROOFS_AT_ONCE)
    const found = await Promise.all(
      some.map((id) => readAbout(collection, `request:${id}`, { limit: MAX_OF_REQUEST })),
    )
    keep(
      collection,
      found.flat().filter(({ parsed }) => parsed.type === 'answered'),
    )
  }
}

/** The keys of the authority and the policies by which something was decided. */
async function findCauses(collection: Collection): Promise<readonly JsonObject[]> {
  const digests = new Set(recordsOf(collection).flatMap(({ policy }) => textsOf(memberOf(policy, 'digest'))))
  keep(collection, await findLoaded(collection, digests))
  keep(collection, await readAbout(collection, 'type:key_logged'))
  const documents = [...digests].map((digest) => unlessAbsent(() => collection.authority.readPolicy(digest)))
  return (await Promise.all(documents)).filter((document) => document !== undefined)
}

/** When each of these policies came into force, the last time before it decided something here. */
async function findLoaded(collection: Collection, digests: ReadonlySet<string>): Promise<readonly Found[]> {
  const missing = new Set(digests)
  const isMissing = ({ parsed }: Found): boolean =>
    textsOf(parsed.digest).some((digest) => missing.delete(digest))
  const loaded: Found[] = []
  const before = Math.max(...collection.entries.keys())
  await readType(collection, 'policy_loaded', {
    before,
    isEnough: (page) => {
      loaded.push(...page.filter(isMissing))
      return missing.size === 0
    },
  })
  return loaded
}

async function readRoots({ authority, entries }: Collection): Promise<readonly BundleDelegation[]> {
  const issued = [...entries.values()].filter(({ parsed }) => parsed.type === 'issued')
  const roots: BundleDelegation[] = []
  for (const id of issued.flatMap(({ parsed }) => textsOf(parsed.delegation))) {
    const { credential, evidence } = (await unlessAbsent(() => authority.readDelegation(id))) ?? {}
    if (credential !== undefined && evidence !== undefined) roots.push({ credential, evidence })
  }
  return roots
}

/** The status lists by which requests were decided, as far as they are kept. */
async function findLists(
  { authority, entries }: Collection,
  { name, publicKey }: NoteKey,
): Promise<readonly string[]> {
  const issuers: IssuerKeys = (issuer) => (issuer === name ? publicKey : undefined)
  const found = [...entries.values()].map(({ index, parsed: record }) => ({ index, record }))
  const known = { authority: name, issuers, lists: new Map(), exchanges: toExchanges(found) }
  const digests = new Set(
    [...entries.values()].flatMap(({ parsed, evidence }) => {
      const request = evidence && proveRequest(parsed, evidence, known)
      return digestsBehind(request, evidence?.text, issuers)
    }),
  )
  const lists = [...digests].map((digest) => unlessAbsent(async () => authority.readStatusList?.(digest)))
  return (await Promise.all(lists)).filter((jws) => jws !== undefined)
}

async function proveAll(
  { authority, entries }: Collection,
  key: NoteKey,
): Promise<{ readonly checkpoint: string; readonly entries: readonly BundleEntry[] }> {
  const checkpoint = await authority.logCheckpoint()
  const { size } = verifyCheckpoint(checkpoint, key)
  const found = [...entries.values()].toSorted((one, other) => one.index - other.index)
  const proven: BundleEntry[] = []
  for (let place = 0; place < found.length; place += PROOFS_AT_ONCE) {
    const some = found.slice(place, place + PROOFS_AT_ONCE)
    proven.push(
      ...(await Promise.all(
        some.map(async ({ index, record, evidence }) => ({
          index,
          record,
          proof: await authority.proveInclusion({ index, size }),
          ...(evidence && { evidence }),
        })),
      )),
    )
  }
  return { checkpoint, entries: proven }
}

/** What an authority no longer has is not in the bundle. */
async function unlessAbsent<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof BehalfError && error.code === 'not_found') return undefined
    throw error
  }
}

import {
  canonicalizeJson,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** What lies beside a record of a request. */
export interface RequestEvidenceText {
  /** base64url. */
  readonly salt: string
  /** Canonical JSON. */
  readonly text: string
}

/** A record of the log with what proves that it is there. */
export interface BundleEntry {
  readonly index: number
  /** The entry itself: canonical JSON. */
  readonly record: string
  /** Hashes from the entry up to the root, base64. */
  readonly proof: readonly string[]
  readonly evidence?: RequestEvidenceText
}

/** A root delegation as it was signed, and how it was approved. */
export interface BundleDelegation {
  /** Compact JWS. */
  readonly credential: string
  readonly evidence: JsonObject
}

/** What a witness saw of the log. */
export interface BundleWitness {
  /** Signed by the log and by those who saw it. */
  readonly checkpoint: string
  /** Hashes that lead from its tree to the one of the bundle, base64. */
  readonly proof: readonly string[]
}

/** Everything that a story is told and proven from. */
export interface TraceBundle {
  /** `request`, `delegation`, `agent` or `run`, a colon and which. */
  readonly about: string
  /** Signed by the log; every entry is proven under it. */
  readonly checkpoint: string
  readonly witnesses: readonly BundleWitness[]
  /** In the order of the log. */
  readonly entries: readonly BundleEntry[]
  readonly delegations: readonly BundleDelegation[]
  /** Documents of the policies that decided. */
  readonly policies: readonly JsonObject[]
  /** Status lists, compact JWS, by which heartbeats in the evidence of requests said what was revoked. */
  readonly lists: readonly string[]
}

/** The greatest bundle, in bytes. */
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024
const TYPE = 'behalf-trace-bundle'
const LIMITS = { maxBytes: MAX_BUNDLE_BYTES, maxMembers: 1_000_000 }

/**
 * Returns the bundle in its one spelling: a line of canonical JSON.
 *
 * @throws AuthorityError `input_invalid` above 4 MiB
 */
export function serializeTraceBundle(bundle: TraceBundle): string {
  const { about, checkpoint, witnesses, entries, delegations, policies, lists } = bundle
  const text = canonicalizeJson({
    type: TYPE,
    version: 1,
    about,
    checkpoint,
    witnesses: witnesses.map((witness) => ({ ...witness })),
    entries: entries.map(({ evidence, ...entry }) => ({
      ...entry,
      ...(evidence && { evidence: { ...evidence } }),
    })),
    delegations: delegations.map((delegation) => ({ ...delegation })),
    policies,
    lists,
  })
  if (encodeUtf8(text).length < MAX_BUNDLE_BYTES) return `${text}\n`
  throw new AuthorityError(
    'input_invalid',
    'The bundle would be larger than 4 MiB: make one about a request or a delegation instead',
  )
}

/**
 * The text is a bundle in its one spelling; nothing in it is verified.
 *
 * @throws AuthorityError `input_invalid`; CoreError `json_malformed`, `json_ambiguous`
 */
export function parseTraceBundle(text: string): TraceBundle {
  const value = parseJson(text, LIMITS)
  if (`${canonicalizeJson(value)}\n` !== text) throw refuse('it is not in its one spelling')
  const { type, version, about, checkpoint, witnesses, entries, delegations, policies, lists } = readMembers(
    value,
    ['type', 'version', 'about', 'checkpoint', 'witnesses', 'entries', 'delegations', 'policies', 'lists'],
  )
  if (type !== TYPE || version !== 1) throw refuse('it is no bundle of this version')
  return {
    about: readText(about),
    checkpoint: readText(checkpoint),
    witnesses: readList(witnesses).map(readWitness),
    entries: readList(entries).map(readEntry),
    delegations: readList(delegations).map(readDelegation),
    policies: readList(policies).map(readObject),
    lists: readList(lists).map(readText),
  }
}

function readWitness(value: JsonValue): BundleWitness {
  const { checkpoint, proof } = readMembers(value, ['checkpoint', 'proof'])
  return { checkpoint: readText(checkpoint), proof: readList(proof).map(readText) }
}

function readEntry(value: JsonValue): BundleEntry {
  const isWith = isJsonObject(value) && value.evidence !== undefined
  const known = ['index', 'record', 'proof', ...(isWith ? ['evidence'] : [])]
  const { index, record, proof, evidence } = readMembers(value, known)
  if (typeof index !== 'number') throw refuse('an index is not a number')
  return {
    index,
    record: readText(record),
    proof: readList(proof).map(readText),
    ...(evidence !== undefined && { evidence: readEvidence(evidence) }),
  }
}

function readEvidence(value: JsonValue): RequestEvidenceText {
  const { salt, text } = readMembers(value, ['salt', 'text'])
  return { salt: readText(salt), text: readText(text) }
}

function readDelegation(value: JsonValue): BundleDelegation {
  const { credential, evidence } = readMembers(value, ['credential', 'evidence'])
  return { credential: readText(credential), evidence: readObject(evidence) }
}

/** These members and no others. */
function readMembers(value: JsonValue, names: readonly string[]): JsonObject {
  const object = readObject(value)
  const present = Object.keys(object)
  if (present.length === names.length && names.every((name) => present.includes(name))) return object
  throw refuse('its members are others')
}

function readObject(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value
  throw refuse('a member is not an object')
}

function readList(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw refuse('a member is not a list')
}

function readText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw refuse('a member is not a text')
}

function refuse(message: string): AuthorityError {
  return new AuthorityError('input_invalid', `This is not a bundle of a trace: ${message}`)
}

import {
  AuditLogError,
  type AuditRecord,
  hashLeaf,
  type NoteKey,
  parseAuditRecord,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyInclusion,
} from '@behalf/audit-log'
import {
  canonicalizeJson,
  decodeBase64,
  digestSha256,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
} from '@behalf/core'
import {
  type Delegation,
  type IssuerKeys,
  parseDelegationChain,
  type VerifiedApprovalEvidence,
  verifyApprovalEvidence,
  verifyDelegationChain,
} from '@behalf/credential'
import { type Did, decodeDidKey } from '@behalf/did'
import { digestsBehind } from './digests-behind.ts'
import { isAbout } from './is-about.ts'
import { isSame } from './is-same.ts'
import { type KnownStatements, type PlacedRecord, toExchanges } from './known-statements.ts'
import { isProven, type ProvenRequest, proveRequest, type UnprovenRequest } from './prove-request.ts'
import type { ProvenSignedRequest } from './prove-signed-request.ts'
import { toStatusLists } from './prove-status.ts'
import { proveWitnesses, type WitnessedTree } from './prove-witnesses.ts'
import type { BundleDelegation, BundleEntry, TraceBundle } from './trace-bundle.ts'

/** A record that is in the log. */
export interface ProvenEntry {
  readonly index: number
  readonly record: AuditRecord
  /** What lies beside a record of a request, and whether it shows it; absent when it is not kept. */
  readonly request?: ProvenRequest | UnprovenRequest
}

/** A root delegation that the authority signed, with the approval that it names. */
export interface ProvenDelegation {
  readonly delegation: Delegation
  readonly approval: VerifiedApprovalEvidence
}

/** A bundle of which everything is proven. */
export interface VerifiedTrace {
  readonly about: string
  /** Signs the log and the root delegations. */
  readonly authority: Did
  readonly checkpoint: VerifiedCheckpoint
  /** What others saw of the log; none of it can have been changed since. */
  readonly witnesses: readonly WitnessedTree[]
  readonly entries: readonly ProvenEntry[]
  /** Roots by their id. */
  readonly roots: ReadonlyMap<string, ProvenDelegation>
  /** Every delegation that was seen signed, by its id. */
  readonly delegations: ReadonlyMap<string, Delegation>
  /** Documents by their digest. */
  readonly policies: ReadonlyMap<string, JsonObject>
}

/**
 * Everything in the bundle is what the log with this key has, what its records name by digest, or what its key signed.
 * Whether something was left out, no bundle can show.
 *
 * @param authority - whose key signs the log and the root delegations
 * @param witnesses - did:key of everybody who must have signed a tree of the log, and nobody else may have
 * @throws AuditLogError `audit_proof_invalid`; CredentialError for a delegation or an approval that does not hold
 */
export async function verifyTrace(
  bundle: TraceBundle,
  authority: Did,
  witnesses: readonly Did[] = [],
): Promise<VerifiedTrace> {
  const publicKey = decodeDidKey(authority)
  const key = { name: authority, publicKey }
  const checkpoint = verifyHead(bundle.checkpoint, key)
  const trees = proveWitnesses(bundle.witnesses, { checkpoint, key, witnesses })
  const issuers: IssuerKeys = (issuer) => (issuer === authority ? publicKey : undefined)
  const records = bundle.entries.map((entry) => ({ ...entry, record: proveRecord(entry, checkpoint) }))
  const lists = toStatusLists(bundle.lists)
  const known = { authority, issuers, lists, exchanges: toExchanges(records) }
  const entries = records.map((entry) => proveEvidence(entry, known))
  checkLists(bundle, entries, known)
  checkOrder(entries)
  if (!entries.some(({ record }) => isAbout(record, bundle.about))) {
    throw refuse('nothing in it is about what it says it is about')
  }
  const roots = await proveRoots(bundle.delegations, { entries, issuers })
  const policies = provePolicies(bundle.policies, entries)
  const seen = entries.flatMap(({ request }) => (isSigned(request) ? request.chain.links : []))
  const signed = [...seen, ...[...roots.values()].map(({ delegation }) => delegation)]
  const delegations = new Map(signed.map((delegation) => [delegation.id, delegation]))
  return {
    about: bundle.about,
    authority,
    checkpoint,
    witnesses: trees,
    entries,
    roots,
    delegations,
    policies,
  }
}

function isSigned(request: ProvenEntry['request']): request is ProvenSignedRequest {
  return isProven(request) && request.by === 'signature'
}

function verifyHead(note: string, key: NoteKey): VerifiedCheckpoint {
  const checkpoint = verifyCheckpoint(note, key)
  // A signature that nobody checks could be changed.
  if (checkpoint.note.signatures.length === 1) return checkpoint
  throw refuse('somebody signed the checkpoint whose key is not known here')
}

function proveRecord(
  { index, record: text, proof }: BundleEntry,
  { size, root }: VerifiedCheckpoint,
): AuditRecord {
  const data = encodeUtf8(text)
  const hashes = proof.map((hash) => decodeBase64(hash))
  verifyInclusion({ index, size, leafHash: hashLeaf(data), proof: hashes, root })
  return parseAuditRecord(data)
}

function proveEvidence(
  { index, record, evidence }: PlacedRecord & Pick<BundleEntry, 'evidence'>,
  known: KnownStatements,
): ProvenEntry {
  return { index, record, ...(evidence && { request: proveRequest(record, evidence, known) }) }
}

/** Each list is one by which a heartbeat in it says something of a chain in it. */
function checkLists(
  bundle: TraceBundle,
  entries: readonly ProvenEntry[],
  { issuers, lists }: KnownStatements,
): void {
  const named = new Set(
    entries.flatMap(({ request }, place) =>
      digestsBehind(request, bundle.entries[place]?.evidence?.text, issuers),
    ),
  )
  const isEachNamed = [...lists.keys()].every((digest) => named.has(digest))
  if (isEachNamed && lists.size === bundle.lists.length) return
  throw refuse('a status list in it is not one by which anything here was decided')
}

function checkOrder(entries: readonly ProvenEntry[]): void {
  const isInOrder = entries.every(({ index }, place) => index > (entries[place - 1]?.index ?? -1))
  if (!isInOrder) throw refuse('its entries are not in the order of the log')
}

async function proveRoots(
  given: readonly BundleDelegation[],
  known: { readonly entries: readonly ProvenEntry[]; readonly issuers: IssuerKeys },
): Promise<ReadonlyMap<string, ProvenDelegation>> {
  const roots = new Map<string, ProvenDelegation>()
  for (const { credential, evidence } of given) {
    const parsed = parseDelegationChain([credential])
    const { root: delegation } = verifyDelegationChain(parsed, {
      issuers: known.issuers,
      now: parsed.root.validFrom,
    })
    checkIssued(delegation, known.entries)
    if (roots.has(delegation.id)) throw refuse('a delegation is in it twice')
    roots.set(delegation.id, { delegation, approval: await verifyApprovalEvidence(evidence, { delegation }) })
  }
  return roots
}

/** It is the delegation that the log says was issued. */
function checkIssued(delegation: Delegation, entries: readonly ProvenEntry[]): void {
  const { id, approval, policy, digest } = delegation
  const issued = entries.find(({ record }) => record.type === 'issued' && record.delegation === id)?.record
  // Records of before do not have the digest.
  const isTheOne =
    issued !== undefined &&
    isSame(issued.approval, approval) &&
    isSame(issued.policy, policy) &&
    (issued.credential ?? digest) === digest
  if (!isTheOne) throw refuse('the log says of a delegation in it something else, or nothing')
}

function provePolicies(
  documents: readonly JsonObject[],
  entries: readonly ProvenEntry[],
): ReadonlyMap<string, JsonObject> {
  const named = new Set(entries.flatMap(({ record }) => digestOfPolicy(record) ?? []))
  const policies = new Map(documents.map((document) => [digestSha256(canonicalizeJson(document)), document]))
  const isEachNamed = [...policies.keys()].every((digest) => named.has(digest))
  if (isEachNamed && policies.size === documents.length) return policies
  throw refuse('a policy in it is not one by which anything here was decided')
}

/** Digest of the policy that a record names. */
export function digestOfPolicy({ policy }: AuditRecord): string | undefined {
  const digest = isJsonObject(policy) ? policy.digest : undefined
  return typeof digest === 'string' ? digest : undefined
}

function refuse(message: string): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `the bundle is not what the log has: ${message}`)
}

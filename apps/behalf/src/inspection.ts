import { BehalfError, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import {
  checkChainTime,
  findSuspended,
  type ParsedChain,
  parseCompactJws,
  parseDelegationChain,
  verifyDelegationChain,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { parseBundle } from './bundle.ts'
import type { Check } from './check.ts'
import { describeDelegation } from './delegation-words.ts'
import { delegationDocument } from './documents.ts'
import { CommandError } from './error.ts'
import { inspectEvidence, missingEvidence } from './inspect-evidence.ts'
import { ownKeys } from './issuer-keys.ts'
import type { AnswerDocument } from './output.ts'
import { plain } from './plain-text.ts'
import { formatTime } from './time-words.ts'

const MAX_JWS_BYTES = 4 * 1024 * 1024

/** What was found in a file, as a document and in plain words, and what was checked of it. */
export interface Inspection {
  readonly document: AnswerDocument
  readonly words: readonly string[]
  readonly checks: readonly Check[]
}

/** What an inspection is made with: the time in milliseconds since the epoch, and the issuer a person trusts. */
export interface InspectOptions {
  readonly now: number
  readonly trusted: Did | undefined
  /** The text of a file with the evidence of the approval. */
  readonly evidence?: string | undefined
}

/**
 * What a file holds: a bundle, a delegation, evidence of an approval, a status list or a heartbeat. Nothing is fetched.
 *
 * @throws CommandError `input_invalid` for anything else; CoreError and CredentialError for what cannot be decoded
 */
export async function inspectInput(input: string, options: InspectOptions): Promise<Inspection> {
  const text = input.trim()
  const given = options.evidence === undefined ? undefined : requireEvidence(options.evidence)
  const value = text.startsWith('{') ? parseJson(text) : undefined
  if (value !== undefined && !isEvidence(value)) {
    const { chain, evidence } = parseBundle(text)
    return inspectApproved(parseDelegationChain(chain), given ?? evidence, options)
  }
  if (value === undefined && isDelegation(text)) {
    return inspectApproved(parseDelegationChain([text]), given, options)
  }
  if (given !== undefined) {
    throw new CommandError('input_invalid', 'only a delegation or a bundle has evidence of an approval')
  }
  return value === undefined ? inspectStatus(text, options) : inspectEvidenceAlone(value)
}

function inspectStatus(text: string, options: InspectOptions): Inspection {
  const { header, payload } = parseCompactJws(text, { maxBytes: MAX_JWS_BYTES })
  if (header.typ === 'behalf-heartbeat+jwt') {
    return inspectHeartbeat(text, payload, options)
  }
  if (hasType(payload.type, 'BitstringStatusListCredential')) {
    return inspectStatusList(text, payload, options)
  }
  throw new CommandError(
    'input_invalid',
    'this is neither a delegation, a bundle, evidence of an approval, a status list nor a heartbeat',
  )
}

function isDelegation(jws: string): boolean {
  const { payload } = parseCompactJws(jws, { maxBytes: MAX_JWS_BYTES })
  return hasType(payload.type, 'DelegationCredential')
}

async function inspectEvidenceAlone(evidence: JsonObject): Promise<Inspection> {
  const { document, words, check } = await inspectEvidence(evidence, undefined)
  return { document: { kind: 'evidence', ...document }, words, checks: [check] }
}

async function inspectApproved(
  chain: ParsedChain,
  evidence: JsonObject | undefined,
  options: InspectOptions,
): Promise<Inspection> {
  const { document, words, checks } = inspectChain(chain, options)
  if (evidence === undefined) {
    return { document, words, checks: [...checks, ...missingEvidence(chain.root)] }
  }
  const inspected = await inspectEvidence(evidence, chain.root)
  return {
    document: { ...document, evidence: inspected.document },
    words: [...words, ...inspected.words],
    checks: [...checks, inspected.check],
  }
}

function isEvidence(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && value.type === 'behalf-approval-evidence'
}

function requireEvidence(text: string): JsonObject {
  const value = parseJson(text)
  if (isEvidence(value)) return value
  throw new CommandError('input_invalid', 'the file named with --evidence is not evidence of an approval')
}

function hasType(types: JsonValue | undefined, name: string): boolean {
  return Array.isArray(types) && types.includes(name)
}

function inspectChain(chain: ParsedChain, options: InspectOptions): Inspection {
  const { links, root } = chain
  return {
    document: { kind: links.length === 1 ? 'delegation' : 'bundle', links: links.map(delegationDocument) },
    words: [
      links.length === 1 ? 'One delegation' : `A chain of ${links.length} delegations, the first one first`,
      ...links.flatMap((link) => describeDelegation(link, options.now)),
    ],
    checks: [
      checkProofs(chain),
      attempt('it is valid now', () => checkChainTime(chain, { now: options.now })),
      checkTrust(root.parent === undefined ? root.issuer : undefined, options.trusted),
      notChecked('it is not revoked', `the list is at ${plain(root.status.statusListCredential)}`),
    ],
  }
}

function checkProofs(chain: ParsedChain): Check {
  const what = 'every signature is right, and no link is wider than the one above'
  if (chain.root.parent !== undefined) {
    return notChecked(what, 'the links above it are not in the file')
  }
  // Time is a check of its own, so the proofs are looked at for a moment at which every link was valid.
  const now = Math.max(...chain.links.map(({ validFrom }) => validFrom))
  return attempt(what, () => verifyDelegationChain(chain, { issuers: ownKeys, now }))
}

function inspectStatusList(jws: string, payload: JsonObject, { now, trusted }: InspectOptions): Inspection {
  const id = textOf(payload.id)
  const issuer = textOf(payload.issuer)
  const found: { list?: ReturnType<typeof verifyStatusList> } = {}
  const check = attempt('the signature is right and the list is valid now', () => {
    const purpose = findSuspended(id) === undefined ? 'revocation' : 'suspension'
    found.list = verifyStatusList(jws, { id, issuer, issuers: ownKeys, purpose, now })
  })
  const { list } = found
  const set = list === undefined ? undefined : countSet(list)
  const what = list?.purpose === 'suspension' ? 'suspended' : 'revoked'
  const until = list === undefined ? undefined : formatTime(list.validUntil)
  return {
    document: {
      kind: 'status_list',
      id,
      issuer,
      version: list?.version,
      length: list?.length,
      ...(list === undefined ? {} : { [what]: set }),
      valid_until: until,
    },
    words: [
      `A status list, ${plain(id)}`,
      `  from     ${plain(issuer)}`,
      ...(list === undefined
        ? []
        : [
            `  version  ${list.version}, valid until ${until}`,
            `  ${what.padEnd(9)}${set} of ${list.length} places`,
          ]),
    ],
    checks: [
      check,
      checkTrust(issuer, trusted),
      notChecked('it is the newest', 'only a fresh heartbeat says so'),
    ],
  }
}

function countSet(list: { readonly length: number; isSet(index: number): boolean }): number {
  let count = 0
  for (let index = 0; index < list.length; index += 1) {
    count += list.isSet(index) ? 1 : 0
  }
  return count
}

function inspectHeartbeat(jws: string, payload: JsonObject, { now, trusted }: InspectOptions): Inspection {
  const issuer = textOf(payload.iss)
  const found: { heartbeat?: ReturnType<typeof verifyHeartbeat> } = {}
  const check = attempt('the signature is right', () => {
    found.heartbeat = verifyHeartbeat(jws, { issuer, issuers: ownKeys, now })
  })
  const { heartbeat } = found
  const time = heartbeat === undefined ? undefined : formatTime(heartbeat.time)
  const { epoch, sequence, lists, revokedKeys } = heartbeat ?? {}
  return {
    document: { kind: 'heartbeat', issuer, time, epoch, sequence, lists, revoked_keys: revokedKeys },
    words: [
      'A heartbeat',
      `  from          ${plain(issuer)}`,
      ...(heartbeat === undefined
        ? []
        : [
            `  said at       ${time}, number ${heartbeat.sequence} of epoch ${heartbeat.epoch}`,
            ...heartbeat.lists.map(({ id, version }) => `  status list   ${plain(id)}, version ${version}`),
            ...heartbeat.revokedKeys.map((did) => `  revoked key   ${plain(did)}`),
          ]),
    ],
    checks: [
      check,
      checkTrust(issuer, trusted),
      notChecked('it is the newest', 'ask the authority: behalf status'),
    ],
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function checkTrust(issuer: Did | undefined, trusted: Did | undefined): Check {
  const what = 'it comes from an authority you trust'
  if (trusted === undefined) {
    return notChecked(what, 'name it with --issuer')
  }
  if (issuer === undefined) {
    return notChecked(what, 'the first link is not in the file')
  }
  return issuer === trusted
    ? { what, result: 'passed' }
    : { what, result: 'failed', code: 'issuer_untrusted', reason: 'another one signed it' }
}

function notChecked(what: string, reason: string): Check {
  return { what, result: 'unchecked', reason }
}

function attempt(what: string, check: () => unknown): Check {
  try {
    check()
    return { what, result: 'passed' }
  } catch (error) {
    if (!(error instanceof BehalfError)) {
      throw error
    }
    return { what, result: 'failed', code: error.code, reason: error.message }
  }
}

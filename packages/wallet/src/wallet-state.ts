import {
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { WalletError } from './error.ts'
import { type DelegationRecord, type HeldDelegation, openDelegation } from './held-delegation.ts'
import { MAX_ENCRYPTED_BYTES } from './passphrase-encryption.ts'
import type { WalletRecords } from './wallet-store.ts'

const VERSION = 1
const SEED_BYTES = 32
const MEMBERS = ['version', 'seed', 'created', 'delegations', 'issued']
// Evidence was read within the default depth and lies three levels deeper here.
const LIMITS = { maxBytes: MAX_ENCRYPTED_BYTES, maxDepth: 64, maxMembers: 1_000_000 }

/** Everything in a wallet file. */
export interface WalletState {
  /** 32 bytes, the agent's key. */
  readonly seed: Uint8Array
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly records: WalletRecords
}

/**
 * The wallet document as bytes, to be encrypted.
 *
 * @returns UTF-8 JSON with the members version (1), seed (base64url), created (RFC 3339), delegations, issued
 */
export function serializeWalletState(state: WalletState): Uint8Array {
  const document = {
    version: VERSION,
    seed: encodeBase64url(state.seed),
    created: new Date(state.created).toISOString(),
    delegations: state.records.held.map(toRecord),
    issued: state.records.issued.map(toRecord),
  }
  return encodeUtf8(JSON.stringify(document))
}

/**
 * The state that serializeWalletState was given.
 *
 * @throws {WalletError} keystore_corrupt for anything else, without a word of its content
 */
export function parseWalletState(bytes: Uint8Array): WalletState {
  try {
    return readState(parseJson(bytes, LIMITS))
  } catch {
    // No cause: an error about this document could quote the seed.
    throw new WalletError('keystore_corrupt', 'the file is not a wallet of version 1')
  }
}

function readState(document: JsonValue): WalletState {
  if (!isJsonObject(document) || document.version !== VERSION) throw new TypeError('version')
  if (!Object.keys(document).every((name) => MEMBERS.includes(name))) throw new TypeError('member')
  const seed = decodeBase64url(readText(document.seed))
  if (seed.length !== SEED_BYTES) throw new TypeError('seed')
  const created = Date.parse(readText(document.created))
  if (Number.isNaN(created)) throw new TypeError('created')
  const records = { held: readRecords(document.delegations), issued: readRecords(document.issued) }
  return { seed, created, records }
}

function readText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw new TypeError('text')
}

function readRecords(value: JsonValue | undefined): readonly HeldDelegation[] {
  if (!Array.isArray(value)) throw new TypeError('records')
  return value.map((record: JsonValue) => openDelegation(readRecord(record)))
}

function readRecord(value: JsonValue): DelegationRecord {
  if (!isJsonObject(value) || !Array.isArray(value.chain)) throw new TypeError('record')
  const chain = value.chain.map(readText)
  const evidence = value.evidence
  if (evidence === undefined) return { chain }
  if (!isJsonObject(evidence)) throw new TypeError('evidence')
  return { chain, evidence }
}

function toRecord({ chain, evidence }: HeldDelegation): JsonObject {
  return evidence === undefined ? { chain } : { chain, evidence }
}

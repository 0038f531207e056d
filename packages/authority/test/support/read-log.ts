import {
  type AuditRecord,
  parseAuditRecord,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '@behalf/audit-log'
import {
  createEd25519Signer,
  decodeBase64,
  decodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonValue,
} from '@behalf/core'
import { type Party, seedOf, type World } from './authority-world.ts'

/** An entry of the log, read. */
export interface ReadEntry {
  readonly index: number
  readonly id: string
  /** The entry itself. */
  readonly text: string
  readonly record: AuditRecord
  /** What proves a request, when it was asked for and is kept. */
  readonly evidence?: { readonly salt: Uint8Array; readonly text: string }
}

/** The signed head of the log. */
export async function readCheckpoint(world: World): Promise<VerifiedCheckpoint> {
  const publicKey = createEd25519Signer(seedOf('authority')).publicKey
  return verifyCheckpoint((await world.get('/log/checkpoint')).text, {
    name: world.authority.issuerDid,
    publicKey,
  })
}

/** Entries that the query asks for. */
export async function readEntries(party: Party, query = ''): Promise<readonly ReadEntry[]> {
  const { json } = await party.send({ path: `/log/entries${query}` })
  return listOf(json['entries']).map((entry) => {
    if (!isJsonObject(entry)) throw new Error('not an entry')
    const text = textOf(entry['record'])
    const record = parseAuditRecord(encodeUtf8(text))
    const { evidence } = entry
    return {
      index: Number(entry['index']),
      id: textOf(entry['id']),
      text,
      record,
      ...(isJsonObject(evidence) && {
        evidence: { salt: decodeBase64url(textOf(evidence['salt'])), text: textOf(evidence['text']) },
      }),
    }
  })
}

/** The types of the records. */
export function typesOf(entries: readonly ReadEntry[]): readonly string[] {
  return entries.map(({ record }) => record.type)
}

/** The hashes of a proof. */
export function hashesOf(value: JsonValue | undefined): readonly Uint8Array[] {
  return listOf(value).map((hash) => decodeBase64(textOf(hash)))
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw new Error('not a text')
}

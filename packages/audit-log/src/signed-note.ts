import { concatBytes, decodeBase64, encodeBase64, encodeUtf8, equalBytes, sha256 } from '@behalf/core'
import { AuditLogError } from './error.ts'

/** One signature under a note. */
export interface NoteSignature {
  /** Whose it is, such as `authority.example/log`. */
  readonly name: string
  /** 4 bytes: which key of that name. */
  readonly keyId: Uint8Array
  /** What the algorithm of the key makes of it. */
  readonly signature: Uint8Array
}

/** A text with signatures. */
export interface SignedNote {
  /** Ends with a line end; everything that is signed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** A key as a note names it. */
export interface NoteKey {
  readonly name: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** What a key signs: the text of a note, or a timestamped cosignature of a checkpoint. */
export type NoteAlgorithm = 'ed25519' | 'cosignature'

const ALGORITHMS: Readonly<Record<NoteAlgorithm, number>> = { ed25519: 0x01, cosignature: 0x04 }
const MARK = '\u2014 '
const KEY_ID_LENGTH = 4
const MAX_NOTE_LENGTH = 65_536
const MAX_SIGNATURES = 16
const NAME = /^[!-*,-~]+$/u
const CONTROL = /(?!\n)\p{Cc}/u

/**
 * Returns the note as it is sent.
 *
 * @see C2SP signed-note
 */
export function serializeNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(
    ({ name, keyId, signature }) => `${MARK}${name} ${encodeBase64(concatBytes(keyId, signature))}\n`,
  )
  return `${text}\n${lines.join('')}`
}

/**
 * The text is a note in its one spelling. No signature was checked.
 *
 * @throws AuditLogError `audit_proof_invalid`
 * @see C2SP signed-note
 */
export function parseNote(note: string): SignedNote {
  const end = note.lastIndexOf(`\n\n${MARK}`)
  const isPlain = note.length <= MAX_NOTE_LENGTH && note.isWellFormed() && !CONTROL.test(note)
  if (!isPlain || end < 1 || !note.endsWith('\n')) throw refuse('it is not a signed note')
  const lines = note.slice(end + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) throw refuse('it has too many signatures')
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) }
}

/**
 * Returns the 4 bytes that tell the keys of one name apart.
 *
 * @throws TypeError for a name with white space, a plus sign or other characters than visible ASCII
 * @see C2SP signed-note
 */
export function noteKeyId({ name, publicKey }: NoteKey, algorithm: NoteAlgorithm): Uint8Array {
  if (!NAME.test(name)) throw new TypeError('The name of a key is visible ASCII without a plus sign')
  const kind = Uint8Array.of(0x0a, ALGORITHMS[algorithm])
  return sha256(concatBytes(encodeUtf8(name), kind, publicKey)).slice(0, KEY_ID_LENGTH)
}

/**
 * Returns the signature of a key under a note, not yet checked: one signature, or the note is refused.
 *
 * @throws AuditLogError `audit_proof_invalid` when there is none, or more than one
 */
export function findSignature(
  { signatures }: SignedNote,
  key: NoteKey,
  algorithm: NoteAlgorithm,
): Uint8Array {
  const keyId = noteKeyId(key, algorithm)
  const own = signatures.filter((one) => one.name === key.name && equalBytes(one.keyId, keyId))
  const [first, second] = own
  if (first === undefined) throw refuse('the key that was expected did not sign it')
  if (second !== undefined) throw refuse('one key signed it twice')
  return first.signature
}

function parseSignature(line: string): NoteSignature {
  const [, name, spelled] = /^\u2014 ([!-*,-~]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
  if (name === undefined || spelled === undefined) throw refuse('a signature line is malformed')
  const bytes = decode(spelled)
  if (bytes.length <= KEY_ID_LENGTH) throw refuse('a signature is too short')
  return { name, keyId: bytes.slice(0, KEY_ID_LENGTH), signature: bytes.slice(KEY_ID_LENGTH) }
}

function decode(text: string): Uint8Array {
  try {
    return decodeBase64(text)
  } catch (cause) {
    throw refuse('a signature is not base64', cause)
  }
}

function refuse(message: string, cause?: unknown): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `Note: ${message}`, { cause })
}

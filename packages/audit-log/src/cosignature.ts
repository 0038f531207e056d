import { concatBytes, encodeUtf8, type Signer, verifyEd25519 } from '@behalf/core'
import { AuditLogError } from './error.ts'
import {
  findSignature,
  type NoteKey,
  noteKeyId,
  parseNote,
  type SignedNote,
  serializeNote,
} from './signed-note.ts'

const TIME_LENGTH = 8

/**
 * Returns the note with one more signature: the witness saw this checkpoint at that time, and no other one of the same
 * size.
 *
 * @param note - a checkpoint whose log's signature was verified
 * @param by.name - of the witness's key
 * @param by.time - seconds since the epoch
 * @see C2SP tlog-cosignature
 */
export async function cosignCheckpoint(
  note: SignedNote,
  by: { readonly name: string; readonly signer: Signer; readonly time: number },
): Promise<string> {
  const { name, signer, time } = by
  const keyId = noteKeyId({ name, publicKey: signer.publicKey }, 'cosignature')
  const signature = concatBytes(encodeTime(time), await signer.sign(cosignedBytes(note.text, time)))
  return serializeNote({ ...note, signatures: [...note.signatures, { name, keyId, signature }] })
}

/**
 * The witness with this key signed this checkpoint.
 *
 * @param note - as it was sent
 * @returns when it did, in seconds since the epoch
 * @throws AuditLogError `audit_proof_invalid`
 * @see C2SP tlog-cosignature
 */
export function verifyCosignature(note: string, key: NoteKey): number {
  const parsed = parseNote(note)
  const signature = findSignature(parsed, key, 'cosignature')
  const time = decodeTime(signature)
  const message = cosignedBytes(parsed.text, time)
  if (verifyEd25519(key.publicKey, message, signature.slice(TIME_LENGTH))) return time
  throw new AuditLogError('audit_proof_invalid', 'Cosignature: the signature is wrong')
}

function cosignedBytes(text: string, time: number): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${time}\n${text}`)
}

function encodeTime(time: number): Uint8Array {
  const bytes = new Uint8Array(TIME_LENGTH)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(time))
  return bytes
}

function decodeTime(signature: Uint8Array): number {
  if (signature.length < TIME_LENGTH)
    throw new AuditLogError('audit_proof_invalid', 'Cosignature: it is too short')
  const view = new DataView(signature.buffer, signature.byteOffset, TIME_LENGTH)
  const time = view.getBigUint64(0)
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new AuditLogError('audit_proof_invalid', 'Cosignature: the time is out of range')
  }
  return Number(time)
}

import { decodeBase64, encodeBase64, encodeUtf8, type Signer, verifyEd25519 } from '@behalf/core'
import { AuditLogError } from './error.ts'
import { HASH_LENGTH } from './merkle-hash.ts'
import {
  findSignature,
  type NoteKey,
  noteKeyId,
  parseNote,
  type SignedNote,
  serializeNote,
} from './signed-note.ts'
import { isTreeNumber } from './tree-shape.ts'

/** What a log says of itself at one moment. */
export interface Checkpoint {
  /** Which log it is, such as `authority.example/log`. */
  readonly origin: string
  /** Entries in the tree. */
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** A checkpoint that its log signed, and the note it came in. */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly note: SignedNote
}

/**
 * Returns the checkpoint as the log signs and sends it.
 *
 * @param signer - of the log's key
 * @throws TypeError for an origin that cannot name a key
 * @see C2SP tlog-checkpoint
 */
export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  const { origin: name } = checkpoint
  const text = formatCheckpoint(checkpoint)
  const keyId = noteKeyId({ name, publicKey: signer.publicKey }, 'ed25519')
  return serializeNote({
    text,
    signatures: [{ name, keyId, signature: await signer.sign(encodeUtf8(text)) }],
  })
}

/**
 * The log with this key said what is returned.
 *
 * @param note - as it was sent; further signatures are left unchecked
 * @param key - of the log; its name is the origin
 * @throws AuditLogError `audit_proof_invalid`
 * @see C2SP tlog-checkpoint
 */
export function verifyCheckpoint(note: string, key: NoteKey): VerifiedCheckpoint {
  const parsed = parseNote(note)
  const signature = findSignature(parsed, key, 'ed25519')
  if (!verifyEd25519(key.publicKey, encodeUtf8(parsed.text), signature)) {
    throw refuse('the signature is wrong')
  }
  const checkpoint = parseCheckpoint(parsed.text)
  if (checkpoint.origin !== key.name) throw refuse('it is of another log')
  return { ...checkpoint, note: parsed }
}

function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`
}

function parseCheckpoint(text: string): Checkpoint {
  // Further lines are extensions, which this version neither writes nor needs.
  const [origin = '', decimal = '', spelled = ''] = text.split('\n')
  const size = Number(decimal)
  if (!/^(?:0|[1-9][0-9]*)$/u.test(decimal) || !isTreeNumber(size)) throw refuse('its size is not a number')
  const root = decodeRoot(spelled)
  if (origin === '' || root.length !== HASH_LENGTH) throw refuse('it is malformed')
  return { origin, size, root }
}

function decodeRoot(spelled: string): Uint8Array {
  try {
    return decodeBase64(spelled)
  } catch (cause) {
    throw refuse('its root is not base64', cause)
  }
}

function refuse(message: string, cause?: unknown): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `Checkpoint: ${message}`, { cause })
}

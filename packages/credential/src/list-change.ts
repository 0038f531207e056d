import { decodeBase64url, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { decodeBitstring, MAX_STATUS_LIST_LENGTH } from './bitstring.ts'
import { checkMembers, malformed, readInteger, readObject } from './members.ts'

/** What a version of a status list says otherwise than the version before. */
export type ListChange = {
  readonly version: number
  /** Indices, ascending. */
  readonly set: readonly number[]
  /** Indices, ascending. */
  readonly cleared: readonly number[]
}

const MEMBERS: ReadonlySet<string> = new Set(['version', 'set', 'cleared'])
const BITS = [0, 1, 2, 3, 4, 5, 6, 7] as const

/**
 * Returns what `bits` say otherwise than a list that was signed before.
 * @param jws of that list, which the caller signed: nothing in it is verified
 * @throws CredentialError `status_invalid`, CoreError when it is no status list
 */
export function findListChange(
  jws: string,
  bits: Uint8Array,
): { readonly set: readonly number[]; readonly cleared: readonly number[] } {
  const before = readSignedBits(jws)
  const set: number[] = []
  const cleared: number[] = []
  for (const [place, byte] of bits.entries()) {
    const changed = byte ^ (before[place] ?? 0)
    if (changed === 0) continue
    for (const bit of BITS) {
      const mask = 0x80 >> bit
      if ((changed & mask) !== 0) (byte & mask ? set : cleared).push(place * 8 + bit)
    }
  }
  return { set, cleared }
}

/**
 * Returns the changes that a heartbeat tells of, oldest first.
 * @param version of the list after the last of them
 * @throws CredentialError `credential_malformed` unless their versions follow each other up to `version` and their
 * indices are ascending
 */
export function readListChanges(value: JsonValue, version: number): readonly ListChange[] {
  if (!Array.isArray(value)) throw malformed('changes', 'are not a list')
  const first = version - value.length + 1
  return value.map((element, index) => {
    const change = readObject(element, 'changes')
    checkMembers(change, MEMBERS, 'changes')
    if (readInteger(change.version, 'changes', 2) !== first + index) {
      throw malformed('changes', 'do not follow each other')
    }
    return { version: first + index, set: readIndices(change.set), cleared: readIndices(change.cleared) }
  })
}

function readIndices(value: JsonValue | undefined): readonly number[] {
  if (!Array.isArray(value)) throw malformed('changes', 'have no list of indices')
  let last = -1
  return value.map((element) => {
    const index = readInteger(element, 'changes')
    if (index <= last || index >= MAX_STATUS_LIST_LENGTH)
      throw malformed('changes', 'have an index that is none')
    last = index
    return index
  })
}

function readSignedBits(jws: string): Uint8Array {
  const payload = asObject(parseJson(decodeBase64url(jws.split('.')[1] ?? ''), { maxBytes: 4_194_304 }))
  const { encodedList } = asObject(payload.credentialSubject)
  return decodeBitstring(typeof encodedList === 'string' ? encodedList : '')
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

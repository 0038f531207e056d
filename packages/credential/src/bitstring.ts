import { decodeBase64url, encodeBase64url } from '@behalf/core'
import { CredentialError } from './error.ts'
import { compressGzip, decompressGzip } from './gzip.ts'

/** The fewest entries of a list, so that an entry does not tell whose it is. @see Bitstring Status List v1.0 section 2.2 */
export const MIN_STATUS_LIST_LENGTH = 131_072

/** The most entries of a list. */
export const MAX_STATUS_LIST_LENGTH = 8_388_608

const MAX_BYTES = MAX_STATUS_LIST_LENGTH / 8
// Multibase: base64url without padding.
const MULTIBASE_PREFIX = 'u'

/**
 * Returns a list with every bit unset.
 * @param length in bits, a multiple of 8 from 131,072 to 8,388,608
 * @throws TypeError for another length
 */
export function createBitstring(length: number = MIN_STATUS_LIST_LENGTH): Uint8Array {
  if (!Number.isInteger(length / 8) || length < MIN_STATUS_LIST_LENGTH || length > MAX_BYTES * 8) {
    throw new TypeError(
      `The length must be a multiple of 8 from ${MIN_STATUS_LIST_LENGTH} to ${MAX_BYTES * 8} bits`,
    )
  }
  return new Uint8Array(length / 8)
}

/**
 * Whether the bit at `index` is set; index 0 is the most significant bit of the first byte.
 * @throws RangeError for an index outside the list
 * @see Bitstring Status List v1.0 section 3.2
 */
export function readBit(bits: Uint8Array, index: number): boolean {
  const { byte, mask } = locate(bits, index)
  return (byte & mask) !== 0
}

/**
 * Sets or clears the bit at `index`; index 0 is the most significant bit of the first byte.
 * @throws RangeError for an index outside the list
 */
export function writeBit(bits: Uint8Array, index: number, value: boolean): void {
  const { byte, mask } = locate(bits, index)
  bits[index >> 3] = value ? byte | mask : byte & ~mask
}

/** Returns the spelling of a list inside a credential. @see Bitstring Status List v1.0 section 3.3 */
export function encodeBitstring(bits: Uint8Array): string {
  return MULTIBASE_PREFIX + encodeBase64url(compressGzip(bits))
}

/**
 * Returns the list that `text` spells.
 * @throws CredentialError `status_invalid` for another multibase, anything but exactly one gzip member, or fewer than
 * 131,072 or more than 8,388,608 entries
 * @throws CoreError `encoding_malformed`
 * @see Bitstring Status List v1.0 section 3.4
 */
export function decodeBitstring(text: string): Uint8Array {
  if (!text.startsWith(MULTIBASE_PREFIX)) throw invalid('not in base64url multibase')
  const bits = decompressGzip(decodeBase64url(text.slice(MULTIBASE_PREFIX.length)), MAX_BYTES)
  if (bits === undefined) throw invalid('not exactly one gzip member within bounds')
  if (bits.length * 8 < MIN_STATUS_LIST_LENGTH) throw invalid('too short')
  return bits
}

function locate(bits: Uint8Array, index: number): { byte: number; mask: number } {
  const byte = Number.isSafeInteger(index) && index >= 0 ? bits[Math.floor(index / 8)] : undefined
  if (byte === undefined) throw new RangeError('The index is outside the list')
  return { byte, mask: 0x80 >> (index % 8) }
}

function invalid(what: string): CredentialError {
  return new CredentialError('status_invalid', `The list is ${what}`, { field: 'encodedList' })
}

import { decodeBase64url, encodeBase64url } from '@behalf/core'
import { CredentialError } from './error.ts'
import { compressZlib, decompressZlib } from './gzip.ts'

/** How many bits of a list say the status of one token. */
export type BitsPerStatus = 1 | 2 | 4 | 8

/** The statuses of tokens, one after the other, in each byte from its least significant bits up. */
export interface TokenStatuses {
  readonly bits: BitsPerStatus
  readonly bytes: Uint8Array
}

/** The statuses that have a meaning of their own. @see Token Status List section 7.1 */
export const TOKEN_STATUS = { valid: 0, invalid: 1, suspended: 2 } as const

const MAX_BYTES = 1_048_576
const WIDTHS: ReadonlySet<number> = new Set([1, 2, 4, 8])

/** Whether a number is one that a list may spend on each token. @see Token Status List section 4.1 */
export function isBitsPerStatus(bits: number): bits is BitsPerStatus {
  return WIDTHS.has(bits)
}

/**
 * Returns a list in which every token is valid.
 * @param bits how many of them say the status of one token
 * @param length in tokens, such that the list is whole bytes, at most 1,048,576 of them
 * @throws TypeError for another length
 */
export function createTokenStatuses(bits: BitsPerStatus, length: number): TokenStatuses {
  const size = (length * bits) / 8
  if (!Number.isInteger(size) || size < 1 || size > MAX_BYTES) {
    throw new TypeError(`The list must be from 1 to ${MAX_BYTES} whole bytes`)
  }
  return { bits, bytes: new Uint8Array(size) }
}

/**
 * Returns the status of the token at `index`; index 0 is the least significant bits of the first byte.
 * @throws RangeError for an index outside the list
 * @see Token Status List section 4.1
 */
export function readTokenStatus(statuses: TokenStatuses, index: number): number {
  const { byte, shift, mask } = locate(statuses, index)
  return (byte >> shift) & mask
}

/**
 * Sets the status of the token at `index`.
 * @throws RangeError for an index outside the list, or a status that its bits cannot say
 */
export function writeTokenStatus(statuses: TokenStatuses, index: number, status: number): void {
  const { byte, shift, mask, position } = locate(statuses, index)
  if (!Number.isInteger(status) || status < 0 || status > mask) {
    throw new RangeError('The status does not fit into its bits')
  }
  statuses.bytes[position] = (byte & ~(mask << shift)) | (status << shift)
}

/** Returns the spelling of a list: base64url of its bytes as one ZLIB stream. @see Token Status List section 4.1 */
export function encodeTokenStatuses({ bytes }: TokenStatuses): string {
  return encodeBase64url(compressZlib(bytes))
}

/**
 * Returns the list that `text` spells.
 * @throws CredentialError `status_invalid` for anything but exactly one ZLIB stream of 1 to 1,048,576 bytes
 * @throws CoreError `encoding_malformed`
 * @see Token Status List section 4.1
 */
export function decodeTokenStatuses(text: string, bits: BitsPerStatus): TokenStatuses {
  const bytes = decompressZlib(decodeBase64url(text), MAX_BYTES)
  if (bytes === undefined || bytes.length === 0) {
    throw new CredentialError('status_invalid', 'The list is not exactly one ZLIB stream within bounds', {
      field: 'lst',
    })
  }
  return { bits, bytes }
}

function locate(
  { bits, bytes }: TokenStatuses,
  index: number,
): { byte: number; shift: number; mask: number; position: number } {
  const perByte = 8 / bits
  const position = Math.floor(index / perByte)
  const byte = Number.isSafeInteger(index) && index >= 0 ? bytes[position] : undefined
  if (byte === undefined) throw new RangeError('The index is outside the list')
  return { byte, position, shift: (index % perByte) * bits, mask: 2 ** bits - 1 }
}

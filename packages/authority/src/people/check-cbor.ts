import { AuthorityError } from '../error.ts'

const MAX_DEPTH = 6
const INDEFINITE = 31

/**
 * The bytes are whole CBOR items one after another, each of definite length and no deeper than six levels; nothing is
 * allocated by a length that is only claimed.
 *
 * @returns how many items there are
 * @throws AuthorityError `webauthn_malformed`
 * @see RFC 8949 section 3, CTAP 2.1 section 8 (canonical form has no indefinite lengths)
 */
export function checkCbor(bytes: Uint8Array): number {
  let offset = 0
  let items = 0
  while (offset < bytes.length) {
    offset = skipItem(bytes, offset, 0)
    items += 1
  }
  return items
}

/** Returns the offset behind the item at `offset`. */
function skipItem(bytes: Uint8Array, offset: number, depth: number): number {
  if (depth > MAX_DEPTH) throw malformed()
  const { major, argument, next } = readHead(bytes, offset)
  // Byte and text strings.
  if (major === 2 || major === 3) return checkEnd(bytes, next + argument)
  // Arrays, maps, tags.
  const inside = major === 4 ? argument : major === 5 ? 2 * argument : major === 6 ? 1 : 0
  // Each item inside takes at least one byte, so what is only claimed comes to its end with the bytes.
  let end = next
  for (let count = 0; count < inside; count += 1) end = skipItem(bytes, end, depth + 1)
  return end
}

function readHead(
  bytes: Uint8Array,
  offset: number,
): { readonly major: number; readonly argument: number; readonly next: number } {
  const head = bytes[offset]
  if (head === undefined) throw malformed()
  const major = head >> 5
  const short = head & 0x1f
  if (short < 24) return { major, argument: short, next: offset + 1 }
  if (short > 27 || short === INDEFINITE) throw malformed()
  const length = 2 ** (short - 24)
  const next = checkEnd(bytes, offset + 1 + length)
  const argument = bytes.subarray(offset + 1, next).reduce((value, byte) => value * 256 + byte, 0)
  return { major, argument, next }
}

function checkEnd(bytes: Uint8Array, end: number): number {
  if (end > bytes.length) throw malformed()
  return end
}

function malformed(): AuthorityError {
  return new AuthorityError(
    'webauthn_malformed',
    'The answer holds CBOR that is cut short, endless or too deep',
  )
}

import { concatBytes, equalBytes } from './bytes.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02
const SHORT_FORM_END = 0x80

/**
 * Returns r and s of an ECDSA signature, one after the other and each `length` bytes, or undefined for anything but
 * the one DER spelling of two positive integers of at most that many bytes.
 * @param der as WebAuthn carries it
 * @param length bytes of a coordinate: 32, 48 or 66
 * @see RFC 3279 section 2.2.3, WebAuthn Level 3 section 6.5.5
 */
export function decodeEcdsaSignature(der: Uint8Array, length: number): Uint8Array | undefined {
  const content = readValue(der, SEQUENCE)
  if (content === undefined) return undefined
  const r = readInteger(content.value, length)
  if (r === undefined || content.rest.length > 0) return undefined
  const s = readInteger(r.rest, length)
  if (s === undefined || s.rest.length > 0) return undefined
  const raw = concatBytes(r.value, s.value)
  return equalBytes(encodeEcdsaSignature(raw), der) ? raw : undefined
}

/** Returns the DER spelling of r and s, which are the halves of `raw`. */
export function encodeEcdsaSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const integers = [raw.subarray(0, half), raw.subarray(half)].map(encodeInteger)
  return encodeValue(SEQUENCE, concatBytes(...integers))
}

interface Value {
  readonly value: Uint8Array
  readonly rest: Uint8Array
}

/** Reads a tag, a length below 256 and as many bytes. Whether the length has its shortest form shows in the end. */
function readValue(bytes: Uint8Array, tag: number): Value | undefined {
  const [first, second = 0, third = 0] = bytes
  if (first !== tag) return undefined
  const isShort = second < SHORT_FORM_END
  if (!isShort && second !== SHORT_FORM_END + 1) return undefined
  const start = isShort ? 2 : 3
  const end = start + (isShort ? second : third)
  return end > bytes.length ? undefined : { value: bytes.subarray(start, end), rest: bytes.subarray(end) }
}

function readInteger(bytes: Uint8Array, length: number): Value | undefined {
  const integer = readValue(bytes, INTEGER)
  if (integer === undefined) return undefined
  const { value, rest } = integer
  const digits = value[0] === 0 ? value.subarray(1) : value
  if (digits.length > length) return undefined
  const padded = new Uint8Array(length)
  padded.set(digits, length - digits.length)
  return { value: padded, rest }
}

function encodeInteger(padded: Uint8Array): Uint8Array {
  const first = padded.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? new Uint8Array(1) : padded.subarray(first)
  // The top bit would be the sign.
  const isNegative = (digits[0] ?? 0) >= SHORT_FORM_END
  return encodeValue(INTEGER, isNegative ? concatBytes(new Uint8Array(1), digits) : digits)
}

function encodeValue(tag: number, value: Uint8Array): Uint8Array {
  const size = value.length < SHORT_FORM_END ? [value.length] : [SHORT_FORM_END + 1, value.length]
  return concatBytes(new Uint8Array([tag, ...size]), value)
}

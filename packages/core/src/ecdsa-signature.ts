import { concatBytes, equalBytes } from './bytes.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02
// A length below 128 is one byte; one below 256 is this byte and another.
const SHORT_FORM_END = 0x80
const LONG_FORM = 0x81

/**
 * Returns r and s of an ECDSA signature, one after the other and each `length` bytes, or undefined for anything but
 * the one DER spelling of two non-negative integers of at most that many bytes.
 * @param der as WebAuthn carries it
 * @param length bytes of a coordinate: 32, 48 or 66
 * @see RFC 3279 section 2.2.3, WebAuthn Level 3 section 6.5.5
 */
export function decodeEcdsaSignature(der: Uint8Array, length: number): Uint8Array | undefined {
  // Read where r and s must be; whether they are there, and everything around them, shows when they are spelled again.
  const integers = der.subarray(der[1] === LONG_FORM ? 3 : 2)
  const sizeOfR = integers[1] ?? 0
  const r = padInteger(integers.subarray(2, 2 + sizeOfR), length)
  const s = padInteger(integers.subarray(4 + sizeOfR), length)
  if (r === undefined || s === undefined) return undefined
  const raw = concatBytes(r, s)
  return equalBytes(encodeEcdsaSignature(raw), der) ? raw : undefined
}

/** Returns the DER spelling of r and s, which are the halves of `raw`. */
export function encodeEcdsaSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const integers = [raw.subarray(0, half), raw.subarray(half)].map(encodeInteger)
  return encodeValue(SEQUENCE, concatBytes(...integers))
}

function padInteger(value: Uint8Array, length: number): Uint8Array | undefined {
  const digits = value[0] === 0 ? value.subarray(1) : value
  if (digits.length > length) return undefined
  const padded = new Uint8Array(length)
  padded.set(digits, length - digits.length)
  return padded
}

function encodeInteger(padded: Uint8Array): Uint8Array {
  // Where every byte is zero, -1 leaves the last one.
  const digits = padded.subarray(padded.findIndex((byte) => byte !== 0))
  // The top bit would be the sign.
  const isNegative = (digits[0] ?? 0) >= SHORT_FORM_END
  return encodeValue(INTEGER, isNegative ? concatBytes(new Uint8Array(1), digits) : digits)
}

function encodeValue(tag: number, value: Uint8Array): Uint8Array {
  const size = value.length < SHORT_FORM_END ? [value.length] : [LONG_FORM, value.length]
  return concatBytes(new Uint8Array([tag, ...size]), value)
}

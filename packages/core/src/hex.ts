import { CoreError } from './error.ts'

const HEX = /^(?:[0-9a-f]{2})*$/

/** Returns two lower-case hexadecimal digits per byte. */
export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/**
 * Returns the bytes that `text` spells.
 * @throws CoreError `encoding_malformed` for an odd length, an upper-case digit or anything else
 * @see RFC 4648 section 8 (here in lower case, so that each value has one spelling)
 */
export function decodeHex(text: string): Uint8Array {
  if (!HEX.test(text)) throw new CoreError('encoding_malformed', 'The text is not lower-case hexadecimal')
  return new Uint8Array(text.length / 2).map((_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  )
}

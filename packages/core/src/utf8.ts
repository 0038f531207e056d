import { CoreError } from './error.ts'

const encoder: TextEncoder = new TextEncoder()
const decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Returns the UTF-8 bytes of `text`.
 * @throws CoreError `encoding_malformed` for a lone surrogate, which UTF-8 cannot express
 * @see RFC 3629 section 3
 */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new CoreError('encoding_malformed', 'The text contains a lone surrogate')
  return encoder.encode(text)
}

/**
 * Writes the UTF-8 bytes of `text` to the start of `target`.
 * @param target at least three bytes for each UTF-16 unit of the text, or as many as are known to be enough
 * @returns how many bytes were written
 * @throws CoreError `encoding_malformed` for a lone surrogate
 * @throws RangeError when `target` is too short; a part of the text may have been written by then
 * @see RFC 3629 section 3
 */
export function encodeUtf8Into(text: string, target: Uint8Array): number {
  if (!text.isWellFormed()) throw new CoreError('encoding_malformed', 'The text contains a lone surrogate')
  const { read, written } = encoder.encodeInto(text, target)
  if (read !== text.length) throw new RangeError('The text does not fit')
  return written
}

/**
 * Returns the text that `bytes` spell.
 * @throws CoreError `encoding_malformed` for anything that is not shortest-form UTF-8, and for a byte order mark
 * @see RFC 3629 section 4 and 6
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = decodeFatal(bytes)
  if (text.startsWith('\uFEFF'))
    throw new CoreError('encoding_malformed', 'The text starts with a byte order mark')
  return text
}

function decodeFatal(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CoreError('encoding_malformed', 'The bytes are not valid UTF-8', { cause })
  }
}

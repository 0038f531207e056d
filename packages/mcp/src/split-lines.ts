/**
 * Makes what cuts a stream of bytes into lines.
 *
 * @param maxBytes of a line; a stream with a longer one is not read on
 * @returns takes the next bytes; false from the first line on that is too long
 */
export function createLineSplitter(
  maxBytes: number,
  onLine: (line: string) => void,
): (bytes: Uint8Array) => boolean {
  const decoder = new TextDecoder()
  const held: Uint8Array[] = []
  let size = 0
  let isTooLong = false
  const take = (part: Uint8Array): void => {
    size += part.length
    if (size > maxBytes) isTooLong = true
    else held.push(part)
  }
  return (bytes) => {
    let from = 0
    for (;;) {
      const end = bytes.indexOf(0x0a, from)
      if (!isTooLong) take(bytes.subarray(from, end === -1 ? bytes.length : end))
      if (isTooLong || end === -1) return !isTooLong
      const line = decoder.decode(join(held, size))
      held.length = 0
      size = 0
      from = end + 1
      if (line.trim() !== '') onLine(line)
    }
  }
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

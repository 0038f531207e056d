const PRINTABLE = /^[\t -~]*$/
// A regular expression looks at one character at a time; below this length that is quicker than anything else.
const SHORT = 64
const WORKSPACE_BYTES = 65_536

const encoder = new TextEncoder()
const workspace = new Uint8Array(WORKSPACE_BYTES)
const words = new Int32Array(workspace.buffer)

/**
 * Whether every character is one that a structured field may hold at all: printable ASCII, or a tab.
 *
 * @see RFC 9651 section 4.2
 */
export function isPrintable(text: string): boolean {
  if (text.length > SHORT && text.length <= WORKSPACE_BYTES && hasOnlyPlainBytes(text)) return true
  // Decides alone: a tab, say, is not plain and still allowed.
  return PRINTABLE.test(text)
}

/** Whether the UTF-8 bytes are all from 0x20 to 0x7e, looked at four at a time. */
function hasOnlyPlainBytes(text: string): boolean {
  const { written } = encoder.encodeInto(text, workspace)
  if (written < text.length) return false
  const end = (written + 3) >> 2
  workspace.fill(0x20, written, end << 2)
  let found = 0
  for (let index = 0; index < end; index += 1) {
    const word = words[index] ?? 0
    // The highest bit of a byte is set when subtracting 0x20 borrows, when adding 1 makes 0x80, or by itself.
    found |= (word - 0x20202020) | (word + 0x01010101)
  }
  return (found & 0x80808080) === 0
}

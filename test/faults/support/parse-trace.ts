/** One call to the system, as strace tells of it. */
export interface SystemCall {
  readonly name: string
  /** As written, without the parentheses. */
  readonly args: string
  /** Such as `0`, or `-1 EIO (Input/output error)`. */
  readonly result: string
  /** Places in the trace at which it began and ended: what ended before another began was done before it. */
  readonly began: number
  readonly ended: number
}

const LINE = /^(?<thread>\d+) +(?:<\.\.\. \w+ resumed>(?<rest>.*)|(?<name>\w+)\((?<start>.*))$/su
const UNFINISHED = ' <unfinished ...>'
const RESULT = /^(?<args>.*)\) += (?<result>.*)$/su

/**
 * Reads what `strace -f -o FILE` wrote: the calls that ended, in the order in which they did.
 *
 * @see strace(1)
 */
export function parseTrace(text: string): readonly SystemCall[] {
  const unfinished = new Map<
    string,
    { readonly name: string; readonly args: string; readonly began: number }
  >()
  const calls: SystemCall[] = []
  for (const [place, line] of text.split('\n').entries()) {
    const { thread, rest, name, start } = LINE.exec(line)?.groups ?? {}
    if (thread === undefined) continue
    if (name !== undefined && start?.endsWith(UNFINISHED)) {
      unfinished.set(thread, { name, args: start.slice(0, -UNFINISHED.length), began: place })
      continue
    }
    const begun = unfinished.get(thread)
    if (rest !== undefined) unfinished.delete(thread)
    const call = rest === undefined ? { name, args: start, began: place } : begun
    const whole = RESULT.exec((call?.args ?? '') + (rest ?? ''))?.groups
    if (call?.name === undefined || whole === undefined) continue
    const { args = '', result = '' } = whole
    calls.push({ name: call.name, args, result, began: call.began, ended: place })
  }
  return calls
}

/** The number and the file of a descriptor at the beginning of arguments, as `strace -y` shows it. */
export function readDescriptor(args: string): { readonly number: number; readonly path: string } | undefined {
  const found = /^(?<number>\d+)<(?<path>[^>]*)>/u.exec(args)?.groups
  return found && { number: Number(found['number']), path: found['path'] ?? '' }
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12 }
const OCTAL = /[0-7]{1,3}/uy

/** The bytes of all texts in arguments, one after the other. */
export function readBytes(args: string): Uint8Array {
  const text = readQuoted(args).join('')
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; length += 1) {
    if (text[at] !== '\\') {
      bytes[length] = text.charCodeAt(at)
      at += 1
      continue
    }
    OCTAL.lastIndex = at + 1
    const [octal] = OCTAL.exec(text) ?? []
    bytes[length] = octal
      ? Number.parseInt(octal, 8)
      : (ESCAPES[text[at + 1] ?? ''] ?? text.charCodeAt(at + 1))
    at += 1 + (octal?.length ?? 1)
  }
  return bytes.subarray(0, length)
}

/** The texts in arguments, as they are quoted. */
export function readQuoted(args: string): readonly string[] {
  return [...args.matchAll(/"((?:[^"\\]|\\.)*)"/gsu)].map(([, text = '']) => text)
}

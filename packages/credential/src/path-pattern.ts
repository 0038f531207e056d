const LITERAL = /^[A-Za-z0-9\-._~!$&'()+,=:@]+$/
// What a wildcard stands for. Absent on purpose: `;`, which servers cut off, and percent-encoded dots, slashes,
// backslashes, control characters and percent signs, which servers behind the verifier may decode once more.
const PLAIN_SEGMENT = /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%(?!0|1|2[EeFf5]|5[Cc]|7[Ff])[0-9A-Fa-f]{2})+$/
const DOT_SEGMENT = /^\.{1,2}$/

/**
 * Whether `text` is a path pattern: `/`, then ASCII segments without percent-encoding. `*` alone is a segment that
 * stands for exactly one segment that is not empty; `**` may only come last.
 */
export function isPathPattern(text: string): boolean {
  const segments = splitPath(text)
  if (segments === undefined) return false
  return segments.every((segment, index) => {
    const isLast = index === segments.length - 1
    if (segment === '*') return true
    if (segment === '**' || segment === '') return isLast
    return LITERAL.test(segment) && !DOT_SEGMENT.test(segment)
  })
}

/**
 * Whether a raw request path is one that the pattern names. Bytes are compared as sent: nothing is decoded, folded or
 * collapsed, `/p` and `/p/` differ, and `/p/**` names everything that begins with `/p/`, so `/p/` but not `/p`.
 */
export function matchesPath(pattern: string, path: string): boolean {
  // Without wildcards the segments are equal when the texts are.
  if (!pattern.includes('*')) return pattern.startsWith('/') && pattern === path
  const expected = splitPath(pattern)
  const actual = splitPath(path)
  if (expected === undefined || actual === undefined) return false
  return matchesSegments(expected, actual)
}

/**
 * Whether every path that one of `child` names is one that one of `parent` names, by one pattern of `parent` for each
 * of `child`; all are path patterns.
 */
export function coversPaths(parent: readonly string[], child: readonly string[]): boolean {
  // Most children repeat the patterns of their parent, each of which names what it names.
  if (child.every((pattern, index) => pattern.startsWith('/') && pattern === parent[index])) return true
  // Split once: delegators choose both lists, and each pattern of one may be compared with each of the other.
  const wide = parent.map(splitPath)
  return child.map(splitPath).every((narrow) => wide.some((segments) => coversSegments(segments, narrow)))
}

function splitPath(path: string): readonly string[] | undefined {
  return path.startsWith('/') ? path.slice(1).split('/') : undefined
}

function matchesSegments(expected: readonly string[], actual: readonly string[]): boolean {
  const open = expected.at(-1) === '**'
  const fixed = open ? expected.slice(0, -1) : expected
  if (open ? actual.length <= fixed.length : actual.length !== fixed.length) return false
  if (!fixed.every((segment, index) => matchesSegment(segment, actual[index] ?? ''))) return false
  const rest = actual.slice(fixed.length)
  return rest.every((segment, index) => isPlain(segment) || (segment === '' && index === rest.length - 1))
}

function matchesSegment(expected: string, actual: string): boolean {
  return expected === '*' ? isPlain(actual) : expected === actual
}

function isPlain(segment: string): boolean {
  return PLAIN_SEGMENT.test(segment) && !DOT_SEGMENT.test(segment)
}

function coversSegments(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined || narrow === undefined) return false
  const open = wide.at(-1) === '**'
  const fixed = open ? wide.length - 1 : wide.length
  if (open ? narrow.length <= fixed : narrow.length !== fixed) return false
  for (let index = 0; index < fixed; index += 1) {
    if (!coversSegment(wide[index] ?? '', narrow[index] ?? '')) return false
  }
  return true
}

function coversSegment(wide: string, narrow: string): boolean {
  if (wide === '*') return narrow !== '**' && narrow !== ''
  return wide === narrow
}

/**
 * Tells whether some path may match both patterns. Errs towards yes: `/a/**` is taken to reach `/a` itself.
 *
 * @param left - a path pattern of a capability: segments, `*` for one of them, `**` only last
 * @param right - another
 */
export function pathsOverlap(left: string, right: string): boolean {
  const mine = left.split('/')
  const theirs = right.split('/')
  const length = Math.max(mine.length, theirs.length)
  for (let index = 0; index < length; index += 1) {
    const a = mine[index]
    const b = theirs[index]
    if (a === '**' || b === '**') return true
    if (a === undefined || b === undefined) {
      // The shorter one ended: only a `**` right here could still reach it, and that was asked above.
      return false
    }
    if (!segmentsOverlap(a, b)) return false
  }
  return true
}

function segmentsOverlap(a: string, b: string): boolean {
  if (a === b) return true
  if (a === '*') return b !== ''
  return b === '*' && a !== ''
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** A length of time in words, exact: `1 hour 30 minutes`. @param seconds - whole, at least 0 */
export function durationWords(seconds: number): string {
  const parts: string[] = []
  let rest = seconds
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(count === 1 ? `1 ${unit}` : `${count} ${unit}s`)
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ')
}

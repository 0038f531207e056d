/**
 * The value below which this part of all values lies.
 *
 * @param part from 0 to 1
 */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Milliseconds as people read them. */
export function spellMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`
}

/**
 * The candidate a person most likely meant: fewest edits away, and fewer than half of its letters wrong.
 *
 * @returns undefined when nothing is near
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: countEdits(typed, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(candidate.length / 2) - 1))
    .toSorted((a, b) => a.edits - b.edits)
  return ranked[0]?.candidate
}

/** Levenshtein distance, one row at a time. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index += 1) {
    row = nextRow(row, { letter: from[index], to, first: index + 1 })
  }
  return row.at(-1) ?? 0
}

function nextRow(
  above: readonly number[],
  step: { letter: string | undefined; to: string; first: number },
): number[] {
  const row = [step.first]
  for (let column = 1; column < above.length; column += 1) {
    const replaced = (above[column - 1] ?? 0) + (step.to[column - 1] === step.letter ? 0 : 1)
    row.push(Math.min(replaced, (above[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1))
  }
  return row
}

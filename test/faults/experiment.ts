import assert from 'node:assert/strict'

/** How much of an experiment is run: all of it, or what the tests have time for. */
export type Size = 'long' | 'short'

/** One fault, and what must hold while it lasts. */
export interface Experiment {
  /** In kebab case; `--only` takes it. */
  readonly name: string
  /** What is done to the system, in a few words. */
  readonly about: string
  /**
   * Resolves to what was measured, in one line, when every invariant held.
   *
   * @param progress told what is going on
   * @throws AssertionError that says which invariant did not hold
   */
  run(size: Size, progress: (text: string) => void): Promise<string>
}

/** Asserts one invariant. */
export function check(holds: boolean, invariant: string): asserts holds {
  assert.ok(holds, invariant)
}

/** Asserts that two values are equal, by structure. */
export function checkEqual(actual: unknown, expected: unknown, invariant: string): void {
  const spelled = `${invariant}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`
  assert.deepEqual(actual, expected, spelled)
}

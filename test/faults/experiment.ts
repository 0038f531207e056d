import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Requirement } from '../support/requirements.ts'

/** How much of an experiment is run: all of it, or what the tests have time for. */
export type Size = 'long' | 'short'

/** One fault, and what must hold while it lasts. */
export interface Experiment {
  /** In kebab case; `--only` takes it. */
  readonly name: string
  /** What is done to the system, in a few words. */
  readonly about: string
  /** What it needs that a machine may lack. */
  readonly needs?: Requirement
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
  check(isDeepStrictEqual(actual, expected), `${invariant}: ${spell(actual)} instead of ${spell(expected)}`)
}

const MAX_SHOWN_CHARACTERS = 400

function spell(value: unknown): string {
  return JSON.stringify(value).slice(0, MAX_SHOWN_CHARACTERS)
}

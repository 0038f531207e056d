import type { InputKind } from './fuzz-case.ts'
import type { InputResult } from './fuzz-run.ts'

/** What became of many inputs; plain data, so that threads can send it. */
export interface Tally {
  inputs: number
  kinds: Record<InputKind, number>
  /** Requests that were accepted. */
  accepted: number
  /** Texts that a parser read, and status that was believed. */
  read: number
  refused: Record<string, number>
  slowest: { milliseconds: number; index: number }
  violations: InputResult[]
}

const TOP_CODES = 8

export function createTally(): Tally {
  return {
    inputs: 0,
    kinds: { grammar: 0, flip: 0, raw: 0 },
    accepted: 0,
    read: 0,
    refused: {},
    slowest: { milliseconds: 0, index: -1 },
    violations: [],
  }
}

/** Counts one result. */
export function count(tally: Tally, result: InputResult): void {
  const { code, index, kind, type, milliseconds } = result
  tally.inputs += 1
  tally.kinds[kind] += 1
  if (code !== 'ok') tally.refused[code] = (tally.refused[code] ?? 0) + 1
  else if (type === 'request') tally.accepted += 1
  else tally.read += 1
  if (milliseconds > tally.slowest.milliseconds) tally.slowest = { milliseconds, index }
  if (result.violation !== undefined) tally.violations.push(result)
}

/** Adds what another thread counted. */
export function merge(tally: Tally, other: Tally): void {
  tally.inputs += other.inputs
  tally.accepted += other.accepted
  tally.read += other.read
  for (const kind of ['grammar', 'flip', 'raw'] as const) tally.kinds[kind] += other.kinds[kind]
  for (const [code, times] of Object.entries(other.refused)) {
    tally.refused[code] = (tally.refused[code] ?? 0) + times
  }
  if (other.slowest.milliseconds > tally.slowest.milliseconds) tally.slowest = other.slowest
  tally.violations.push(...other.violations)
}

/** The line that ends a run. */
export function summarize(tally: Tally, run: { readonly seed: number; readonly seconds: number }): string {
  const { inputs, accepted, read, slowest, violations } = tally
  const { grammar, flip, raw } = tally.kinds
  const codes = Object.entries(tally.refused)
    .filter(([code]) => code !== 'violation')
    .sort(([, one], [, other]) => other - one)
  const top = codes.slice(0, TOP_CODES).map(([code, times]) => `${code} ${spell(times)}`)
  const others = codes.length > TOP_CODES ? [`${codes.length - TOP_CODES} other codes`] : []
  const rate = spell(Math.round(inputs / Math.max(run.seconds, 0.001)))
  return [
    `fuzz: seed ${run.seed}, ${spell(inputs)} inputs in ${run.seconds.toFixed(1)} s (${rate}/s)`,
    `${spell(grammar)} grammar, ${spell(flip)} flips, ${spell(raw)} raw`,
    `accepted ${spell(accepted)} requests and ${spell(read)} texts`,
    `refused by ${[...top, ...others].join(', ')}`,
    `slowest ${slowest.milliseconds.toFixed(1)} ms (input ${slowest.index})`,
    `violations ${violations.length}`,
  ].join('; ')
}

/** A number with commas. */
export function spell(number: number): string {
  return number.toLocaleString('en-US')
}

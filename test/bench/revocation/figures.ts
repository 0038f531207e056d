import type { MeasuredReaders } from './measure.ts'

/** How long it took until what was revoked was refused, by everybody who had to refuse it. */
export interface Figures {
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
  /** Decisions that were awaited and did not come. */
  readonly not_refused: number
  /** Decisions that came. */
  readonly refused: number
  /** Time on all processors for one revocation: the authority and everybody who refuses it. */
  readonly processor_ms: number
}

/**
 * Figures over all times; what was decided before the answer was written counts as 0.
 *
 * @param readers how many there were, each to refuse every revocation
 */
export function summarize(
  { times, processorTime }: MeasuredReaders,
  { readers, revocations }: { readonly readers: number; readonly revocations: number },
): Figures {
  const sorted = times.map((time) => Math.max(0, time)).toSorted((one, other) => one - other)
  const quantile = (part: number): number => round(sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN)
  return {
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    max_ms: quantile(1),
    not_refused: readers * revocations - sorted.length,
    refused: sorted.length,
    processor_ms: round(processorTime / revocations),
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100
}

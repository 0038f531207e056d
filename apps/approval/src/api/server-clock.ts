// A `Date` header has whole seconds, so smaller differences say nothing about the clock.
const SMALLEST_DIFFERENCE_MS = 2000
let offset = 0

/** Learns from the `Date` header of an answer how far this device's clock is off. */
export function noteServerTime(date: string | null, now: number = Date.now()): void {
  const time = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(time)) return
  const difference = time - now
  offset = Math.abs(difference) < SMALLEST_DIFFERENCE_MS ? 0 : difference
}

/** The authority's time in milliseconds since the epoch, as far as its answers told. */
export function serverNow(now: number = Date.now()): number {
  return now + offset
}

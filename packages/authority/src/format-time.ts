/**
 * Returns a time as it goes out: RFC 3339, UTC, with milliseconds.
 *
 * @param time - milliseconds since the epoch
 */
export function formatTime(time: number): string {
  return new Date(time).toISOString()
}

/**
 * Spells a time as RFC 3339 in UTC with milliseconds.
 *
 * @param time - milliseconds since the epoch
 */
export function formatTime(time: number): string {
  return new Date(time).toISOString()
}

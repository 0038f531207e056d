const DAY_MS = 86_400_000

const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const second = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/**
 * A moment as people say it: `today, 14:05`, `27 Nov, 14:05`.
 *
 * @param at - RFC 3339
 * @param now - milliseconds since the epoch
 * @param to - how exactly
 */
export function momentWords(at: string, now: number, to: 'minute' | 'second' = 'minute'): string {
  const time = to === 'second' ? second : minute
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'at an unknown time'
  const today = new Date(now)
  if (date.toDateString() === today.toDateString()) return `today, ${time.format(date)}`
  if (date.toDateString() === new Date(now - DAY_MS).toDateString()) return `yesterday, ${time.format(date)}`
  const days = date.getFullYear() === today.getFullYear() ? day : dayOfYear
  return `${days.format(date)}, ${time.format(date)}`
}

/** The same moment to the second, with its zone. */
export function exactTime(at: string): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? at : exact.format(date)
}

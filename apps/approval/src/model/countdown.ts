/** How much is left of something that ends by itself. */
export interface Countdown {
  readonly ended: boolean
  /** For the eye: `9:05`, `1:02:30`, `2 d 4 h`. */
  readonly short: string
  /** For the ear, rounded so that it does not change every second: `about 9 minutes`. */
  readonly spoken: string
  /** Under a minute. */
  readonly urgent: boolean
}

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/**
 * @param end - RFC 3339
 * @param now - milliseconds since the epoch, by the authority's clock
 */
export function countDown(end: string, now: number): Countdown {
  // Rounded up: as long as it is valid it never shows 0:00.
  const seconds = Math.ceil((Date.parse(end) - now) / 1000)
  // Written so that an unreadable end counts as ended.
  if (!(seconds > 0)) return { ended: true, short: 'ended', spoken: 'ended', urgent: false }
  return { ended: false, short: shortWords(seconds), spoken: spokenWords(seconds), urgent: seconds < MINUTE }
}

function shortWords(seconds: number): string {
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`
  const minutes = Math.floor((seconds % HOUR) / MINUTE)
  const rest = pad(seconds % MINUTE)
  if (seconds < HOUR) return `${minutes}:${rest}`
  return `${Math.floor(seconds / HOUR)}:${pad(minutes)}:${rest}`
}

function spokenWords(seconds: number): string {
  if (seconds < MINUTE) return 'less than a minute'
  if (seconds < HOUR) return about(Math.floor(seconds / MINUTE), 'minute')
  if (seconds < DAY) return about(Math.floor(seconds / HOUR), 'hour')
  return about(Math.floor(seconds / DAY), 'day')
}

function about(count: number, unit: string): string {
  return `about ${count} ${unit}${count === 1 ? '' : 's'}`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

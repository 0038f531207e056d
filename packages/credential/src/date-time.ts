import type { JsonValue } from '@behalf/core'
import { malformed } from './members.ts'

const DATE_TIME =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/

/**
 * Returns the time in milliseconds since the epoch of a date-time in its one spelling, `YYYY-MM-DDTHH:MM:SSZ`.
 * @param field our name of the member, for the refusal
 * @throws CredentialError `credential_malformed` for fractions, offsets, 24:00, leap seconds and days that do not exist
 * @see RFC 3339 section 5.6, VCDM 2.0 section 4.9
 */
export function parseDateTime(value: JsonValue | undefined, field: string): number {
  const text = typeof value === 'string' ? value : ''
  const day = DATE_TIME.exec(text)?.[1]
  if (day === undefined) throw malformed(field, 'is not a date-time')
  const time = Date.parse(text)
  // Engines roll a day that the month does not have over into the next month.
  if (new Date(time).getUTCDate() !== Number(day)) throw malformed(field, 'is a day that does not exist')
  return time
}

/**
 * Returns the one spelling of a time, cut down to the second before it.
 * @param time milliseconds since the epoch, years 0000 to 9999
 * @throws TypeError for a time outside those years
 */
export function formatDateTime(time: number): string {
  const date = new Date(toSeconds(time) * 1000)
  const text = Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, -5)}Z`
  if (!DATE_TIME.test(text)) throw new TypeError('The time is outside the years 0000 to 9999')
  return text
}

/** Returns the whole seconds up to `time`, which is in milliseconds. */
export function toSeconds(time: number): number {
  return Math.floor(time / 1000)
}

import { isJsonObject, type JsonValue } from '@behalf/core'
import { scopeMalformed } from './value-constraint.ts'

/** A day of the week. */
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/**
 * A part of the day in a place: `from` (included) to `to` (excluded), `HH:MM` on the clocks there, `to` at most
 * `24:00` and later than `from`; absent `days` means every day. A night is two windows.
 */
export type TimeWindow = {
  /** An IANA name such as `Europe/Berlin`. */
  readonly zone: string
  readonly days?: readonly Weekday[]
  readonly from: string
  readonly to: string
}

/** Whether a time lies in a window; `unknown` when the window says something that cannot be evaluated here. */
export type WindowVerdict = 'inside' | 'outside' | 'unknown'

const WEEKDAYS: ReadonlySet<JsonValue | undefined> = new Set<Weekday>([
  'mon',
  'tue',
  'wed',
  'thu',
  'fri',
  'sat',
  'sun',
])
const MEMBERS: ReadonlySet<string> = new Set(['zone', 'days', 'from', 'to'])
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/
const TIME_OF_DAY = /^(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)$/
// Agents choose the zones, so what they can make us remember is bounded.
const MAX_REMEMBERED_ZONES = 64
const clocks = new Map<string, Intl.DateTimeFormat | undefined>()

/**
 * Returns `value` as a window whose known members have their form; whether the zone exists is asked when it is used.
 * @throws CredentialError `scope_malformed`
 */
export function parseTimeWindow(value: JsonValue): TimeWindow {
  if (!isJsonObject(value)) throw scopeMalformed('A time window is not an object')
  const { zone, days, from, to } = value
  if (typeof zone !== 'string' || !ZONE.test(zone)) throw scopeMalformed('A time window has no zone')
  if (!isTimeOfDay(from) || !isTimeOfDay(to) || from >= to) {
    throw scopeMalformed('A time window does not end after it begins')
  }
  if (days !== undefined && !isWeekdays(days)) throw scopeMalformed('A time window has unknown days')
  return { ...value, zone, from, to, ...(days === undefined ? {} : { days }) }
}

/** Whether every member of the window is one that {@link checkTimeWindow} evaluates. */
export function isUnderstoodWindow(window: TimeWindow): boolean {
  return Object.keys(window).every((name) => MEMBERS.has(name))
}

/** Whether `now`, in milliseconds since the epoch, lies in the window. */
export function checkTimeWindow(window: TimeWindow, now: number): WindowVerdict {
  const local = readLocalTime(window.zone, now)
  if (local === undefined) return 'unknown'
  const isDay = window.days === undefined || window.days.includes(local.day)
  return isDay && window.from <= local.time && local.time < window.to ? 'inside' : 'outside'
}

/** Whether every time inside `child` is inside `parent`, as far as equal zone names tell. */
export function coversTimeWindow(parent: TimeWindow, child: TimeWindow): boolean {
  if (parent.zone !== child.zone || child.from < parent.from || child.to > parent.to) return false
  if (parent.days === undefined) return true
  const allowed = new Set(parent.days)
  return child.days?.every((day) => allowed.has(day)) ?? allowed.size === WEEKDAYS.size
}

/**
 * Returns the day and the time of day (`HH:MM`) on the clocks of a zone; undefined when there is no such zone.
 * @param zone an IANA name such as `Europe/Berlin`
 * @param now milliseconds since the epoch
 */
export function readLocalTime(
  zone: string,
  now: number,
): { readonly day: Weekday; readonly time: string } | undefined {
  const clock = findClock(zone)
  if (clock === undefined) return undefined
  const parts = new Map(clock.formatToParts(now).map(({ type, value }) => [type, value]))
  const day = parts.get('weekday')?.toLowerCase()
  return isWeekday(day) ? { day, time: `${parts.get('hour')}:${parts.get('minute')}` } : undefined
}

function findClock(zone: string): Intl.DateTimeFormat | undefined {
  if (clocks.has(zone)) return clocks.get(zone)
  if (clocks.size >= MAX_REMEMBERED_ZONES) clocks.clear()
  const clock = createClock(zone)
  clocks.set(zone, clock)
  return clock
}

function createClock(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  } catch {
    return undefined
  }
}

function isTimeOfDay(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && TIME_OF_DAY.test(value)
}

function isWeekdays(value: JsonValue): value is readonly Weekday[] {
  return Array.isArray(value) && value.every((day) => WEEKDAYS.has(day))
}

function isWeekday(value: string | undefined): value is Weekday {
  return WEEKDAYS.has(value)
}

import { describe, expect, test } from 'vitest'
import { formatDateTime, parseDateTime, toSeconds } from '../src/date-time.ts'
import { codeOf } from './support/refusal.ts'

const parse = (value: unknown): string =>
  codeOf(() => parseDateTime(value === undefined ? value : JSON.parse(JSON.stringify(value)), 'validUntil'))

describe('parseDateTime', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-11-24T12:00:00Z', 1_795_521_600_000],
    ['2024-02-29T23:59:59Z', 1_709_251_199_000],
    ['0000-01-01T00:00:00Z', -62_167_219_200_000],
    ['9999-12-31T23:59:59Z', 253_402_300_799_000],
  ])('reads %s', (text, time) => {
    expect(parseDateTime(text, 'validFrom')).toBe(time)
    expect(formatDateTime(time)).toBe(text)
  })

  test.each([
    ['24:00', '2026-11-24T24:00:00Z'],
    ['a leap second', '2026-12-31T23:59:60Z'],
    ['a year of six digits', '+002026-11-24T12:00:00Z'],
    ['a negative year', '-0001-11-24T12:00:00Z'],
    ['a fraction', '2026-11-24T12:00:00.000Z'],
    ['an offset', '2026-11-24T12:00:00+00:00'],
    ['no zone', '2026-11-24T12:00:00'],
    ['lower case', '2026-11-24t12:00:00z'],
    ['a space for T', '2026-11-24 12:00:00Z'],
    ['a date alone', '2026-11-24'],
    ['30 February', '2026-02-30T00:00:00Z'],
    ['29 February in a common year', '2026-02-29T00:00:00Z'],
    ['31 April', '2026-04-31T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['month 0', '2026-00-10T00:00:00Z'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['minute 60', '2026-01-01T00:60:00Z'],
    ['digits of another script', '\uff12026-01-01T00:00:00Z'],
    ['space around it', ' 2026-01-01T00:00:00Z'],
    ['a line end after it', '2026-01-01T00:00:00Z\n'],
    ['text in brackets after it', '2026-01-01T00:00:00Z (UTC)'],
    ['a number', 1_795_521_600],
    ['a list of one', ['2026-01-01T00:00:00Z']],
    ['nothing', undefined],
  ])('refuses %s', (_, value) => {
    expect(parse(value)).toBe('credential_malformed')
  })

  test('tells a spelling from a day', () => {
    expect(() => parseDateTime('2026-1-1T00:00:00Z', 'validUntil')).toThrow('validUntil is not a date-time')
    expect(() => parseDateTime('2026-02-30T00:00:00Z', 'validUntil')).toThrow(
      'validUntil is a day that does not exist',
    )
  })
})

describe('formatDateTime', () => {
  test('cuts down to the second before', () => {
    expect(formatDateTime(1999)).toBe('1970-01-01T00:00:01Z')
    expect(formatDateTime(-1)).toBe('1969-12-31T23:59:59Z')
    expect(toSeconds(-1)).toBe(-1)
    expect(toSeconds(1999)).toBe(1)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15, Date.UTC(10_000, 0), Date.UTC(-1, 0)])(
    'refuses %s',
    (time) => {
      expect(() => formatDateTime(time)).toThrow(new TypeError('The time is outside the years 0000 to 9999'))
    },
  )
})

import type { JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  checkTimeWindow,
  coversTimeWindow,
  isUnderstoodWindow,
  parseTimeWindow,
  type TimeWindow,
  type Weekday,
} from '../src/time-window.ts'
import { codeOf } from './support/refusal.ts'

const OFFICE: TimeWindow = { zone: 'Europe/Berlin', days: ['mon', 'fri'], from: '09:00', to: '17:00' }

describe('parseTimeWindow', () => {
  test.each<[JsonValue]>([
    [{ zone: 'UTC', from: '00:00', to: '24:00' }],
    [{ zone: 'America/Argentina/Buenos_Aires', days: [], from: '23:59', to: '24:00' }],
    [{ zone: 'Etc/GMT+3', days: ['sun'], from: '00:00', to: '00:01', until: 'unknown' }],
    [{ zone: 'Mars/Olympus', from: '08:00', to: '09:00' }],
  ])('keeps %j', (value) => {
    expect(parseTimeWindow(value)).toStrictEqual(value)
  })

  test.each<[string, JsonValue]>([
    ['a text', 'UTC 09:00-17:00'],
    ['null', null],
    ['no zone', { from: '09:00', to: '17:00' }],
    ['an empty zone', { zone: '', from: '09:00', to: '17:00' }],
    ['an offset for a zone', { zone: '+01:00', from: '09:00', to: '17:00' }],
    ['a zone with a space', { zone: 'Europe/Ber lin', from: '09:00', to: '17:00' }],
    ['no beginning', { zone: 'UTC', to: '17:00' }],
    ['no end', { zone: 'UTC', from: '09:00' }],
    ['a time inside a list', { zone: 'UTC', from: ['09:00'], to: '17:00' }],
    ['an hour of one digit', { zone: 'UTC', from: '9:00', to: '17:00' }],
    ['hour 25', { zone: 'UTC', from: '09:00', to: '25:00' }],
    ['minute 60', { zone: 'UTC', from: '09:60', to: '17:00' }],
    ['seconds', { zone: 'UTC', from: '09:00:00', to: '17:00' }],
    ['a number', { zone: 'UTC', from: 9, to: 17 }],
    ['an end at the beginning', { zone: 'UTC', from: '09:00', to: '09:00' }],
    ['a night', { zone: 'UTC', from: '22:00', to: '06:00' }],
    ['a beginning at 24:00', { zone: 'UTC', from: '24:00', to: '24:00' }],
    ['days as a text', { zone: 'UTC', days: 'mon', from: '09:00', to: '17:00' }],
    ['days in capitals', { zone: 'UTC', days: ['Mon'], from: '09:00', to: '17:00' }],
    ['days as numbers', { zone: 'UTC', days: [1], from: '09:00', to: '17:00' }],
    ['days as null', { zone: 'UTC', days: null, from: '09:00', to: '17:00' }],
  ])('refuses %s', (_, value) => {
    expect(codeOf(() => parseTimeWindow(value))).toBe('scope_malformed')
  })
})

describe('checkTimeWindow', () => {
  test.each([
    // Berlin is one hour ahead of UTC in November and two in July; 2026-11-27 and 2026-07-03 are Fridays.
    ['2026-11-27T08:00:00Z', 'inside'],
    ['2026-11-27T07:59:59Z', 'outside'],
    ['2026-11-27T15:59:59Z', 'inside'],
    ['2026-11-27T16:00:00Z', 'outside'],
    ['2026-07-03T07:00:00Z', 'inside'],
    ['2026-07-03T06:59:59Z', 'outside'],
    ['2026-11-26T10:00:00Z', 'outside'],
    ['2026-11-30T10:00:00Z', 'inside'],
  ])('Berlin, Monday and Friday, 9 to 17: %s is %s', (time, verdict) => {
    expect(checkTimeWindow(OFFICE, Date.parse(time))).toBe(verdict)
  })

  test('the day is the one of the place', () => {
    const window: TimeWindow = { zone: 'Pacific/Auckland', days: ['tue'], from: '00:00', to: '24:00' }
    expect(checkTimeWindow(window, Date.parse('2026-11-23T12:00:00Z'))).toBe('inside')
    expect(checkTimeWindow(window, Date.parse('2026-11-23T10:59:59Z'))).toBe('outside')
    expect(checkTimeWindow(window, Date.parse('2026-11-24T11:00:00Z'))).toBe('outside')
  })

  test('the whole day, and midnight is 00:00', () => {
    const window: TimeWindow = { zone: 'UTC', from: '00:00', to: '00:01' }
    expect(checkTimeWindow(window, Date.parse('2026-11-24T00:00:00Z'))).toBe('inside')
    expect(checkTimeWindow(window, Date.parse('2026-11-24T00:01:00Z'))).toBe('outside')
    expect(
      checkTimeWindow({ ...window, from: '23:59', to: '24:00' }, Date.parse('2026-11-24T23:59:59Z')),
    ).toBe('inside')
  })

  test.each<[Weekday, string]>([
    ['mon', '2026-11-23'],
    ['tue', '2026-11-24'],
    ['wed', '2026-11-25'],
    ['thu', '2026-11-26'],
    ['fri', '2026-11-27'],
    ['sat', '2026-11-28'],
    ['sun', '2026-11-29'],
  ])('%s is %s', (day, date) => {
    const window = parseTimeWindow({ zone: 'UTC', days: [day], from: '00:00', to: '24:00' })
    expect(checkTimeWindow(window, Date.parse(`${date}T12:00:00Z`))).toBe('inside')
    expect(checkTimeWindow(window, Date.parse(`${date}T12:00:00Z`) + 86_400_000)).toBe('outside')
  })

  test('no days are never', () => {
    const window: TimeWindow = { zone: 'UTC', days: [], from: '00:00', to: '24:00' }
    expect(checkTimeWindow(window, 0)).toBe('outside')
  })

  test('a zone that does not exist is unknown, however many of them there are', () => {
    for (let number = 0; number < 200; number += 1) {
      const window: TimeWindow = { zone: `Mars/Olympus_${number}`, from: '00:00', to: '24:00' }
      expect(checkTimeWindow(window, 0)).toBe('unknown')
    }
    expect(checkTimeWindow(OFFICE, Date.parse('2026-11-27T08:00:00Z'))).toBe('inside')
  })
})

describe('coversTimeWindow', () => {
  const whole: TimeWindow = { zone: 'Europe/Berlin', from: '09:00', to: '17:00' }

  test.each<[TimeWindow, TimeWindow]>([
    [whole, whole],
    [whole, OFFICE],
    [whole, { ...whole, from: '10:00', to: '16:00' }],
    [OFFICE, { ...OFFICE, days: ['fri'] }],
    [OFFICE, { ...OFFICE, days: [] }],
    [{ ...whole, days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }, whole],
    [{ ...whole, to: '24:00' }, whole],
  ])('%j covers %j', (parent, child) => {
    expect(coversTimeWindow(parent, child)).toBe(true)
  })

  test.each<[TimeWindow, TimeWindow]>([
    [whole, { ...whole, from: '08:59' }],
    [whole, { ...whole, to: '17:01' }],
    [whole, { ...whole, zone: 'Europe/Paris' }],
    [OFFICE, whole],
    [OFFICE, { ...OFFICE, days: ['mon', 'tue'] }],
  ])('%j does not cover %j', (parent, child) => {
    expect(coversTimeWindow(parent, child)).toBe(false)
  })
})

describe('isUnderstoodWindow', () => {
  test('knows its own members alone', () => {
    expect(isUnderstoodWindow(OFFICE)).toBe(true)
    expect(isUnderstoodWindow(parseTimeWindow({ ...OFFICE, holidays: 'no' }))).toBe(false)
  })
})

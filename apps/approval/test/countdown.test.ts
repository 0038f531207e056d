import { describe, expect, test } from 'vitest'
import { countDown } from '../src/model/countdown.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const inSeconds = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString()

describe('a countdown', () => {
  test.each([
    [1, '0:01', 'less than a minute', true],
    [59, '0:59', 'less than a minute', true],
    [60, '1:00', 'about 1 minute', false],
    [605, '10:05', 'about 10 minutes', false],
    [3600, '1:00:00', 'about 1 hour', false],
    [3723, '1:02:03', 'about 1 hour', false],
    [86_400, '1 d 0 h', 'about 1 day', false],
    [200_000, '2 d 7 h', 'about 2 days', false],
  ])('%i seconds', (seconds, short, spoken, urgent) => {
    expect(countDown(inSeconds(seconds), NOW)).toEqual({ ended: false, short, spoken, urgent })
  })

  test('shows a second until the very end', () => {
    expect(countDown(inSeconds(0.001), NOW)).toMatchObject({ ended: false, short: '0:01' })
  })

  test.each([inSeconds(0), inSeconds(-1), 'no time'])('%s has ended', (end) => {
    expect(countDown(end, NOW)).toEqual({ ended: true, short: 'ended', spoken: 'ended', urgent: false })
  })
})

import { describe, expect, test } from 'vitest'
import { type ConfirmationProgress, noteConfirmations } from '../src/model/confirmation-progress.ts'
import {
  absentWords,
  apiWords,
  confirmationWords,
  lateWords,
  otherWords,
  unprovenWords,
} from '../src/words/confirmation-words.ts'

const unproven = { connected: 0, confirmed: 0 }
const api = (name: string, connected: number, confirmed: number) => ({
  did: `did:key:${name}`,
  origins: [`https://${name}.test`],
  connected,
  confirmed,
})

describe('answers about who confirmed', () => {
  test('count an API once, whatever runs it, and others each', () => {
    const view = { connected: 6, confirmed: 3, apis: [api('a', 2, 1), api('b', 2, 2)], unproven }
    expect(noteConfirmations(undefined, view, 40)).toEqual({
      connected: 4,
      confirmed: 1,
      apis: [
        { did: 'did:key:a', origins: ['https://a.test'], afterMs: undefined },
        { did: 'did:key:b', origins: ['https://b.test'], afterMs: 40 },
      ],
      others: { connected: 2, confirmed: 0 },
      unproven,
      afterMs: undefined,
    })
  })

  test('keep when each was first seen to know, and forget it of one that knows no more', () => {
    const first = noteConfirmations(
      undefined,
      { connected: 2, confirmed: 1, apis: [api('a', 1, 1)], unproven },
      40,
    )
    const second = noteConfirmations(
      first,
      { connected: 2, confirmed: 2, apis: [api('a', 1, 1)], unproven },
      240,
    )
    expect([second.apis[0]?.afterMs, second.afterMs]).toEqual([40, 240])
    const third = noteConfirmations(
      second,
      { connected: 2, confirmed: 2, apis: [api('a', 1, 1)], unproven },
      440,
    )
    expect(third.afterMs).toBe(240)
    const fourth = noteConfirmations(
      third,
      { connected: 2, confirmed: 1, apis: [api('a', 1, 0)], unproven },
      640,
    )
    expect([fourth.apis[0]?.afterMs, fourth.afterMs]).toEqual([undefined, undefined])
  })

  test('are complete whatever those say who proved no key', () => {
    const view = {
      connected: 1,
      confirmed: 1,
      apis: [api('a', 1, 1)],
      unproven: { connected: 9, confirmed: 0 },
    }
    expect(noteConfirmations(undefined, view, 5)).toMatchObject({
      connected: 1,
      confirmed: 1,
      unproven: { connected: 9, confirmed: 0 },
      afterMs: 5,
    })
  })

  test('are complete when nobody is connected', () => {
    expect(noteConfirmations(undefined, { connected: 0, confirmed: 0, apis: [], unproven }, 5).afterMs).toBe(
      5,
    )
  })
})

describe('the words of who confirmed', () => {
  const progress = (change: Partial<ConfirmationProgress> = {}): ConfirmationProgress => ({
    connected: 3,
    confirmed: 2,
    apis: [],
    others: { connected: 0, confirmed: 0 },
    unproven,
    afterMs: undefined,
    ...change,
  })
  const asking = { isOver: false, withinMs: 30_000 }
  const over = { ...asking, isOver: true }

  test.each([
    [undefined, asking, 'Stopped. Asking which APIs know …'],
    [undefined, over, 'Stopped.'],
    [progress({ connected: 0, confirmed: 0, afterMs: 1 }), over, 'Stopped. No API is connected right now.'],
    [progress(), asking, 'Stopped at 2 of 3 connected APIs so far …'],
    [progress({ confirmed: 3, afterMs: 120 }), over, 'Stopped at 3 of 3 connected APIs, after 0.2 s'],
    [
      progress({ connected: 1, confirmed: 1, afterMs: 12_400 }),
      over,
      'Stopped at 1 of 1 connected API, after 12 s',
    ],
    [progress(), over, 'Stopped at 2 of 3 connected APIs: 1 did not confirm within 30 s'],
  ])('%j %j', (known, when, words) => {
    expect(confirmationWords('stopped', known, when)).toBe(words)
  })

  test('name an API by its origins, and let them hide nothing', () => {
    const origins = ['https://a.test', 'https://\u202Eb.test']
    const name = 'https://a.test, https://⟨U+202E⟩b.test'
    const waiting = { did: 'did:key:a', origins, afterMs: undefined }
    expect([
      apiWords(waiting, asking),
      apiWords(waiting, over),
      apiWords({ ...waiting, afterMs: 3 }, over),
      absentWords(origins),
    ]).toEqual([
      `${name} has not confirmed yet.`,
      `${name} did not confirm.`,
      `${name} confirmed after 0.1 s.`,
      `${name} are not connected under a name, and learn it when next asking, within seconds.`,
    ])
    expect(absentWords(['https://a.test'])).toMatch(/^https:\/\/a\.test is .* and learns it /u)
    expect(absentWords([])).toBeUndefined()
  })

  test.each([
    [{ connected: 0, confirmed: 0 }, undefined],
    [{ connected: 1, confirmed: 0 }, '1 API that has no name here has not confirmed.'],
    [{ connected: 1, confirmed: 1 }, '1 API that has no name here confirmed.'],
    [{ connected: 2, confirmed: 1 }, '2 APIs that have no name here: 1 confirmed.'],
    [{ connected: 2, confirmed: 2 }, '2 APIs that have no name here: all confirmed.'],
  ])('tell of those without a name: %j', (others, words) => {
    expect(otherWords(progress({ others }))).toBe(words)
  })

  test.each([
    [{ connected: 0, confirmed: 0 }, undefined],
    [{ connected: 1, confirmed: 0 }, '1 other reader that proved no key, not counted: no confirmation.'],
    [{ connected: 1, confirmed: 1 }, '1 other reader that proved no key, not counted: confirmed.'],
    [{ connected: 3, confirmed: 2 }, '3 other readers that proved no key, not counted: 2 confirmed.'],
  ])('tell apart those that proved no key: %j', (readers, words) => {
    expect(unprovenWords(progress({ unproven: readers }))).toBe(words)
  })

  test('say what is missing when a confirmation is', () => {
    expect(lateWords('suspended')).toContain('may go on accepting')
    expect(lateWords('resumed')).toContain('may go on refusing')
  })
})

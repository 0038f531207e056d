import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../../test/support/source-files.ts'
import { ApiError, NetworkError } from '../src/api/api-error.ts'
import { noteServerTime, serverNow } from '../src/api/server-clock.ts'
import { groupByAgent } from '../src/model/group-by-agent.ts'
import { capabilitySentence } from '../src/words/capability-sentence.ts'
import { codeOfAddress } from '../src/words/code-of-address.ts'
import { durationWords } from '../src/words/duration.ts'
import { eventActor, eventDetails, eventWords } from '../src/words/event-words.ts'
import { leadWords } from '../src/words/lead-words.ts'
import { problemWords } from '../src/words/problem-words.ts'
import { safeText } from '../src/words/safe-text.ts'
import { momentWords } from '../src/words/time-words.ts'
import { COMMENT, requestView } from './support/request-view.ts'

describe('a text from outside', () => {
  test.each([
    ['plain', 'plain'],
    ['Invoice\u202Ecod.exe', 'Invoice⟨U+202E⟩cod.exe'],
    ['a\nb', 'a⟨U+000A⟩b'],
    ['zero\u200Bwidth', 'zero⟨U+200B⟩width'],
    ['\u{E0041}tag', '⟨U+E0041⟩tag'],
    ['half\ud800', 'half⟨U+D800⟩'],
    ['<b>&amp;</b>', '<b>&amp;</b>'],
    ['Grüße, 日本, 😀', 'Grüße, 日本, 😀'],
  ])('%j', (text, shown) => {
    expect(safeText(text)).toBe(shown)
  })

  test('is cut by code points', () => {
    expect(safeText('😀😀😀', 2)).toBe('😀😀…')
    expect(safeText('x'.repeat(1_000_000), 3)).toBe('xxx…')
  })
})

describe('durations', () => {
  test.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [90, '1 minute 30 seconds'],
    [3600, '1 hour'],
    [90_061, '1 day 1 hour 1 minute 1 second'],
  ])('%i', (seconds, words) => {
    expect(durationWords(seconds)).toBe(words)
  })
})

describe('the lead of a request', () => {
  test.each([
    [{}, 'For 30 minutes, at most 100 requests, and may pass parts of it on to other agents.'],
    [{ max_uses: 1, max_delegation_depth: 0 }, 'For 30 minutes, 1 request, not to be passed on.'],
  ])('%j', (change, words) => {
    expect(leadWords(requestView(change))).toBe(words)
  })
})

describe('moments', () => {
  const now = new Date(2026, 5, 15, 12, 0).getTime()
  const at = (...parts: [number, number, number, number]): string => new Date(...parts, 30).toISOString()

  test('are near or far', () => {
    expect(momentWords(at(2026, 5, 15, 9), now)).toMatch(/^today, 0?9.30/u)
    expect(momentWords(at(2026, 5, 14, 9), now)).toMatch(/^yesterday, 0?9.30/u)
    expect(momentWords(at(2026, 0, 2, 9), now)).not.toContain('2026')
    expect(momentWords(at(2025, 0, 2, 9), now)).toContain('2025')
    expect(momentWords('never', now)).toBe('at an unknown time')
  })
})

describe('a capability', () => {
  test('is the sentence that is signed', () => {
    expect(capabilitySentence(COMMENT)).toBe(
      'It may send to (POST) "/issues/*/comments" (* is any one name) at "https://api.example", with a JSON body of nothing but "text" (at most 500 characters).',
    )
  })

  test('that cannot be read is shown as it is', () => {
    expect(capabilitySentence({ type: 'http' })).toBe('{"type":"http"}')
  })
})

describe('failures', () => {
  const refusal = (code: string): ApiError =>
    new ApiError({ status: 400, code, detail: 'Detail\u202E', retryable: false })

  test('a known code has its own words', () => {
    expect(problemWords(refusal('approval_mismatch'))).toMatchObject({
      title: 'The agent changed its request while you were reading.',
      code: 'approval_mismatch',
    })
  })

  test('an unknown code shows what the authority said, made safe', () => {
    expect(problemWords(refusal('something_new'))).toEqual({
      title: 'Detail⟨U+202E⟩',
      next: '',
      code: 'something_new',
    })
  })

  test('no answer and a fault of the page are told apart', () => {
    expect(problemWords(new NetworkError('x')).title).toContain('could not be reached')
    expect(problemWords(new TypeError('x')).title).toContain('this page')
  })
})

describe('events', () => {
  test('are told by their type, also unknown ones', () => {
    const event = { sequence: 1, time: '', data: {} }
    expect(eventWords({ ...event, type: 'denied' })).toEqual({
      headline: 'A request was denied',
      tone: 'bad',
    })
    expect(eventWords({ ...event, type: 'new_thing' })).toEqual({ headline: 'new thing', tone: 'plain' })
    expect(eventWords({ ...event, type: 'constructor' }).headline).toBe('constructor')
  })

  test('of every type that an issuer records have words of their own', () => {
    const source = readFileSync(join(ROOT, 'packages', 'issuer', 'src', 'issuer-store.ts'), 'utf8')
    const union = /export type IssuerEventType =\n(?<members>(?: {2}\| '\w+'\n)+)/u.exec(source)?.groups?.[
      'members'
    ]
    const types = [...(union ?? '').matchAll(/'(?<type>\w+)'/gu)].flatMap(
      ({ groups }) => groups?.['type'] ?? [],
    )
    expect(types).toContain('approved')
    const plain = types.filter((type) => {
      const { headline } = eventWords({ sequence: 1, time: '', data: {}, type })
      return headline === type.replaceAll('_', ' ')
    })
    expect(plain).toEqual([])
  })

  test.each([
    ['approved', { by: 'alice', person: 'bob' }, 'alice'],
    ['person_joined', { by: 'join', person: 'bob' }, 'bob'],
    ['approved', { person: 'bob\u202E' }, 'bob⟨U+202E⟩'],
    ['approved', { by: { id: 1 } }, undefined],
  ])('%s %j has an actor', (type, data, actor) => {
    expect(eventActor({ sequence: 1, time: '', type, data })).toBe(actor)
  })

  test('names people as they are called here, beside the id that is theirs alone', () => {
    const event = { sequence: 1, time: '', type: 'approved', data: { by: 'bob', person: 'carol' } }
    expect(eventActor({ ...event, by_name: 'Bob\u202e B', person_name: 'Carol' })).toBe('Bob⟨U+202E⟩ B (bob)')
    expect(eventActor({ ...event, by_name: 'bob' })).toBe('bob')
    const joined = { ...event, type: 'person_joined', by_name: 'Claim' }
    expect(eventActor({ ...joined, person_name: 'Carol' })).toBe('Carol (carol)')
  })

  test('show every member', () => {
    expect(eventDetails({ by: 'alice', request: { id: 1 } })).toEqual([
      ['by', 'alice'],
      ['request', '{"id":1}'],
    ])
  })
})

describe('the code in an address', () => {
  test.each([
    ['#AbC_-123', 'AbC_-123'],
    ['', ''],
    ['#', ''],
    ['#<script>', ''],
    [`#${'x'.repeat(201)}`, ''],
  ])('%j', (hash, code) => {
    expect(codeOfAddress(hash)).toBe(code)
  })
})

describe('the clock of the authority', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')

  test('is this one until an answer says otherwise', () => {
    noteServerTime(null, now)
    noteServerTime('no date', now)
    noteServerTime(new Date(now + 1000).toUTCString(), now)
    expect(serverNow(now)).toBe(now)
    noteServerTime(new Date(now + 60_000).toUTCString(), now)
    expect(serverNow(now)).toBe(now + 60_000)
    noteServerTime(new Date(now).toUTCString(), now)
    expect(serverNow(now)).toBe(now)
  })
})

test('requests of one key stand together', () => {
  const ids = groupByAgent([
    requestView({ id: '1', agent: 'a' }),
    requestView({ id: '2', agent: 'b' }),
    requestView({ id: '3', agent: 'a' }),
  ]).map((group) => group.map(({ id }) => id))
  expect(ids).toEqual([['1', '3'], ['2']])
})

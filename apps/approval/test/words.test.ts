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
import { recordWords, storyOf } from '../src/words/record-words.ts'
import { restWords } from '../src/words/rest-words.ts'
import { safeText } from '../src/words/safe-text.ts'
import { momentWords } from '../src/words/time-words.ts'
import { usageWords } from '../src/words/usage-words.ts'
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

describe('a delegation that rests', () => {
  const suspended_at = '2030-01-15T12:00:00.000Z'
  const reader = { id: 'alice', now: Date.parse('2030-01-15T12:30:00.000Z') }
  test.each([
    ['alice', /^Suspended by you today, \d\d:\d\d.*: refused everywhere until it is resumed\.$/u],
    ['bob\u202E', /^Suspended by bob⟨U\+202E⟩ today/u],
    ['did:key:z6Mk', /^Suspended by an operator today/u],
  ])('says that %s did it, and when', (suspended_by, words) => {
    expect(restWords({ suspended_at, suspended_by }, reader)).toMatch(words)
  })

  test('says so when it was not done to itself', () => {
    expect(restWords({}, reader)).toBe('Suspended, because one above it is.')
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
    expect(momentWords(at(2026, 5, 15, 9), now, 'second')).toMatch(/^today, 0?9.30.00/u)
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
    expect(problemWords(refusal('clock_unsynchronized'))).toEqual({
      title: 'The clock of the authority jumped.',
      next: 'Nothing was approved. Wait a minute, then try again.',
      code: 'clock_unsynchronized',
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
      const { headline } = eventWords({ type })
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

describe('the uses of a delegation', () => {
  const api = { origin: 'https://api.test', reports: true, uses: 0 }
  const used = { ...api, uses: 2, last_used_at: '2026-11-24T12:00:00Z' }
  const now = Date.parse('2026-11-24T13:00:00Z')

  test.each([
    [
      { max_uses: 5, apis: [used] },
      /^Last used today, .* at https:\/\/api\.test, 2 times so far\. 3 of 5 uses left there\.$/u,
    ],
    [{ apis: [{ ...used, uses: 1 }] }, /, once so far\.$/u],
    [{ max_uses: 1, apis: [used] }, / 0 of 1 uses left there\.$/u],
    [{ max_uses: 5, apis: [{ ...used, reports: false }] }, /, 2 times so far\. It reports no more\.$/u],
    [{ max_uses: 5, apis: [api] }, /^https:\/\/api\.test reported no use yet\. 5 of 5 uses left there\.$/u],
    [
      { max_uses: 5, apis: [{ ...api, reports: false }] },
      /^https:\/\/api\.test does not report here: whether it was used there is not known\.$/u,
    ],
    [{ apis: [{ ...api, origin: 'https://a\u202E' }] }, /^https:\/\/a⟨U\+202E⟩ reported/u],
  ])('%j', (delegation, words) => {
    expect(usageWords(delegation, now)).toEqual([expect.stringMatching(words)])
  })

  test.each<[number | undefined, readonly { max_uses?: number; uses?: number }[], string]>([
    [undefined, [{ max_uses: 5, uses: 3 }], ' 2 uses left there, by the limit of one above it.'],
    [4, [{ max_uses: 5, uses: 3 }], ' 2 uses left there, by the limit of one above it.'],
    [2, [{ max_uses: 5, uses: 3 }], ' 1 of 2 uses left there.'],
    [4, [{ uses: 3 }, { max_uses: 4, uses: 4 }], ' 0 uses left there, by the limit of one above it.'],
    [4, [{ uses: 3 }], ' 3 of 4 uses left there.'],
    [undefined, [{ uses: 3 }], ''],
    // Nothing was used there by those above, as far as it is known.
    [undefined, [{ max_uses: 7 }], ' 7 uses left there, by the limit of one above it.'],
  ])('counts against those above it: %j below %j', (most, above, words) => {
    const used = {
      origin: 'https://a.test',
      reports: true,
      uses: 1,
      last_used_at: '2026-11-24T12:00:00.000Z',
    }
    const links = above.map(({ max_uses, uses }) => ({
      ...(max_uses !== undefined && { max_uses }),
      apis: uses === undefined ? [] : [{ ...used, uses }],
    }))
    const [line] = usageWords({ apis: [used], ...(most !== undefined && { max_uses: most }) }, now, links)
    expect(line?.split('so far.')[1]).toBe(words)
  })
})

describe('a record of the log', () => {
  const time = '2026-11-24T12:00:00.000Z'
  const names = { agents: {}, people: { 'sha-256:a': { id: 'alice', name: 'Alice\u202E' } } }
  const wordsOf = (record: Record<string, unknown> & { readonly type: string }) =>
    recordWords({ time, ...record }, names)

  test('of the decision of a policy says which', () => {
    const of = (decision: unknown) => wordsOf({ type: 'policy_decided', decision })
    expect(['ask-two', 'refuse', 7].map((decision) => [of(decision).headline, of(decision).tone])).toEqual([
      ['The policy decided: it asks two people', 'plain'],
      ['The policy decided: it refuses this', 'bad'],
      ['The policy decided', 'plain'],
    ])
  })

  test('of a request says what was called, what was decided and what the agent said', () => {
    const record = {
      type: 'request_refused',
      method: 'GET',
      audience: 'https://api.test',
      path: '/a\u202E',
      code: 'status_stale',
      context: { model: 'm\u202E' },
      request_id: '01',
    }
    expect(wordsOf(record)).toEqual({
      headline: 'GET https://api.test/a⟨U+202E⟩: refused (status_stale)',
      tone: 'bad',
      actor: undefined,
      facts: [
        { name: 'Its model', value: 'm⟨U+202E⟩', hostile: true },
        { name: 'Request', value: '01', hostile: false },
      ],
    })
    expect(wordsOf({ type: 'request_refused', code: 'signature_missing' }).headline).toBe(
      'A request: refused (signature_missing)',
    )
  })

  test.each([
    [{ type: 'approved', by: 'sha-256:a' }, 'Alice⟨U+202E⟩ (alice)'],
    [{ type: 'person_joined', by: 'join', person: 'sha-256:a' }, 'Alice⟨U+202E⟩ (alice)'],
    [{ type: 'denied', by: 'sha-256:gone' }, 'somebody who was forgotten'],
    [{ type: 'delegation_revoked', by: 'did:key:z6Mk' }, 'an operator'],
    [{ type: 'policy_loaded' }, undefined],
    [{ type: 'approved', by: 'urn:uuid:enrolment' }, undefined],
  ])('%j is the doing of %s', (record, actor) => {
    expect(wordsOf(record).actor).toBe(actor)
  })

  test('leads to the story of the request, else of the delegation, else of the question', () => {
    const ids = { request_id: 'a', delegation: 'b', request: 'c' }
    const others = [{ request: 'c' }, { request: 'c', enrolment: 'd' }, { person: 'x' }]
    expect([ids, { ...ids, request_id: 1 }, ...others].map(storyOf)).toEqual(['a', 'b', 'c', 'd', undefined])
  })

  test('of an enrolment says for how long, until when and where it runs', () => {
    const record = {
      type: 'enrolled',
      enrolment: 'urn:uuid:1',
      max_seconds: 600,
      workload: { subject: 'billing\u202E', issuer: 'https://cluster' },
    }
    expect(wordsOf(record).facts).toEqual([
      { name: 'Runs as', value: 'billing⟨U+202E⟩', hostile: true },
      { name: 'By the word of', value: 'https://cluster', hostile: true },
      { name: 'Each at most', value: '10 minutes', hostile: false },
      { name: 'Enrolment', value: 'urn:uuid:1', hostile: false },
    ])
    expect(wordsOf({ type: 'request_accepted', workflow: { id: 'triage', run: 'monday' } }).facts).toEqual([
      { name: 'Workflow', value: 'triage', hostile: true },
      { name: 'Run', value: 'monday', hostile: true },
    ])
  })
})

import {
  type AuditFacts,
  hashPrincipal,
  MAX_RECORD_BYTES,
  parseAuditRecord,
  serializeAuditRecord,
} from '@behalf/audit-log'
import { decodeUtf8, digestSha256, encodeUtf8, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'

const TIME = Date.UTC(2026, 10, 28, 12, 0, 0, 5)
const record = (members: AuditFacts['members'], more: Partial<AuditFacts> = {}): Uint8Array =>
  serializeAuditRecord({ type: 'requested', time: TIME, members, ...more })

describe('a record', () => {
  test('is one line of canonical JSON, and reads back as what was recorded', () => {
    const data = record({ subject: 'did:key:z', purpose: 'why', nothing: undefined })
    expect(decodeUtf8(data)).toBe(
      '{"purpose":"why","subject":"did:key:z","time":"2026-11-28T12:00:00.005Z","type":"requested","v":1}',
    )
    expect(parseAuditRecord(data)).toEqual({
      v: 1,
      type: 'requested',
      time: '2026-11-28T12:00:00.005Z',
      subject: 'did:key:z',
      purpose: 'why',
    })
  })

  test('says that the clock went back', () => {
    expect(parseAuditRecord(record({}, { isAnomalous: true })).time_anomaly).toBe(true)
    expect(parseAuditRecord(record({})).time_anomaly).toBeUndefined()
  })

  test('stays one line whatever a text holds', () => {
    const purpose = 'fine\r\n{"v":1,"type":"approved"}\u001b[31m\u0000'
    const data = record({ purpose })
    expect(decodeUtf8(data)).not.toMatch(/\p{Cc}/u)
    expect(parseAuditRecord(data).purpose).toBe(purpose)
  })

  test('keeps of a long text its beginning and the digest of the whole', () => {
    const agentName = 'A'.repeat(1_048_576)
    const data = record({ agent: { name: agentName, kind: 'x' }, list: ['short', 'é'.repeat(2000)] })
    const read = parseAuditRecord(data)
    expect(data.length).toBeLessThan(MAX_RECORD_BYTES)
    expect(read.agent).toEqual({ name: 'A'.repeat(1024), kind: 'x' })
    expect(read.truncated).toEqual({
      '/agent/name': digestSha256(agentName),
      '/list/1': digestSha256('é'.repeat(2000)),
    })
  })

  test('does not cut a character in two', () => {
    const text = `${'a'.repeat(1023)}😀`
    expect(parseAuditRecord(record({ text })).text).toBe('a'.repeat(1023))
  })

  test('takes a text that is no Unicode', () => {
    const text = 'lone \ud800 surrogate'
    expect(parseAuditRecord(record({ text, list: [text] })).text).toBe('lone \ufffd surrogate')
  })

  test('leaves out the largest members until it fits, and keeps their digests', () => {
    const long = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(900)}`)
    const longer = [...long, { deep: 'y'.repeat(2000) }]
    const data = record({ long, longer, short: 'stays', small: ['x'.repeat(3000)] })
    const read = parseAuditRecord(data)
    expect(data.length).toBeLessThanOrEqual(MAX_RECORD_BYTES)
    expect(Object.keys(read)).toEqual(
      ['v', 'type', 'time', 'short', 'small', 'truncated'].toSorted(inOrderOf(read)),
    )
    expect(Object.keys(read.truncated ?? {}).toSorted()).toEqual(['/long', '/longer', '/small/0'])
    expect(read.truncated?.['/long']).toBe(digestSha256(JSON.stringify(long)))
  })

  test('is never larger than it may be', () => {
    const members = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [`member${index}`, 'z'.repeat(3000)]),
    )
    expect(record(members).length).toBeLessThanOrEqual(MAX_RECORD_BYTES)
  })

  test('has room for so many members only', () => {
    const names = Array.from({ length: 65 }, (_, index) => [`member${index}`, 1])
    expect(() => record(Object.fromEntries(names))).toThrow(TypeError)
  })

  test.each(['v', 'type', 'time', 'time_anomaly', 'truncated'])('has its own meaning for %s', (name) => {
    expect(() => record({ [name]: 'mine' })).toThrow(TypeError)
  })
})

describe('bytes that are no record', () => {
  const good = { v: 1, type: 'requested', time: '2026-11-28T12:00:00.005Z' }
  test.each<[string, JsonValue | string]>([
    ['not JSON', '{'],
    ['another spelling', '{"v":1,"type":"requested","time":"2026-11-28T12:00:00.005Z"}'],
    ['not an object', [1]],
    ['another version', { ...good, v: 2 }],
    ['an unknown type', { ...good, type: 'invented' }],
    ['no time', { ...good, time: 5 }],
    ['a time of another form', { ...good, time: '2026-11-28T12:00:00Z' }],
    ['a day that does not exist', { ...good, time: '2026-13-28T12:00:00.005Z' }],
    ['an anomaly that is none', { ...good, time_anomaly: false }],
    ['cuts that are no object', { ...good, truncated: [] }],
    ['a cut without a digest', { ...good, truncated: { '/a': 1 } }],
  ])('%s', (_, value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(sorted(value))
    expect(() => parseAuditRecord(encodeUtf8(text))).toThrow(
      expect.objectContaining({ code: 'audit_proof_invalid' }),
    )
  })
})

describe('a principal in a record', () => {
  const alice = { issuer: 'did:key:z1', id: 'alice' }
  const salt = new Uint8Array(32).fill(1)
  test('is the same under one salt, and another under another, of another issuer, with another id', () => {
    const hash = hashPrincipal(alice, salt)
    expect(hash).toMatch(/^sha-256:[A-Za-z0-9_-]{43}$/u)
    expect(hashPrincipal({ ...alice }, salt)).toBe(hash)
    const others = [
      hashPrincipal(alice, new Uint8Array(32).fill(2)),
      hashPrincipal({ ...alice, issuer: 'did:key:z2' }, salt),
      hashPrincipal({ ...alice, id: 'bob' }, salt),
    ]
    expect(new Set([hash, ...others]).size).toBe(4)
  })

  test('needs a whole salt', () => {
    expect(() => hashPrincipal(alice, new Uint8Array(31))).toThrow(TypeError)
  })
})

function sorted(value: JsonValue): JsonValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    : value
}

function inOrderOf(object: object): (one: string, other: string) => number {
  const keys = Object.keys(object)
  return (one, other) => keys.indexOf(one) - keys.indexOf(other)
}

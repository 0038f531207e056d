import { canonicalizeJson, digestSha256, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../src/index.ts'

const RULE = { effect: 'ask' }
const withRule = (rule: JsonValue): string => JSON.stringify({ id: 'p', rules: [RULE, rule], default: 'ask' })
const invalid = (field?: string): unknown =>
  expect.objectContaining({ code: 'policy_invalid', ...(field !== undefined && { field }) })

describe('a policy file', () => {
  const document = {
    id: 'house-rules-1',
    rules: [
      { effect: 'refuse', locations: ['https://api.test'], paths: ['/admin/**'], reason: 'Never' },
      { effect: 'approve-enrolled', actions: ['GET', 'tools/call'], max_seconds: 900 },
      { effect: 'ask' },
    ],
    default: 'refuse',
  }

  test('is read as it stands', () => {
    const policy = parsePolicy(JSON.stringify(document))
    expect(policy).toMatchObject({ id: 'house-rules-1', default: 'refuse' })
    expect(policy.rules).toEqual([
      { effect: 'refuse', locations: ['https://api.test'], paths: ['/admin/**'], reason: 'Never' },
      { effect: 'approve-enrolled', actions: ['GET', 'tools/call'], maxSeconds: 900 },
      { effect: 'ask' },
    ])
  })

  test('has a digest over what it says, not over how it is spaced', () => {
    const dense = parsePolicy(JSON.stringify(document))
    expect(dense.digest).toBe(digestSha256(canonicalizeJson(document)))
    expect(parsePolicy(JSON.stringify(document, null, 4)).digest).toBe(dense.digest)
    expect(parsePolicy(JSON.stringify({ ...document, default: 'ask' })).digest).not.toBe(dense.digest)
  })

  test('keeps the document that its digest is over', () => {
    const policy = parsePolicy(JSON.stringify(document))
    expect(digestSha256(canonicalizeJson(policy.document))).toBe(policy.digest)
  })

  test.each([
    ['not JSON', '{', undefined],
    ['a member twice', '{"id":"a","id":"b","rules":[],"default":"ask"}', undefined],
    ['a list', '[]', undefined],
    ['an unknown member', '{"id":"p","rules":[],"default":"ask","extra":1}', 'extra'],
    ['no id', '{"rules":[],"default":"ask"}', 'id'],
    ['an empty id', '{"id":"","rules":[],"default":"ask"}', 'id'],
    ['an id with a space', '{"id":"a b","rules":[],"default":"ask"}', 'id'],
    ['no rules', '{"id":"p","default":"ask"}', 'rules'],
    ['no default', '{"id":"p","rules":[]}', 'default'],
    ['another default', '{"id":"p","rules":[],"default":"allow"}', 'default'],
    [
      'too many rules',
      JSON.stringify({ id: 'p', rules: Array.from({ length: 201 }, () => RULE), default: 'ask' }),
      'rules',
    ],
  ])('is refused: %s', (_name, text, field) => {
    expect(() => parsePolicy(text)).toThrow(invalid(field))
  })

  test.each<[string, JsonValue, string]>([
    ['no object', 'ask', 'rules[1]'],
    ['no effect', {}, 'rules[1].effect'],
    ['another effect', { effect: 'approve' }, 'rules[1].effect'],
    ['an unknown member', { effect: 'ask', location: ['https://api.test'] }, 'rules[1].location'],
    ['locations that are no list', { effect: 'ask', locations: 'https://api.test' }, 'rules[1].locations'],
    ['an empty list, which would match nothing', { effect: 'refuse', locations: [] }, 'rules[1].locations'],
    [
      'a location that no capability has',
      { effect: 'refuse', locations: ['api.test'] },
      'rules[1].locations[0]',
    ],
    ['an action that no capability has', { effect: 'refuse', actions: ['GET', '*'] }, 'rules[1].actions[1]'],
    ['a path without its slash', { effect: 'refuse', paths: ['admin'] }, 'rules[1].paths[0]'],
    ['a double star in the middle', { effect: 'refuse', paths: ['/**/x'] }, 'rules[1].paths[0]'],
    ['a path that is no text', { effect: 'refuse', paths: [7] }, 'rules[1].paths[0]'],
    [
      'too many entries',
      { effect: 'ask', actions: Array.from({ length: 101 }, () => 'GET') },
      'rules[1].actions',
    ],
    ['max_seconds as a text', { effect: 'ask', max_seconds: '600' }, 'rules[1].max_seconds'],
    ['max_seconds of nothing', { effect: 'ask', max_seconds: 0 }, 'rules[1].max_seconds'],
    ['max_seconds in parts', { effect: 'ask', max_seconds: 1.5 }, 'rules[1].max_seconds'],
    ['max_seconds on a refusal', { effect: 'refuse', max_seconds: 600 }, 'rules[1].max_seconds'],
    ['a reason that is no text', { effect: 'ask', reason: 1 }, 'rules[1].reason'],
    ['a reason without end', { effect: 'ask', reason: 'x'.repeat(501) }, 'rules[1].reason'],
  ])('says where a rule is wrong: %s', (_name, rule, field) => {
    expect(() => parsePolicy(withRule(rule))).toThrow(invalid(field))
    expect(() => parsePolicy(withRule(rule))).toThrow(field)
  })
})

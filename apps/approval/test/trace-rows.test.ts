import type { ProvenEntry, VerifiedTrace } from '@behalf/authority/trace'
import { describe, expect, test } from 'vitest'
import { layoutTrace } from '../src/model/trace-rows.ts'

const NAMES = {
  agents: { 'did:key:a': { fingerprint: '0123', name: 'Sorter' }, 'did:key:b': { fingerprint: '4567' } },
  people: { 'sha-256:p': { id: 'alice', name: 'Alice' } },
}

/** Of a trace only what the picture is made of. */
function traceOf(records: readonly (Record<string, unknown> & { readonly type: string })[]): VerifiedTrace {
  const entries = records.map((record, index) => ({ index, record }) as unknown as ProvenEntry)
  return { entries } as unknown as VerifiedTrace
}

const draw = (records: Parameters<typeof traceOf>[0]): readonly string[] =>
  layoutTrace(traceOf(records), NAMES).map(
    ({ key, depth, parent, name, sub }) => `${key} ${depth} ${parent ?? '-'} ${name} | ${sub}`,
  )

const STORY = [
  { type: 'policy_decided', request: 'r', policy: { id: 'house' }, decision: 'ask-one' },
  { type: 'approved', request: 'r', by: 'sha-256:p', method: 'passkey' },
  { type: 'issued', request: 'r', delegation: 'd', subject: 'did:key:a' },
  { type: 'sub_delegated', delegation: 'e', parent: 'd', subject: 'did:key:b' },
  { type: 'request_accepted', method: 'GET', path: '/1', delegations: ['d'] },
  { type: 'request_accepted', method: 'GET', path: '/2', delegations: ['d', 'e'] },
  { type: 'delegation_revoked', delegation: 'd', by: 'sha-256:p' },
  { type: 'request_refused', method: 'GET', path: '/3', delegations: ['d', 'e'], code: 'credential_revoked' },
]

describe('the picture of a trace', () => {
  test('goes from the person over the policy down the chain to the requests and the revocation', () => {
    expect(draw(STORY)).toEqual([
      '1 0 - Alice (alice) | approved (passkey)',
      '0 1 0 Policy house | It asks one person.',
      '2 2 1 “Sorter” | may act · 0123',
      '3 3 2 An agent without a name | may act · 4567',
      '5 4 3 GET /2 | accepted',
      '7 4 3 GET /3 | refused: credential_revoked',
      '4 3 2 GET /1 | accepted',
      '6 3 2 Revoked, with all below it | by Alice (alice)',
    ])
  })

  test('goes on to whoever let an agent have something unasked, once for all that it had', () => {
    const unasked = (request: string, delegation: string, enrolment: string): typeof STORY => [
      { type: 'policy_decided', request, policy: { id: 'house' }, decision: 'approve-enrolled' },
      { type: 'approved', request, by: enrolment, method: 'enrolment' },
      { type: 'issued', request, delegation, subject: 'did:key:a' },
    ]
    const workload = { subject: 'billing\u202E', issuer: 'https://cluster' }
    const drawn = draw([
      { type: 'enrolled', enrolment: 'urn:uuid:1', by: 'sha-256:p' },
      { type: 'enrolled', enrolment: 'urn:uuid:2', by: 'urn:behalf:workload-grant:b', workload },
      { type: 'enrolled', enrolment: 'urn:uuid:3', by: 'did:key:operator' },
      ...unasked('r', 'd', 'urn:uuid:1'),
      ...unasked('s', 'e', 'urn:uuid:1'),
      ...unasked('t', 'f', 'urn:uuid:2'),
      ...unasked('u', 'g', 'urn:uuid:3'),
      ...unasked('v', 'h', 'urn:uuid:4'),
    ])
    expect(drawn.filter((row) => !/Policy|Sorter/u.test(row))).toEqual([
      '0 0 - Alice (alice) | let it have this unasked',
      '4 1 0 Nobody was asked | approved (enrolment)',
      '7 1 0 Nobody was asked | approved (enrolment)',
      '1 0 - Workload billing⟨U+202E⟩ | let have this unasked, by the word of https://cluster',
      '10 1 7 Nobody was asked | approved (enrolment)',
      '2 0 - An operator | let it have this unasked',
      '13 1 11 Nobody was asked | approved (enrolment)',
      '16 0 - Nobody was asked | approved (enrolment)',
    ])
  })

  test('shows the call of a tool as a request', () => {
    const called = { type: 'tool_called', method: 'POST', path: '/mcp', delegations: ['d'] }
    expect(draw([...STORY.slice(0, 3), called]).at(-1)).toBe('3 3 2 POST /mcp | accepted')
  })

  test('shows what has nothing above it at the top, and the stop of a key at its agent', () => {
    expect(
      draw([
        { type: 'request_refused', method: 'GET', path: '/1', code: 'signature_missing' },
        { type: 'issued', request: 'r', delegation: 'd', subject: 'did:key:a' },
        { type: 'key_revoked', subject: 'did:key:a', by: 'did:key:operator' },
        { type: 'sub_delegated', delegation: 'f', parent: 'elsewhere', subject: 'did:key:b' },
      ]),
    ).toEqual([
      '0 0 - GET /1 | refused: signature_missing',
      '1 0 - “Sorter” | may act · 0123',
      '2 1 1 Stopped | by an operator',
      '3 0 - An agent without a name | may act · 4567',
    ])
  })

  test('shows of many requests the first ones, and how many more there are', () => {
    const many = Array.from({ length: 20 }, (_, path) => ({
      type: 'request_accepted',
      method: 'GET',
      path: `/${path}`,
      delegations: ['d'],
    }))
    const rows = draw([...STORY.slice(0, 3), ...many])
    expect(rows.slice(3)).toEqual([
      ...Array.from({ length: 8 }, (_, path) => `${3 + path} 3 2 GET /${path} | accepted`),
      '11 3 2 12 more | requests, in the list below',
    ])
  })
})

import type { JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { checkCapabilities } from '../src/check-terms.ts'
import { evaluatePolicy, type PolicyEffect, parsePolicy } from '../src/index.ts'

const PROD = 'https://prod.test'
const STAGING = 'https://staging.test'

interface Question {
  readonly rules: JsonValue
  readonly byDefault?: PolicyEffect
  readonly capabilities: JsonValue
  readonly seconds?: number
}

function decide({ rules, byDefault = 'ask', capabilities, seconds = 600 }: Question): string {
  const policy = parsePolicy(JSON.stringify({ id: 'p', rules, default: byDefault }))
  const terms = { capabilities: checkCapabilities(capabilities, 'capabilities'), validForSeconds: seconds }
  return evaluatePolicy(policy, terms).decision
}

const http = (locations: string[], actions: string[], paths: string[]): JsonValue => [
  { type: 'http', locations, actions, paths },
]
const READ_STAGING = http([STAGING], ['GET'], ['/issues/**'])

describe('what a policy makes of a request', () => {
  test('without a matching rule the default decides', () => {
    for (const byDefault of ['refuse', 'ask', 'approve-enrolled'] as const) {
      const rules = [{ effect: 'ask', locations: [PROD] }]
      expect(decide({ rules, byDefault, capabilities: READ_STAGING })).toBe(byDefault)
    }
  })

  test('the first matching rule decides, whatever follows', () => {
    const allowFirst = [{ effect: 'approve-enrolled', locations: [STAGING] }, { effect: 'refuse' }]
    expect(decide({ rules: allowFirst, capabilities: READ_STAGING })).toBe('approve-enrolled')
    expect(decide({ rules: allowFirst.toReversed(), capabilities: READ_STAGING })).toBe('refuse')
  })

  test.each([
    ['location', { locations: [PROD] }],
    ['action', { actions: ['DELETE'] }],
    ['path', { paths: ['/admin/**'] }],
    ['path and action', { paths: ['/issues/**'], actions: ['POST'] }],
  ])('a rule about another %s does not match', (_name, about) => {
    expect(decide({ rules: [{ effect: 'refuse', ...about }], capabilities: READ_STAGING })).toBe('ask')
  })

  test('over several capabilities the strictest outcome wins', () => {
    const rules = [
      { effect: 'refuse', locations: [PROD], actions: ['DELETE'] },
      { effect: 'approve-enrolled', locations: [STAGING] },
    ]
    const [staging] = Array.isArray(READ_STAGING) ? READ_STAGING : []
    const [readProd, deleteProd] = ['GET', 'DELETE'].map((action) => ({
      type: 'http',
      locations: [PROD],
      actions: [action],
      paths: ['/x'],
    }))
    const all = (...entries: unknown[]): JsonValue => JSON.parse(JSON.stringify(entries))
    expect(decide({ rules, capabilities: all(staging) })).toBe('approve-enrolled')
    expect(decide({ rules, capabilities: all(staging, readProd) })).toBe('ask')
    expect(decide({ rules, capabilities: all(staging, readProd, deleteProd) })).toBe('refuse')
  })

  test('one capability cannot hide a refused location, action or path behind an allowed one', () => {
    const rules = [
      { effect: 'refuse', locations: [PROD] },
      { effect: 'refuse', actions: ['DELETE'] },
      { effect: 'refuse', paths: ['/admin/**'] },
      { effect: 'approve-enrolled' },
    ]
    const decisions = [
      http([STAGING, PROD], ['GET'], ['/issues/**']),
      http([STAGING], ['GET', 'DELETE'], ['/issues/**']),
      http([STAGING], ['GET'], ['/issues/**', '/admin/users']),
      http([STAGING], ['GET'], ['/**']),
      http([STAGING], ['GET'], ['/*/users']),
    ].map((capabilities) => decide({ rules, capabilities }))
    expect(decisions).toEqual(['refuse', 'refuse', 'refuse', 'refuse', 'refuse'])
    expect(decide({ rules, capabilities: READ_STAGING })).toBe('approve-enrolled')
  })

  test('a rule that allows covers no more than its own paths', () => {
    const rules = [{ effect: 'approve-enrolled', paths: ['/issues/**'] }]
    expect(decide({ rules, capabilities: http([STAGING], ['GET'], ['/issues/7']) })).toBe('approve-enrolled')
    expect(decide({ rules, capabilities: http([STAGING], ['GET'], ['/**']) })).toBe('ask')
    const refusing = { rules, byDefault: 'refuse' as const }
    expect(decide({ ...refusing, capabilities: http([STAGING], ['GET'], ['/**']) })).toBe('refuse')
  })

  test('several rules may cover a capability together', () => {
    const rules = [
      { effect: 'approve-enrolled', locations: [STAGING] },
      { effect: 'approve-enrolled', locations: [PROD], actions: ['GET'] },
    ]
    const both = [STAGING, PROD]
    expect(decide({ rules, byDefault: 'refuse', capabilities: http(both, ['GET'], ['/x']) })).toBe(
      'approve-enrolled',
    )
    expect(decide({ rules, byDefault: 'refuse', capabilities: http(both, ['GET', 'PUT'], ['/x']) })).toBe(
      'refuse',
    )
  })

  test('a rule about short requests lets longer ones go on', () => {
    const rules = [
      { effect: 'approve-enrolled', max_seconds: 600 },
      { effect: 'ask', max_seconds: 3600 },
      { effect: 'refuse' },
    ]
    const decisions = [600, 601, 3600, 3601].map((seconds) =>
      decide({ rules, capabilities: READ_STAGING, seconds }),
    )
    expect(decisions).toEqual(['approve-enrolled', 'ask', 'ask', 'refuse'])
  })

  test('a rule with paths is not about capabilities of MCP, one without is', () => {
    const capabilities = [{ type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'] }]
    expect(decide({ rules: [{ effect: 'refuse', paths: ['/**'] }], capabilities })).toBe('ask')
    expect(decide({ rules: [{ effect: 'refuse', actions: ['tools/call'] }], capabilities })).toBe('refuse')
  })

  test('the decision names the policy, its digest and the reason of the strictest rule', () => {
    const policy = parsePolicy(
      JSON.stringify({
        id: 'p',
        rules: [
          { effect: 'ask', actions: ['GET'], reason: 'Someone looks at it' },
          { effect: 'refuse', actions: ['DELETE'], reason: 'Nothing is deleted by agents' },
        ],
        default: 'ask',
      }),
    )
    const capabilities = checkCapabilities(http([PROD], ['GET', 'DELETE'], ['/x']), 'capabilities')
    expect(evaluatePolicy(policy, { capabilities, validForSeconds: 60 })).toEqual({
      id: 'p',
      digest: policy.digest,
      decision: 'refuse',
      reason: 'Nothing is deleted by agents',
    })
  })

  test('a request with more combinations than a person could mean is refused', () => {
    const many = (count: number, prefix: string): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`)
    const capabilities = http(many(17, 'https://h.test/'), many(16, 'A'), many(16, '/p'))
    expect(() => decide({ rules: [], capabilities })).toThrow(
      expect.objectContaining({ code: 'input_invalid', field: 'capabilities' }),
    )
  })
})

import type { JsonValue } from '@behalf/core'
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, test } from 'vitest'
import { checkCapabilities } from '../src/check-terms.ts'
import {
  evaluatePolicy,
  POLICY_SCHEMA,
  type PolicyEvaluation,
  type PolicyQuestion,
  parsePolicy,
} from '../src/index.ts'
import { createPolicyCall } from '../src/policy-call.ts'
import { splitCapabilities } from '../src/policy-parts.ts'
import { createParty } from './support/issuer-world.ts'

const PROD = 'https://prod.test'
const STAGING = 'https://staging.test'
const AGENT = createParty('agent').did
/** A Saturday, half past ten in the evening in Berlin, half past nine in UTC. */
const NIGHT = Date.UTC(2026, 10, 28, 21, 30)
const NOT_ENROLLED = { enrolled: false, covered: false }

interface Question {
  readonly policy: string
  readonly capabilities: JsonValue
  readonly terms?: Partial<PolicyQuestion['terms']>
  readonly about?: Partial<PolicyQuestion>
  readonly zone?: string
}

function evaluate({ policy, capabilities, terms, about, zone = 'UTC' }: Question): PolicyEvaluation {
  return evaluatePolicy(parsePolicy({ id: 'p', zone, files: [{ name: 'p.cedar', text: policy }] }), {
    agent: AGENT,
    terms: {
      onBehalfOf: { id: 'alice' },
      capabilities: checkCapabilities(capabilities, 'capabilities'),
      validForSeconds: 600,
      maxDelegationDepth: 0,
      ...terms,
    },
    enrolled: true,
    covered: true,
    firstSeen: NIGHT - 60_000,
    now: NIGHT,
    ...about,
  })
}

function decide(question: Question): string {
  return evaluate(question).decided.decision
}

const http = (
  locations: string[],
  actions: string[],
  paths: string[],
  constraints?: JsonValue,
): JsonValue => [
  { type: 'http', locations, actions, paths, ...(constraints !== undefined && { constraints }) },
]
const READ_STAGING = http([STAGING], ['GET'], ['/issues/**'])
const mcp = (more: Record<string, JsonValue>): JsonValue => [
  { type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'], ...more },
]
const TOOL = { read: `sha-256:${'A'.repeat(43)}`, erase: `sha-256:${'A'.repeat(43)}` }
const permit = (action: string, rest = ''): string =>
  `permit (principal, action == Action::"${action}", resource) ${rest};\n`
const forbid = (actions: string, condition: string): string =>
  `forbid (principal, action in [${actions}], resource is HttpPart) when { ${condition} };\n`
const LESS_THAN_TWO = 'Action::"approve-enrolled", Action::"ask-one"'
const ANYTHING = 'permit (principal, action, resource);\n'

describe('what a policy makes of a request', () => {
  test('is the least demanding action that it permits', () => {
    const two = permit('ask-two')
    const one = two + permit('ask-one')
    const enrolled = one + permit('approve-enrolled')
    const capabilities = READ_STAGING
    expect(decide({ policy: two, capabilities })).toBe('ask-two')
    expect(decide({ policy: one, capabilities })).toBe('ask-one')
    expect(decide({ policy: enrolled, capabilities })).toBe('approve-enrolled')
  })

  test('is a refusal where nothing is permitted', () => {
    const policy = permit('ask-one', `when { resource.location == "${PROD}" }`)
    expect(evaluate({ policy, capabilities: READ_STAGING }).decided).toEqual({
      id: 'p',
      digest: expect.stringMatching(/^sha-256:/u),
      decision: 'refuse',
    })
  })

  test('is never the word of an enrolment that does not cover what is asked', () => {
    const about = { enrolled: true, covered: false }
    const capabilities = READ_STAGING
    expect(decide({ policy: ANYTHING, capabilities, about })).toBe('ask-one')
    expect(decide({ policy: permit('approve-enrolled'), capabilities, about })).toBe('refuse')
  })

  test.each([
    ['location', `resource.location == "${PROD}"`],
    ['action', 'resource.action == "DELETE"'],
    ['path', 'resource.overlaps.contains("/admin/**")'],
    ['path and action', 'resource.overlaps.contains("/issues/**") && resource.action == "POST"'],
  ])('is not touched by a prohibition about another %s', (_name, condition) => {
    const policy = permit('ask-one') + forbid(`${LESS_THAN_TWO}, Action::"ask-two"`, condition)
    expect(decide({ policy, capabilities: READ_STAGING })).toBe('ask-one')
  })

  test('is over several parts the strictest', () => {
    const policy =
      ANYTHING +
      forbid('Action::"approve-enrolled"', `resource.location == "${PROD}"`) +
      forbid(LESS_THAN_TWO, 'resource.action == "PUT"') +
      forbid(`${LESS_THAN_TWO}, Action::"ask-two"`, 'resource.action == "DELETE"')
    const decisions = [
      http([STAGING], ['GET'], ['/x']),
      http([STAGING, PROD], ['GET'], ['/x']),
      http([STAGING, PROD], ['GET', 'PUT'], ['/x']),
      http([STAGING], ['GET', 'PUT', 'DELETE'], ['/x']),
    ].map((capabilities) => decide({ policy, capabilities }))
    expect(decisions).toEqual(['approve-enrolled', 'ask-one', 'ask-two', 'refuse'])
  })

  test('cannot hide a forbidden path behind an allowed or a wider one', () => {
    const policy =
      ANYTHING +
      'forbid (principal, action, resource is HttpPart) when { resource.overlaps.contains("/projects/*/issues/*/close") };'
    for (const path of [
      '/projects/**',
      '/**',
      '/projects/a/issues/7/close',
      '/projects/*/issues/7/*',
      '/*/*/*/*/close',
    ]) {
      expect(decide({ policy, capabilities: http([STAGING], ['POST'], ['/x', path]) })).toBe('refuse')
    }
    expect(decide({ policy, capabilities: http([STAGING], ['POST'], ['/projects/*/issues']) })).toBe(
      'approve-enrolled',
    )
  })

  test('permits no more than the paths that a rule names', () => {
    const policy =
      'permit (principal, action, resource is HttpPart) when { resource.within.contains("/issues/**") };'
    const decisions = ['/issues/7', '/issues/**', '/issues', '/**', '/*/7'].map((path) =>
      decide({ policy, capabilities: http([STAGING], ['GET'], [path]) }),
    )
    expect(decisions).toEqual(['approve-enrolled', 'approve-enrolled', 'refuse', 'refuse', 'refuse'])
  })

  test('knows one tool from another, and calls of MCP from requests', () => {
    const policy = `${permit('ask-one')}forbid (principal, action, resource is McpPart) when { resource.tool == "erase" };`
    expect(decide({ policy, capabilities: mcp({ tools: { read: TOOL.read } }) })).toBe('ask-one')
    expect(decide({ policy, capabilities: mcp({ tools: TOOL }) })).toBe('refuse')
    expect(decide({ policy, capabilities: mcp({ actions: ['tools/list'] }) })).toBe('ask-one')
    const onlyHttp = 'permit (principal, action, resource is HttpPart);'
    expect(decide({ policy: onlyHttp, capabilities: mcp({}) })).toBe('refuse')
  })

  test('a request with more combinations than a person could mean is refused', () => {
    const many = (count: number, prefix: string): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`)
    const tooMany = expect.objectContaining({ code: 'input_invalid', field: 'capabilities' })
    const parts = http(many(17, 'https://h.test/'), many(16, 'A'), many(16, '/p'))
    expect(() => decide({ policy: ANYTHING, capabilities: parts })).toThrow(tooMany)
    const different = http(many(17, 'https://h.test/'), many(16, 'A'), ['/p'])
    expect(() => decide({ policy: ANYTHING, capabilities: different })).toThrow(tooMany)
    // Paths that no rule tells apart are decided about once.
    expect(decide({ policy: ANYTHING, capabilities: http([STAGING], ['GET'], many(1000, '/p')) })).toBe(
      'approve-enrolled',
    )
  })
})

describe('what a policy may ask about', () => {
  const onlyWhen = (condition: string): string => permit('ask-one', `when { ${condition} }`)

  test.each<[string, string, Omit<Question, 'policy' | 'capabilities'>]>([
    ['the agent', `principal == Agent::"${AGENT}"`, {}],
    ['whether it is enrolled', 'principal.enrolled', {}],
    ['how long it is known', 'context.time.epoch - principal.firstSeen == 60', {}],
    ['the principal', 'context.onBehalfOf.id == "alice"', {}],
    [
      'a role',
      'context.onBehalfOf has role && context.onBehalfOf.role == "r"',
      { terms: { onBehalfOf: { id: 'a', role: 'r' } } },
    ],
    [
      'a tenant',
      'context.onBehalfOf has tenant && context.onBehalfOf.tenant == "t"',
      { terms: { onBehalfOf: { id: 'a', tenant: 't' } } },
    ],
    ['the time it is for', 'context.seconds <= 600', {}],
    ['the uses', 'context.maxUses == 5', { terms: { maxUses: 5 } }],
    ['uses without end', 'context.maxUses > 1000000', {}],
    ['the depth', 'context.maxDelegationDepth == 2', { terms: { maxDelegationDepth: 2 } }],
    [
      'the workflow',
      'context has workflow && context.workflow.id == "w" && context.workflow has run',
      { terms: { workflow: { id: 'w', run: '1' } } },
    ],
    ['the hour', 'context.time.hour == 21 && context.time.minute == 30', {}],
    ['the hour in a zone', 'context.time.hour == 22', { zone: 'Europe/Berlin' }],
    ['the day', 'context.time.weekday == Weekday::"sat"', {}],
    ['the day in a zone', 'context.time.weekday == Weekday::"sun"', { zone: 'Asia/Tokyo' }],
  ])('%s', (_name, condition, question) => {
    expect(
      decide({
        policy: onlyWhen(condition),
        capabilities: READ_STAGING,
        about: NOT_ENROLLED,
        ...question,
        ...(condition === 'principal.enrolled' && { about: { enrolled: true, covered: false } }),
      }),
    ).toBe('ask-one')
    expect(
      decide({
        policy: onlyWhen(`!(${condition})`),
        capabilities: READ_STAGING,
        about: NOT_ENROLLED,
        ...question,
        ...(condition === 'principal.enrolled' && { about: { enrolled: true, covered: false } }),
      }),
    ).toBe('refuse')
  })

  const amount = (constraint: JsonValue, place = 'body'): JsonValue =>
    http([STAGING], ['POST'], ['/payments'], { [place]: { amount: constraint } })

  test.each<[string, JsonValue, string]>([
    ['a maximum', amount({ maximum: 100 }), 'at 100'],
    ['a maximum in parts, rounded up', amount({ maximum: 99.2 }), 'at 100'],
    ['the greatest of a list', amount({ enum: [5, 100, 7] }), 'at 100'],
    ['the lesser of list and maximum', amount({ enum: [5, 500], maximum: 100 }), 'at 100'],
    ['one value', amount({ const: 100 }), 'at 100'],
    ['a text that spells a number', amount({ const: '100' }), 'at 100'],
    ['no maximum', amount({ minimum: 1 }), 'more'],
    ['a text that spells none', amount({ enum: [5, 'all'] }), 'more'],
    ['no constraint at all', http([STAGING], ['POST'], ['/payments']), 'more'],
    ['a constraint elsewhere', amount({ maximum: 5 }, 'query'), 'more'],
    ['a closed map without it', http([STAGING], ['POST'], ['/payments'], { body: {} }), 'not sent'],
    ['a maximum below zero that rounds to it', amount({ maximum: -0.5 }), 'less'],
    ['a maximum beyond whole numbers', amount({ maximum: 1e300 }), 'more'],
  ])('the greatest amount: %s', (_name, capabilities, expected) => {
    const tag = 'resource.hasTag("body.amount")'
    const policy =
      permit('ask-two', `when { ${tag} && resource.getTag("body.amount") <= 99 }`) +
      permit('ask-one', `when { ${tag} && resource.getTag("body.amount") == 100 }`) +
      permit('approve-enrolled', `when { ${tag} && resource.getTag("body.amount") > 100 }`)
    const words = { 'ask-two': 'less', 'ask-one': 'at 100', 'approve-enrolled': 'more', refuse: 'not sent' }
    expect(words[evaluate({ policy, capabilities }).decided.decision]).toBe(expected)
  })

  test('the greatest argument of a tool', () => {
    const policy = permit(
      'ask-one',
      'when { resource.hasTag("arguments.amount") && resource.getTag("arguments.amount") <= 5 }',
    )
    const capped = { arguments: { amount: { maximum: 5 } } }
    expect(decide({ policy, capabilities: mcp({ tools: TOOL, constraints: capped }) })).toBe('ask-one')
    expect(decide({ policy, capabilities: mcp({ tools: TOOL }) })).toBe('refuse')
    expect(decide({ policy, capabilities: amount({ maximum: 5 }) })).toBe('refuse')
  })
})

test('what is told about a request agrees with the schema that policies are held to', () => {
  const text =
    'permit (principal, action, resource) when { resource.hasTag("body.a") || resource.hasTag("arguments.a") };'
  const policy = parsePolicy({ id: 'p', files: [{ name: 'p.cedar', text }] })
  const some = (value: JsonValue): readonly JsonValue[] => (Array.isArray(value) ? value : [])
  const asked = [
    ...some(READ_STAGING),
    ...some(mcp({ tools: TOOL })),
    ...some(mcp({ actions: ['tools/list'] })),
  ]
  const capabilities = checkCapabilities(asked, 'capabilities')
  const question = {
    agent: AGENT,
    terms: {
      onBehalfOf: { id: 'alice', role: 'r', tenant: 't' },
      capabilities,
      validForSeconds: 600,
      maxUses: 1,
      maxDelegationDepth: 1,
      workflow: { id: 'w', run: '1' },
    },
    ...NOT_ENROLLED,
    firstSeen: NIGHT,
    now: NIGHT,
  }
  for (const facts of splitCapabilities(capabilities, policy)) {
    const { preparsedPolicySetId: _, ...call } = createPolicyCall(policy, question, facts)
    const answer = isAuthorized({
      ...call,
      action: { type: 'Action', id: 'ask-one' },
      policies: { staticPolicies: text },
      schema: POLICY_SCHEMA,
      validateRequest: true,
    })
    expect(answer).toMatchObject({ type: 'success', response: { decision: 'allow' } })
  }
})

describe('why it was decided so', () => {
  const policy = `
    @id("all") permit (principal, action, resource);
    @id("people") @reason("A person looks at writing")
    forbid (principal, action == Action::"approve-enrolled", resource) when { resource.action != "GET" };
    @id("silent") forbid (principal, action, resource) when { resource.action == "DELETE" };
    @id("loud") @reason("Nothing is deleted by agents")
    forbid (principal, action, resource) when { resource.action == "DELETE" };`
  const ask = (...actions: string[]): PolicyEvaluation =>
    evaluate({ policy, capabilities: http([PROD], actions, ['/x']) })

  test('is told by the prohibition of less, with its words', () => {
    expect(ask('GET', 'POST').decided).toMatchObject({
      decision: 'ask-one',
      rule: 'people',
      reason: 'A person looks at writing',
    })
    expect(ask('GET', 'POST', 'DELETE').decided).toMatchObject({
      decision: 'refuse',
      rule: 'silent',
      reason: 'Nothing is deleted by agents',
    })
  })

  test('is told by the permission where nothing forbade less', () => {
    expect(ask('GET').decided).toMatchObject({ decision: 'approve-enrolled', rule: 'all' })
  })

  test('is told for each part', () => {
    expect(ask('GET', 'DELETE').parts).toEqual([
      {
        part: { type: 'http', location: PROD, action: 'GET', path: '/x' },
        decision: 'approve-enrolled',
        rules: ['all'],
      },
      {
        part: { type: 'http', location: PROD, action: 'DELETE', path: '/x' },
        decision: 'refuse',
        rules: ['silent', 'loud'],
        reason: 'Nothing is deleted by agents',
      },
    ])
  })
})

describe('not knowing is refusing', () => {
  test('where a prohibition cannot be evaluated', () => {
    // The sum is beyond what Cedar counts to, so the rule that would forbid fails, and Cedar itself would permit.
    const policy = `${ANYTHING}forbid (principal, action, resource) when { context.maxUses * context.maxUses > 5 };`
    const { decided } = evaluate({ policy, capabilities: READ_STAGING })
    expect(decided).toMatchObject({
      decision: 'refuse',
      reason: expect.stringContaining('could not be evaluated'),
    })
    const bounded = evaluate({ policy, capabilities: READ_STAGING, terms: { maxUses: 2 } })
    expect(bounded.decided.decision).toBe('approve-enrolled')
  })

  test('where the policy is not there any more', () => {
    const policy = parsePolicy({ id: 'p', files: [{ name: 'p.cedar', text: ANYTHING }] })
    const { decided } = evaluatePolicy(
      { ...policy, digest: 'sha-256:gone' },
      {
        agent: AGENT,
        terms: {
          onBehalfOf: { id: 'alice' },
          capabilities: checkCapabilities(READ_STAGING, 'capabilities'),
          validForSeconds: 600,
          maxDelegationDepth: 0,
        },
        enrolled: true,
        covered: true,
        firstSeen: NIGHT,
        now: NIGHT,
      },
    )
    expect(decided.decision).toBe('refuse')
  })
})

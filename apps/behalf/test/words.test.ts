import { parseCapabilities } from '@behalf/credential'
import type { DelegationRequest } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { describeCapabilities } from '../src/capability-words.ts'
import { explainCode } from '../src/code-help.ts'
import { describeRequest } from '../src/request-words.ts'
import { describeSeconds, formatTime } from '../src/time-words.ts'
import { describeRecord } from '../src/trace/record-words.ts'

const NOW = Date.UTC(2030, 0, 15, 12)

describe('a record in words', () => {
  test('tells of an exchange for a token, and hides what could deceive', () => {
    const record = {
      v: 1,
      type: 'token_exchanged',
      time: '2030-01-15T12:00:00.000Z',
      subject: 'did:key:z6MkAgent',
      audience: 'https://api.example',
      jti: 'urn:uuid:1\u202e',
      delegation: 'urn:uuid:2',
      valid_until: '2030-01-15T12:01:00.000Z',
    } as const
    const { title, details } = describeRecord(record, () => 'somebody')
    expect(title).toBe('did:key:z6MkAgent exchanged its delegation for a token for https://api.example')
    expect(details).toEqual([
      expect.stringMatching(/^token urn:uuid:1[^\u202e]*, until 2030-01-15T12:01:00.000Z$/u),
      'under urn:uuid:2',
    ])
  })
})

describe('capabilities in plain words', () => {
  test('name methods, paths and places', () => {
    const capabilities = parseCapabilities([
      {
        type: 'http',
        locations: ['https://a.example', 'https://b.example'],
        actions: ['GET', 'POST'],
        paths: ['/x', '/y/**'],
      },
    ])
    expect(describeCapabilities(capabilities)).toEqual([
      'GET, POST on /x, /y/** at https://a.example, https://b.example',
    ])
  })

  test('name every constraint', () => {
    const capabilities = parseCapabilities([
      {
        type: 'http',
        locations: ['https://a.example'],
        actions: ['POST'],
        paths: ['/pay'],
        constraints: { body: { amount: { maximum: 50 } }, query: {} },
      },
    ])
    expect(describeCapabilities(capabilities)).toEqual([
      'POST on /pay at https://a.example',
      '  only with body {"amount":{"maximum":50}}',
      '  only with query {}',
    ])
  })

  test('name the tools, and say when there is none', () => {
    const digest = `sha-256:${'A'.repeat(43)}`
    const mcp = { type: 'mcp', locations: ['https://m.example/mcp'], actions: ['tools/call'] }
    expect(describeCapabilities(parseCapabilities([{ ...mcp, tools: { search: digest } }, mcp]))).toEqual([
      'tools/call on the tools search at https://m.example/mcp',
      'tools/call on no tool at https://m.example/mcp',
    ])
  })

  test('say that an unknown type grants nothing, and show it safely', () => {
    const [line] = describeCapabilities(parseCapabilities([{ type: 'future', what: 'a\u202eb' }]))
    expect(line).toContain('does not understand, which grants nothing')
    expect(line).not.toContain('\u202e')
  })

  test('say when nothing is allowed', () => {
    expect(describeCapabilities([])).toEqual(['nothing at all'])
    expect(
      describeCapabilities(parseCapabilities([{ type: 'http', locations: [], actions: [], paths: [] }])),
    ).toEqual(['nothing on nothing at nothing'])
  })
})

describe('a request in plain words', () => {
  const request: DelegationRequest = {
    id: 'request-1',
    version: 1,
    status: 'pending',
    agent: 'did:key:z6MkAgent',
    agentName: 'Invoice\u202ecod.exe',
    onBehalfOf: { id: 'alice', role: 'editor', tenant: 'acme' },
    capabilities: parseCapabilities([
      { type: 'http', locations: ['https://a.example'], actions: ['GET'], paths: ['/x'] },
    ]),
    validForSeconds: 600,
    maxUses: 3,
    maxDelegationDepth: 1,
    purpose: 'read\n\n\n  wants to\n    nothing dangerous\u001b[2J',
    workflow: { id: 'triage', run: 'r-1' },
    expiresAt: NOW + 90_000,
  }

  test('says who asks, for whom, for what, for how long', () => {
    const text = describeRequest(request, NOW).join('\n')
    expect(text).toContain('agent (its key)  did:key:z6MkAgent')
    expect(text).toContain('runs as          it did not prove where')
    expect(text).toContain('on behalf of     alice as editor in acme')
    expect(text).toContain('    GET on /x at https://a.example')
    expect(text).toContain('for              10 min')
    expect(text).toContain('uses             3')
    expect(text).toContain('handing on       up to 1 time')
    expect(text).toContain('workflow         triage, run r-1')
    expect(text).toContain('decide within    1 min 30 s')
  })

  test('says where it was proven to run, by whose word, and hides nothing of it', () => {
    const agentWorkload = {
      type: 'jwt',
      issuer: 'https://cluster.example',
      subject: 'system:\u202ebilling',
      claims: { namespace: 'prod', 'run\u001b[2J': '7' },
      validUntil: NOW + 60_000,
    } as const
    const lines = describeRequest({ ...request, agentWorkload }, NOW)
    expect(lines.slice(2, 4)).toEqual([
      expect.stringMatching(
        /^ {2}runs as {10}system:.*billing, says https:\/\/cluster\.example, until 2030-01-15T12:01:00Z$/u,
      ),
      expect.stringMatching(/^ {19}namespace=prod run.*=7$/u),
    ])
    expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Cf}/u)
  })

  test("marks the agent's own words, on one line, without what moves or hides text", () => {
    const lines = describeRequest(request, NOW)
    expect(lines).toContain('  its own name     "Invoicecod.exe"')
    expect(lines).toContain('  its own purpose  "read   wants to     nothing dangerous[2J"')
    expect(lines.filter((line) => line.includes('careful: this text contained'))).toHaveLength(2)
    expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Cf}/u)
  })

  test('says what is unlimited or not allowed when nothing is said', () => {
    const { maxUses: _uses, maxDelegationDepth: _depth, validForSeconds: _seconds, ...rest } = request
    const { agentName: _name, workflow: _workflow, ...bare } = rest
    const text = describeRequest({ ...bare, onBehalfOf: { id: 'alice' } }, NOW).join('\n')
    expect(text).toContain('uses             as many as it likes')
    expect(text).toContain('handing on       not allowed')
    expect(text).toContain("for              the authority's usual time")
    expect(text).not.toContain('its own name')
    expect(text).not.toContain('workflow')
  })
})

describe('times', () => {
  test.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3661, '1 h 1 min'],
    [86_400, '1 d'],
    [90_061, '1 d 1 h'],
  ])('%s seconds are %s', (seconds, words) => {
    expect(describeSeconds(seconds)).toBe(words)
  })

  test('are RFC 3339 in UTC to the second', () => {
    expect(formatTime(NOW + 999)).toBe('2030-01-15T12:00:00Z')
  })
})

describe('a code', () => {
  test('has a meaning and a next step', () => {
    expect(explainCode('scope_exceeded')).toEqual({
      meaning: 'the delegation does not allow this request',
      next: 'ask for a delegation that covers this: behalf request',
    })
  })

  test('of an ambiguous target blames nothing that is allowed', () => {
    expect(explainCode('target_ambiguous').next).not.toContain('//')
  })

  test.each([
    'signature_missing',
    'signature_malformed',
    'signature_ambiguous',
    'parameter_missing',
    'tag_mismatch',
    'nonce_invalid',
    'digest_missing',
    'digest_unsupported',
    'context_unsupported',
    'resolution_invalid',
  ])('that this tool should never cause says what to do, too: %s', (code) => {
    const { meaning, next } = explainCode(code)
    expect(meaning).not.toBe(explainCode('no_such_code').meaning)
    expect(next).toMatch(/report|proxy|inspect|check/)
  })

  test.each(['brand_new_code', 'constructor', '__proto__'])(
    'that is not known has words that hold: %s',
    (code) => {
      expect(explainCode(code).meaning).toBe('the request was refused')
    },
  )
})

import { canonicalizeJson, digestSha256, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { CURRENT_RENDERER, fingerprintAgent, parseCapabilities, renderDelegation } from '../src/index.ts'
import { agent, issuer, NOW } from './support/actors.ts'
import { rootPayload, withMember } from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

const DIGEST = `sha-256:${'A'.repeat(43)}`
const HTTP = { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues'] }
const MCP = { type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'] }

/** The one sentence about one capability. */
function sentenceOf(capability: JsonObject): string | undefined {
  const { sentences } = renderDelegation(rootPayload({ capabilities: parseCapabilities([capability]) }))
  return sentences.find((sentence) => /^It (?:may (?!act|make|pass|not)|asks)/u.test(sentence))
}

describe('a delegation in sentences', () => {
  test('says everything, in order', () => {
    const payload = rootPayload({
      onBehalfOf: { id: 'alice', role: 'editor', tenant: 'acme' },
      workflow: { id: 'triage', run: '42' },
      purpose: 'Sum up the open issues',
      maxUses: 100,
      maxDelegationDepth: 1,
      policy: { id: 'house', digest: DIGEST, decision: 'ask-one' },
    })
    expect(renderDelegation(payload)).toEqual({
      version: 1,
      sentences: [
        `The agent is whoever holds the key ${agent(0).did}, whose fingerprint is ${fingerprintAgent(agent(0).did)}.`,
        'It acts on behalf of "alice" in the role "editor" of "acme".',
        'It works on the workflow "triage", run "42".',
        'It says that its purpose is "Sum up the open issues".',
        'It may read (GET) or send to (POST) "/v1/" and everything below it at "https://api.test", with any content.',
        'This holds from 2026-11-24 11:59:00 UTC to 2026-11-24 12:10:00 UTC: 11 minutes.',
        'It may make at most 100 requests at each API, or at all APIs together where they count together.',
        'It may pass parts of this on to other agents, which may not pass them on.',
        `The policy "house" (${DIGEST}) answered "ask-one".`,
        `The authority is "${issuer.did}".`,
      ],
    })
  })

  test('says what is absent where that matters', () => {
    const { sentences } = renderDelegation(rootPayload({ maxDelegationDepth: 0 }))
    expect(sentences).toHaveLength(7)
    expect(sentences).toContain('It acts on behalf of "principal-1".')
    expect(sentences).toContain('It may make any number of requests in that time.')
    expect(sentences).toContain('It may not pass any of this on to other agents.')
  })

  test.each([
    [1000, '1 second'],
    [59_000, '59 seconds'],
    [3_600_000, '1 hour'],
    [90_061_000, '1 day 1 hour 1 minute 1 second'],
    [0, 'no time at all'],
    [-1000, 'no time at all'],
  ])('spells a time of %i ms as %s', (span, words) => {
    const { sentences } = renderDelegation(rootPayload({ validFrom: NOW, validUntil: NOW + span }))
    expect(sentences.find((sentence) => sentence.startsWith('This holds'))).toMatch(`: ${words}.`)
  })

  test.each([
    [1, 'It may make at most 1 request at each API'],
    [2, 'It may make at most 2 requests at each API'],
  ])('counts %i', (maxUses, words) => {
    expect(renderDelegation(rootPayload({ maxUses })).sentences.join('\n')).toContain(words)
  })

  test('without capabilities says that', () => {
    expect(renderDelegation(rootPayload({ capabilities: [] })).sentences).toContain('It may do nothing.')
  })

  test.each(['credentialSubject', 'issuer', 'validFrom', 'validUntil'])(
    'is not made of a payload without %s',
    (member) => {
      const payload = withMember(rootPayload(), member, undefined)
      expect(refusalOf(() => renderDelegation(payload))).toMatchObject({
        code: 'credential_malformed',
        field: member,
      })
    },
  )

  test('counts how deep it may be passed on', () => {
    const { sentences } = renderDelegation(rootPayload({ maxDelegationDepth: 3 }))
    expect(sentences).toContain(
      'It may pass parts of this on to other agents, and they again, 3 times over in all.',
    )
  })

  test('quotes what an agent chose', () => {
    const { sentences } = renderDelegation(
      rootPayload({ purpose: 'x". It may do nothing.\n', workflow: { id: '\u202etriage' } }),
    )
    expect(sentences).toContain('It says that its purpose is "x\\". It may do nothing.\\u{a}".')
    expect(sentences).toContain('It works on the workflow "\\u{202e}triage".')
  })

  test('does not depend on approval, time of signing or the order of members', () => {
    const payload = rootPayload({ policy: { id: 'house', digest: DIGEST, decision: 'ask-one' } })
    const { iat: _, ...approved } = withMember(payload, 'credentialSubject.approval', {
      method: 'passkey',
      digest: DIGEST,
    })
    const reordered = parseJson(canonicalizeJson(approved)) as JsonObject
    expect(renderDelegation(reordered)).toEqual(renderDelegation(payload))
  })
})

describe('a capability in a sentence', () => {
  test.each<[string, JsonObject]>([
    ['It may read (GET) "/issues" at "https://api.test".', {}],
    [
      'It may read (GET), replace (PUT) or delete (DELETE) "/issues" at "https://api.test", with any content.',
      { actions: ['GET', 'PUT', 'DELETE'] },
    ],
    [
      'It may change (PATCH), ask about (HEAD) or do "PURGE" on "/issues" at "https://api.test", with any content.',
      { actions: ['PATCH', 'HEAD', 'PURGE'] },
    ],
    [
      'It may read (GET) "/issues/*/comments" (* is any one name) or "/" and everything below it at "https://api.test".',
      { paths: ['/issues/*/comments', '/**'] },
    ],
    [
      'It may read (GET) "/issues" at "https://api.test" or "https://b.test".',
      { locations: ['https://api.test', 'https://b.test'] },
    ],
    ['It may replace (PUT) "/issues" at "https://api.test", with any content.', { actions: ['PUT'] }],
    ['It may delete (DELETE) "/issues" at "https://api.test", with any content.', { actions: ['DELETE'] }],
    ['It may do nothing at an API: a list of this permission is empty.', { actions: [] }],
    ['It may do nothing at an API: a list of this permission is empty.', { paths: [] }],
    ['It may do nothing at an API: a list of this permission is empty.', { locations: [] }],
  ])('%s', (sentence, changes) => {
    expect(sentenceOf({ ...HTTP, ...changes })).toBe(sentence)
  })

  test.each<[string, JsonObject]>([
    [
      'with a JSON body of nothing but "text" (at most 500 characters)',
      { body: { text: { maxLength: 500 } } },
    ],
    ['with an empty JSON object as its body', { body: {} }],
    ['without a query, with any content', { query: {} }],
    [
      'with a query of nothing but "a" (any value) and "b" (exactly "x"), with any content',
      { query: { b: { const: 'x' }, a: {} } },
    ],
    [
      'with a JSON body of nothing but "n" (only 1, true, null or "1", at least 0.5, at most 10)',
      { body: { n: { maximum: 10, minimum: 0.5, enum: [1, true, null, '1'] } } },
    ],
    ['with a JSON body of nothing but "n" (no value at all)', { body: { n: { enum: [] } } }],
    ['with a JSON body of nothing but "n" (beginning with "ab\\"")', { body: { n: { prefix: 'ab"' } } }],
    [
      'only on Monday or Sunday from 09:00 to 17:00 on the clocks of "Europe/Berlin", with any content',
      { time: [{ zone: 'Europe/Berlin', days: ['mon', 'sun'], from: '09:00', to: '17:00' }] },
    ],
    [
      'only on any day from 00:00 to 24:00 on the clocks of "UTC" or on no day from 00:00 to 01:00 on the clocks of "UTC", with any content',
      {
        time: [
          { zone: 'UTC', from: '00:00', to: '24:00' },
          { zone: 'UTC', days: [], from: '00:00', to: '01:00' },
        ],
      },
    ],
    [
      'only on Tuesday, Wednesday, Thursday, Friday or Saturday from 09:00 to 17:00 on the clocks of "UTC", with any content',
      { time: [{ zone: 'UTC', days: ['tue', 'wed', 'thu', 'fri', 'sat'], from: '09:00', to: '17:00' }] },
    ],
    [
      'only on any day from 00:00 to 24:00 on the clocks of "UTC" under the unknown rule "{\\"a\\":1}" under the unknown rule "{\\"b\\":2}", with any content',
      { time: [{ zone: 'UTC', from: '00:00', to: '24:00', b: 2, a: 1 }] },
    ],
    ['at no time, with any content', { time: [] }],
    ['under the unknown rule "{\\"moon\\":\\"full\\"}", with any content', { moon: 'full' }],
    [
      'with a JSON body of nothing but "n" (at least 1, the unknown rule "{\\"regex\\":\\".*\\"}")',
      { body: { n: { regex: '.*', minimum: 1 } } },
    ],
    [
      'only on any day from 00:00 to 24:00 on the clocks of "UTC" under the unknown rule "{\\"until\\":1}", with any content',
      { time: [{ zone: 'UTC', from: '00:00', to: '24:00', until: 1 }] },
    ],
  ])('is limited: %s', (limits, constraints) => {
    const sentence = sentenceOf({ ...HTTP, actions: ['POST'], constraints })
    expect(sentence).toBe(`It may send to (POST) "/issues" at "https://api.test", ${limits}.`)
  })

  test.each<[string, JsonObject]>([
    ['It may use the MCP methods "tools/call" at "https://mcp.test/mcp", calling no tool.', {}],
    ['It may use the MCP methods "tools/list" at "https://mcp.test/mcp".', { actions: ['tools/list'] }],
    [
      'It may use the MCP methods "tools/list" and "prompts/list" at "https://mcp.test/mcp".',
      { actions: ['tools/list', 'prompts/list'] },
    ],
    ['It may do nothing at an MCP server: a list of this permission is empty.', { actions: [] }],
    [
      'It may use the MCP methods "tools/call" at "https://mcp.test/mcp", calling no other tools than "a" and "b", as they are defined now.',
      { tools: { b: DIGEST, a: DIGEST } },
    ],
    [
      'It may use the MCP methods "tools/call" at "https://mcp.test/mcp", calling no other tools than "a", as they are defined now, with no other arguments than "p" (only "ACME").',
      { tools: { a: DIGEST }, constraints: { arguments: { p: { enum: ['ACME'] } } } },
    ],
    [
      'It may use the MCP methods "tools/call" at "https://mcp.test/mcp", calling no tool, without arguments.',
      { constraints: { arguments: {} } },
    ],
    ['It may do nothing at an MCP server: a list of this permission is empty.', { locations: [] }],
  ])('%s', (sentence, changes) => {
    expect(sentenceOf({ ...MCP, ...changes })).toBe(sentence)
  })

  test('of an unknown type says that it allows nothing', () => {
    expect(sentenceOf({ type: 'sorcery', power: 'all' })).toBe(
      'It asks for something of an unknown type, which allows nothing: "{\\"power\\":\\"all\\",\\"type\\":\\"sorcery\\"}".',
    )
  })
})

describe('the renderer', () => {
  // A changed sentence would make what people approved before unprovable: a new renderer stands beside the old one.
  test('of version 1 says for ever what it said first', () => {
    const capabilities = parseCapabilities([
      { ...HTTP, actions: ['GET', 'POST'], paths: ['/a/*', '/b/**'] },
      {
        ...HTTP,
        constraints: { query: { q: { prefix: 'x', maxLength: 3 } }, body: { n: { minimum: 1 } }, time: [] },
      },
      { ...MCP, tools: { t: DIGEST }, constraints: { arguments: {} } },
      { type: 'other' },
    ] satisfies JsonValue)
    const payload = rootPayload({
      capabilities,
      maxUses: 3,
      purpose: 'é\u202e"',
      workflow: { id: 'w', run: 'r' },
    })
    expect(digestSha256(canonicalizeJson(renderDelegation(payload, 1)))).toBe(
      'sha-256:BPWmhJP86J5qQeFsmvft2V7ppZ42AXMEewfE7N_mw5g',
    )
    expect(CURRENT_RENDERER).toBe(1)
  })

  test('of a version that does not exist is refused', () => {
    expect(codeOf(() => renderDelegation(rootPayload(), 2))).toBe('credential_malformed')
  })

  test('refuses what is no root', () => {
    expect(codeOf(() => renderDelegation(withMember(rootPayload(), 'credentialSubject', 'x')))).toBe(
      'credential_malformed',
    )
    expect(codeOf(() => renderDelegation(withMember(rootPayload(), 'validUntil', 'soon')))).toBe(
      'credential_malformed',
    )
  })
})

test('a fingerprint is 128 bits of the SHA-256 of the key', () => {
  expect(fingerprintAgent(agent(0).did)).toMatch(/^(?:[0-9a-f]{4} ){7}[0-9a-f]{4}$/u)
  expect(fingerprintAgent(agent(1).did)).not.toBe(fingerprintAgent(agent(0).did))
})

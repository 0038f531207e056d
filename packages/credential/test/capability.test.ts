import { digestSha256, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { parseCapabilities, serializeCapabilities } from '../src/index.ts'
import { codeOf } from './support/refusal.ts'

const HTTP: JsonObject = {
  type: 'http',
  locations: ['https://api.test'],
  actions: ['GET'],
  paths: ['/v1/**'],
}
const MCP: JsonObject = {
  type: 'mcp',
  locations: ['https://mcp.test/mcp'],
  actions: ['tools/call'],
  tools: { search_issues: digestSha256('definition') },
  constraints: { arguments: { project: { enum: ['ACME'] } } },
}

const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([member]) => member !== name))
const codeFor = (value: JsonValue): string => codeOf(() => parseCapabilities(value))

describe('parseCapabilities', () => {
  test('accepts none, http and mcp, and writes back what it read', () => {
    const values = [HTTP, MCP, { ...HTTP, constraints: {} }, without(MCP, 'tools')]
    expect(parseCapabilities([])).toEqual([])
    expect(serializeCapabilities(parseCapabilities(values))).toEqual(values)
  })

  test('keeps a type that is not known, whole', () => {
    const value = { type: 'grpc', services: ['a'] }
    expect(parseCapabilities([value])).toEqual([{ type: 'unknown', value }])
    expect(serializeCapabilities(parseCapabilities([value]))).toEqual([value])
    expect(parseCapabilities([{ type: 'unknown' }])).toEqual([
      { type: 'unknown', value: { type: 'unknown' } },
    ])
  })

  test('keeps constraints that are not known', () => {
    const constraints = { ip: ['10.0.0.0/8'], body: { text: { pattern: '^a' } } }
    expect(parseCapabilities([{ ...HTTP, constraints }])).toEqual([{ ...HTTP, constraints }])
  })

  test('empty lists are no rights, not malformed', () => {
    const empty = { type: 'http', locations: [], actions: [], paths: [] }
    expect(parseCapabilities([empty])).toEqual([empty])
  })

  test.each(['constructor', '__proto__', 'toString', 'read', 'READ'])('the action %s is a name', (action) => {
    expect(codeFor([{ ...HTTP, actions: [action] }])).toBe('ok')
  })

  test.each([
    [HTTP, 'type'],
    [HTTP, 'locations'],
    [HTTP, 'actions'],
    [HTTP, 'paths'],
    [MCP, 'locations'],
    [MCP, 'actions'],
  ])('refuses %j without %s', (value, name) => {
    expect(codeFor([without(value, name)])).toBe('credential_malformed')
  })

  test.each<[string, JsonObject]>([
    ['http', { ...HTTP, tools: {} }],
    ['http', { ...HTTP, scope: '*' }],
    ['mcp', { ...MCP, paths: ['/**'] }],
  ])('refuses a member that %s does not define', (_, value) => {
    expect(codeFor([value])).toBe('credential_malformed')
  })

  test.each<[string, JsonValue]>([
    ['a text for the list', '*'],
    ['an object for the list', HTTP],
    ['null', null],
    ['texts as entries', ['read write']],
    ['a type that is no text', [{ ...HTTP, type: 1 }]],
    ['locations as a text', [{ ...HTTP, locations: 'https://api.test' }]],
    ['actions as a text', [{ ...HTTP, actions: '*' }]],
    ['paths as a text', [{ ...HTTP, paths: '/**' }]],
    ['a location that is no URL', [{ ...HTTP, locations: ['api.test/'] }]],
    ['two locations in one', [{ ...HTTP, locations: ['https://a.test https://b.test'] }]],
    ['a location with a look-alike', [{ ...HTTP, locations: ['https://\uff41pi.test'] }]],
    ['a wildcard as action', [{ ...HTTP, actions: ['*'] }]],
    ['two actions in one, spaced', [{ ...HTTP, actions: ['read write'] }]],
    ['two actions in one, by comma', [{ ...HTTP, actions: ['GET,POST'] }]],
    ['a zero-width space in an action', [{ ...HTTP, actions: ['read\u200b'] }]],
    ['an empty action', [{ ...HTTP, actions: [''] }]],
    ['a number as action', [{ ...HTTP, actions: [1] }]],
    ['a path that is no pattern', [{ ...HTTP, paths: ['/v1/**/x'] }]],
    ['an encoded wildcard', [{ ...HTTP, paths: ['/v1/%2A'] }]],
    ['a path as null', [{ ...HTTP, paths: [null] }]],
    ['constraints as a list', [{ ...HTTP, constraints: [] }]],
    ['constraints as null', [{ ...HTTP, constraints: null }]],
    ['a map as a text', [{ ...HTTP, constraints: { body: 'amount' } }]],
    ['a map as null', [{ ...HTTP, constraints: { query: null } }]],
    ['a constraint as a text', [{ ...HTTP, constraints: { body: { amount: '<100' } } }]],
    ['an operand of another type', [{ ...HTTP, constraints: { query: { a: { maximum: '1' } } } }]],
    ['time as an object', [{ ...HTTP, constraints: { time: {} } }]],
    ['a window as a text', [{ ...HTTP, constraints: { time: ['09:00'] } }]],
    ['tools as a list', [{ ...MCP, tools: ['search_issues'] }]],
    ['tools as a list of digests', [{ ...MCP, tools: [digestSha256('definition')] }]],
    ['a tool without a digest', [{ ...MCP, tools: { search_issues: 'any' } }]],
    ['a tool with null', [{ ...MCP, tools: { search_issues: null } }]],
    ['a tool with a look-alike', [{ ...MCP, tools: { 'r\u0435ad': digestSha256('') } }]],
    ['an unused bit in a digest', [{ ...MCP, tools: { a: `sha-256:${'A'.repeat(42)}B` } }]],
  ])('refuses %s', (_, value) => {
    expect(codeFor(value)).toBe('scope_malformed')
  })

  test('names that objects inherit are names like others', () => {
    const text =
      '[{"type":"http","locations":[],"actions":[],"paths":[],"constraints":{"body":{"toString":{}}}}]'
    expect(codeFor(parseJson(text))).toBe('ok')
    expect(codeFor([Object.create({ locations: [] }, {})])).toBe('scope_malformed')
    expect(codeFor([{ type: 'toString' }])).toBe('ok')
  })
})

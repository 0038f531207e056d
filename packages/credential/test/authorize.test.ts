import { digestSha256, encodeUtf8, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  authorize,
  type HttpAccess,
  type McpAccess,
  type McpPreparation,
  parseCapabilities,
} from '../src/index.ts'
import { NOW } from './support/actors.ts'
import { codeOf } from './support/refusal.ts'

const http = (changes: JsonObject = {}): JsonObject => ({
  type: 'http',
  locations: ['https://api.test'],
  actions: ['POST'],
  paths: ['/v1/**'],
  ...changes,
})
const limited = (constraints: JsonObject): JsonObject => http({ constraints })
const request = (changes: Partial<HttpAccess> = {}): HttpAccess => ({
  type: 'http',
  origin: 'https://api.test',
  method: 'POST',
  path: '/v1/items',
  query: '',
  now: NOW,
  ...changes,
})
const withBody = (body: string, contentType = 'application/json'): HttpAccess =>
  request({ body: encodeUtf8(body), contentType })
const decide = (
  capabilities: readonly JsonValue[],
  access: HttpAccess | McpAccess | McpPreparation,
): string => codeOf(() => authorize(parseCapabilities(capabilities), access))

describe('where and what', () => {
  test('returns the first capability that allows the request', () => {
    const capabilities = parseCapabilities([http({ actions: ['GET'] }), http(), http({ paths: ['/**'] })])
    expect(authorize(capabilities, request())).toEqual({ index: 1, capability: capabilities[1] })
  })

  test('no capabilities are no rights', () => {
    expect(decide([], request())).toBe('scope_exceeded')
  })

  test.each([
    ['https://api.test/', 'https://api.test'],
    ['https://api.test:443', 'https://api.test'],
    ['https://API.test', 'https://api.test'],
    ['http://api.test', 'https://api.test'],
    ['https://api.test.evil', 'https://api.test'],
  ])('%s is not %s', (location, origin) => {
    expect(decide([http({ locations: [location] })], request({ origin }))).toBe('audience_mismatch')
  })

  test('an empty list of locations, and a capability of another type, name no origin', () => {
    expect(decide([http({ locations: [] })], request())).toBe('audience_mismatch')
    expect(decide([{ type: 'grpc', locations: ['https://api.test'] }], request())).toBe('audience_mismatch')
    expect(decide([{ type: 'mcp', locations: ['https://api.test'], actions: ['POST'] }], request())).toBe(
      'audience_mismatch',
    )
  })

  test('the audience is told before the scope', () => {
    expect(decide([http({ locations: ['https://b.test'] }), http({ actions: ['GET'] })], request())).toBe(
      'scope_exceeded',
    )
  })

  test.each([
    ['another action', http({ actions: ['GET'] }), {}],
    ['another case', http({ actions: ['post'] }), {}],
    ['no actions', http({ actions: [] }), {}],
    ['HEAD for GET', http({ actions: ['GET'] }), { method: 'HEAD' }],
    ['names that objects inherit', http({ actions: ['constructor', '__proto__', 'toString'] }), {}],
    ['another path', http({ paths: ['/v1/item'] }), {}],
    ['no paths', http({ paths: [] }), {}],
  ])('%s is outside the scope', (_, capability, access) => {
    expect(decide([capability], request(access))).toBe('scope_exceeded')
  })
})

describe('query', () => {
  test('an absent map leaves the query free', () => {
    expect(decide([http()], request({ query: 'a=1&a=2;%61=%zz' }))).toBe('ok')
  })

  test.each([
    ['account=1', 'ok'],
    ['account=1&page=2', 'ok'],
    ['page=2&account=1', 'ok'],
    ['account=2', 'scope_exceeded'],
    ['', 'scope_exceeded'],
    ['page=2', 'scope_exceeded'],
    ['account=1&account=2', 'scope_exceeded'],
    ['account=1&account=1', 'scope_exceeded'],
    ['account=1&%61ccount=2', 'scope_exceeded'],
    ['account=1;account=2', 'scope_exceeded'],
    ['account=1&other=1', 'scope_exceeded'],
    ['account=1&page=11', 'scope_exceeded'],
    ['account=1&page=x', 'scope_exceeded'],
    ['account=1&page=2&page=3', 'scope_exceeded'],
    ['account=1&toString=1', 'scope_exceeded'],
  ])('account is "1" and page at most 10: %s is %s', (query, code) => {
    const capability = limited({ query: { account: { const: '1' }, page: { maximum: 10 } } })
    expect(decide([capability], request({ query }))).toBe(code)
  })

  test('an empty map allows no names', () => {
    expect(decide([limited({ query: {} })], request({ query: '' }))).toBe('ok')
    expect(decide([limited({ query: {} })], request({ query: 'a=1' }))).toBe('scope_exceeded')
  })
})

describe('body', () => {
  const amount = limited({ body: { amount: { minimum: 0, maximum: 100 }, text: { maxLength: 3 } } })

  test('an absent map leaves the body free', () => {
    expect(decide([http()], withBody('{"a":1,"a":2}'))).toBe('ok')
    expect(decide([http()], withBody('not JSON'))).toBe('ok')
  })

  test.each([
    ['{"amount":100}', 'ok'],
    ['{"amount":1e2,"text":"abc"}', 'ok'],
    ['{}', 'ok'],
    ['{"amount":100.5}', 'policy_denied'],
    ['{"amount":-1}', 'policy_denied'],
    ['{"amount":"1"}', 'policy_denied'],
    ['{"amount":1,"other":1}', 'policy_denied'],
    ['{"amount":1,"text":"abcd"}', 'policy_denied'],
    ['{"toString":1}', 'policy_denied'],
    ['{"amount":1,"amount":9999}', 'json_ambiguous'],
    ['{"amount":1,"Amount":9999}', 'json_ambiguous'],
    ['{"amount":1,"__proto__":{"amount":9999}}', 'json_ambiguous'],
    ['{"amount":1e400}', 'json_ambiguous'],
    ['{"amount":9007199254740993}', 'json_ambiguous'],
    ['[{"amount":1}]', 'policy_denied'],
    ['1', 'policy_denied'],
    ['null', 'policy_denied'],
    ['amount=1', 'policy_denied'],
    ["{'amount':1}", 'policy_denied'],
    ['{"amount":1}{"amount":9999}', 'policy_denied'],
    ['\ufeff{"amount":1}', 'policy_denied'],
  ])('amount at most 100: %s is %s', (body, code) => {
    expect(decide([amount], withBody(body))).toBe(code)
  })

  test('no body is a body without names', () => {
    expect(decide([amount], request())).toBe('ok')
    expect(decide([amount], request({ body: new Uint8Array() }))).toBe('ok')
    expect(decide([limited({ body: {} })], request())).toBe('ok')
    expect(decide([limited({ body: { amount: { const: 1 } } })], request())).toBe('policy_denied')
  })

  test('bytes that are not UTF-8 are refused', () => {
    const access = request({ body: Uint8Array.of(0x7b, 0xff, 0x7d), contentType: 'application/json' })
    expect(decide([amount], access)).toBe('policy_denied')
  })

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/JSON;charset="UTF-8"',
    'application/json ; charset=utf-8 ',
    'application/merge-patch+json',
  ])('a body of type %s is read', (type) => {
    expect(decide([amount], withBody('{"amount":1}', type))).toBe('ok')
  })

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'text/json',
    'application/jsonx',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json; profile=x',
    'application/json, text/plain',
    '+json',
    '',
  ])('a body of type %j is denied', (type) => {
    expect(decide([amount], withBody('{"amount":1}', type))).toBe('policy_denied')
  })

  test('a body without a type is denied', () => {
    expect(decide([amount], request({ body: encodeUtf8('{"amount":1}') }))).toBe('policy_denied')
  })
})

describe('time', () => {
  const during = (from: string, to: string): JsonObject => limited({ time: [{ zone: 'UTC', from, to }] })

  test('inside any window', () => {
    expect(decide([during('12:00', '12:01')], request())).toBe('ok')
    expect(decide([during('12:01', '13:00')], request())).toBe('policy_denied')
    expect(decide([limited({ time: [] })], request())).toBe('policy_denied')
    const two = [
      { zone: 'UTC', from: '00:00', to: '01:00' },
      { zone: 'UTC', from: '11:00', to: '13:00' },
    ]
    expect(decide([limited({ time: two })], request())).toBe('ok')
  })

  test('a zone that does not exist here opens nothing, and closes nothing', () => {
    const mars = { zone: 'Mars/Olympus', from: '00:00', to: '24:00' }
    expect(decide([limited({ time: [mars] })], request())).toBe('policy_unknown')
    const open = { zone: 'UTC', from: '00:00', to: '24:00' }
    expect(decide([limited({ time: [mars, open] })], request())).toBe('ok')
  })
})

describe('what is not understood', () => {
  test.each<[string, JsonObject]>([
    ['a constraint', { ip: ['10.0.0.0/8'] }],
    ['a constraint of another type of capability', { arguments: {} }],
    ['an operator in the body', { body: { text: { pattern: '^a' } } }],
    ['an operator in the query', { query: { a: { pattern: '^a' } } }],
    ['a member of a window', { time: [{ zone: 'UTC', from: '00:00', to: '24:00', holidays: false }] }],
  ])('%s denies', (_, constraints) => {
    expect(decide([limited(constraints)], request())).toBe('policy_unknown')
  })

  test('it is told after the scope, and before other constraints', () => {
    expect(decide([limited({ ip: [], query: {} })], request({ path: '/' }))).toBe('scope_exceeded')
    expect(decide([limited({ ip: [], time: [] })], request())).toBe('policy_unknown')
    expect(decide([limited({ ip: [], body: {} })], withBody('{"a":1,"a":2}'))).toBe('policy_unknown')
  })

  test('another capability may still allow the request', () => {
    expect(decide([limited({ ip: [] }), http()], request())).toBe('ok')
  })

  test('otherwise the first refusal is told', () => {
    expect(decide([limited({ time: [] }), limited({ ip: [] })], request())).toBe('policy_denied')
    expect(decide([limited({ ip: [] }), limited({ time: [] })], request())).toBe('policy_unknown')
  })
})

describe('mcp', () => {
  const mcp = (changes: JsonObject = {}): JsonObject => ({
    type: 'mcp',
    locations: ['https://mcp.test/mcp'],
    actions: ['tools/call', 'tools/list'],
    tools: { search: digestSha256('definition') },
    ...changes,
  })
  const call = (changes: Partial<McpAccess> = {}): McpAccess => ({
    type: 'mcp',
    location: 'https://mcp.test/mcp',
    action: 'tools/call',
    tool: 'search',
    now: NOW,
    ...changes,
  })
  const listing: McpAccess = {
    type: 'mcp',
    location: 'https://mcp.test/mcp',
    action: 'tools/list',
    now: NOW,
  }

  test('a pinned tool may be called, and no other', () => {
    expect(decide([mcp()], call())).toBe('ok')
    expect(decide([mcp()], call({ tool: 'delete' }))).toBe('scope_exceeded')
    expect(decide([mcp()], call({ tool: 'toString' }))).toBe('scope_exceeded')
    expect(decide([mcp({ tools: {} })], call())).toBe('scope_exceeded')
    expect(
      decide([{ type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'] }], call()),
    ).toBe('scope_exceeded')
  })

  test('a call names its tool; other methods need none', () => {
    expect(decide([mcp()], listing)).toBe('ok')
    expect(decide([mcp()], { ...listing, action: 'tools/call' })).toBe('scope_exceeded')
    expect(decide([mcp()], { ...listing, action: 'resources/read' })).toBe('scope_exceeded')
  })

  test('what prepares a call needs one of what it prepares, or anything at all', () => {
    const prepare = (...prepares: string[]): McpPreparation => ({
      type: 'mcp',
      location: 'https://mcp.test/mcp',
      prepares,
      now: NOW,
    })
    expect(decide([mcp()], prepare('resources/read', 'tools/call'))).toBe('ok')
    expect(decide([mcp()], prepare('resources/read'))).toBe('scope_exceeded')
    expect(decide([mcp()], prepare())).toBe('scope_exceeded')
    const { prepares: _, ...anything } = prepare()
    expect(decide([mcp()], anything)).toBe('ok')
    expect(decide([mcp()], { ...anything, location: 'https://mcp.test/other' })).toBe('audience_mismatch')
  })

  test('the endpoint is compared as it is', () => {
    expect(decide([mcp()], call({ location: 'https://mcp.test/mcp/' }))).toBe('audience_mismatch')
    expect(decide([http({ locations: ['https://mcp.test/mcp'] })], call())).toBe('audience_mismatch')
  })

  test('arguments, time and what is not understood', () => {
    const capability = mcp({ constraints: { arguments: { project: { enum: ['ACME'] } } } })
    expect(decide([capability], call({ arguments: { project: 'ACME' } }))).toBe('ok')
    expect(decide([capability], call({ arguments: { project: 'OTHER' } }))).toBe('policy_denied')
    expect(decide([capability], call({ arguments: { project: 'ACME', more: 1 } }))).toBe('policy_denied')
    expect(decide([capability], call())).toBe('policy_denied')
    expect(decide([mcp({ constraints: { time: [] } })], call())).toBe('policy_denied')
    expect(decide([mcp({ constraints: { body: {} } })], call())).toBe('policy_unknown')
  })
})

import { digestSha256, type JsonObject } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { type Coverage, coversCapabilities, parseCapabilities } from '../src/index.ts'

const COVERED: Coverage = { covered: true }
const http = (changes: JsonObject = {}): JsonObject => ({
  type: 'http',
  locations: ['https://a.test', 'https://b.test'],
  actions: ['GET', 'POST'],
  paths: ['/a/**', '/b/*'],
  ...changes,
})
const mcp = (changes: JsonObject = {}): JsonObject => ({
  type: 'mcp',
  locations: ['https://mcp.test/mcp'],
  actions: ['tools/call'],
  tools: { search: digestSha256('search'), read: digestSha256('read') },
  ...changes,
})
const compare = (parent: readonly JsonObject[], child: readonly JsonObject[]): Coverage =>
  coversCapabilities(parseCapabilities(parent), parseCapabilities(child))
const refused = (code: 'attenuation_violation' | 'policy_unknown', capability = 0): Coverage => ({
  covered: false,
  code,
  capability,
})

describe('coversCapabilities', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['itself', http(), http()],
    ['one location', http(), http({ locations: ['https://b.test'] })],
    ['no location', http(), http({ locations: [] })],
    ['one action', http(), http({ actions: ['POST'] })],
    ['narrower paths', http(), http({ paths: ['/a/x', '/b/y', '/a/*/z'] })],
    ['no paths', http(), http({ paths: [] })],
    ['a constraint more', http(), http({ constraints: { body: {} } })],
    [
      'a tighter constraint',
      http({ constraints: { query: { a: {} } } }),
      http({ constraints: { query: { a: { const: '1' } } } }),
    ],
    [
      'a name less',
      http({ constraints: { body: { a: {}, b: {} } } }),
      http({ constraints: { body: { a: {} } } }),
    ],
    [
      'a shorter time',
      http({ constraints: { time: [{ zone: 'UTC', from: '09:00', to: '17:00' }] } }),
      http({
        constraints: {
          time: [
            { zone: 'UTC', from: '09:00', to: '10:00' },
            { zone: 'UTC', from: '12:00', to: '13:00' },
          ],
        },
      }),
    ],
    ['no time', http({ constraints: { time: [] } }), http({ constraints: { time: [] } })],
    ['an mcp capability', mcp(), mcp()],
    ['a tool less', mcp(), mcp({ tools: { read: digestSha256('read') } })],
    ['no tools', mcp(), mcp({ tools: {} })],
  ])('%s', (_, parent, child) => {
    expect(compare([parent], [child])).toEqual(COVERED)
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['another location', http(), http({ locations: ['https://c.test'] })],
    ['another action', http(), http({ actions: ['GET', 'DELETE'] })],
    ['a wider path', http(), http({ paths: ['/a/**', '/b/**'] })],
    ['another type', http(), mcp({ locations: ['https://a.test'], actions: ['GET'] })],
    [
      'the other way round',
      mcp({ locations: ['https://a.test'], actions: ['GET'] }),
      http({ locations: ['https://a.test'], actions: ['GET'], paths: [] }),
    ],
    ['no constraints', http({ constraints: { body: {} } }), http()],
    ['another constraint instead', http({ constraints: { body: {} } }), http({ constraints: { query: {} } })],
    ['no query constraint', http({ constraints: { query: {} } }), http({ constraints: {} })],
    ['no time constraint', http({ constraints: { time: [] } }), http({ constraints: {} })],
    ['a name more', http({ constraints: { body: {} } }), http({ constraints: { body: { a: {} } } })],
    [
      'a looser bound',
      http({ constraints: { body: { amount: { maximum: 100 } } } }),
      http({ constraints: { body: { amount: { maximum: 1000 } } } }),
    ],
    [
      'a required name left out',
      http({ constraints: { body: { account: { const: 1 } } } }),
      http({ constraints: { body: {} } }),
    ],
    [
      'a required name made optional',
      http({ constraints: { body: { account: { prefix: 'a' } } } }),
      http({ constraints: { body: { account: { maxLength: 2 } } } }),
    ],
    [
      'a longer time',
      http({ constraints: { time: [{ zone: 'UTC', from: '09:00', to: '17:00' }] } }),
      http({ constraints: { time: [{ zone: 'UTC', from: '09:00', to: '17:01' }] } }),
    ],
    ['a tool more', mcp({ tools: {} }), mcp()],
    [
      'a tool where the parent has none',
      { type: 'mcp', locations: ['https://mcp.test/mcp'], actions: ['tools/call'] },
      mcp(),
    ],
    ['a tool defined anew', mcp(), mcp({ tools: { read: digestSha256('another') } })],
    ['other arguments', mcp({ constraints: { arguments: { a: { const: 1 } } } }), mcp()],
  ])('never %s', (_, parent, child) => {
    expect(compare([parent], [child])).toEqual(refused('attenuation_violation'))
  })

  test('each entry is covered by one of the parent, and the first that is not is told', () => {
    const read = http({ actions: ['GET'] })
    const write = http({ actions: ['POST'], paths: ['/a/x'] })
    expect(compare([read, write], [write, read])).toEqual(COVERED)
    expect(compare([read, write], [read, http()])).toEqual(refused('attenuation_violation', 1))
    expect(compare([], [read])).toEqual(refused('attenuation_violation'))
    expect(compare([read], [])).toEqual(COVERED)
    expect(compare([], [])).toEqual(COVERED)
  })

  test('several entries of the parent together do not cover one: documented, and on the safe side', () => {
    const parent = [http({ actions: ['GET'] }), http({ actions: ['POST'] })]
    expect(compare(parent, [http({ actions: ['GET', 'POST'] })])).toEqual(refused('attenuation_violation'))
  })

  test.each<[string, JsonObject]>([
    ['a type', { type: 'grpc' }],
    ['a constraint', http({ constraints: { foo: 1 } })],
    ['an operator', http({ constraints: { body: { a: { pattern: 'x' } } } })],
    [
      'a member of a window',
      http({ constraints: { time: [{ zone: 'UTC', from: '09:00', to: '10:00', x: 1 }] } }),
    ],
    ['arguments over HTTP', http({ constraints: { arguments: {} } })],
    ['a body over MCP', mcp({ constraints: { body: {} } })],
  ])('%s that is not understood is refused in the child and covers nothing in the parent', (_, unknown) => {
    expect(compare([unknown], [unknown])).toEqual(refused('policy_unknown'))
    expect(compare([http(), mcp(), unknown], [http(), unknown])).toEqual(refused('policy_unknown', 1))
    expect(compare([unknown], [http()])).toEqual(refused('attenuation_violation'))
    expect(compare([unknown, http()], [http()])).toEqual(COVERED)
  })

  test('every name of a map is compared, and every window finds its own', () => {
    const bodies = (parent: JsonObject, child: JsonObject): Coverage =>
      compare([http({ constraints: { body: parent } })], [http({ constraints: { body: child } })])
    expect(bodies({ a: {} }, { a: {}, b: {} })).toEqual(refused('attenuation_violation'))
    expect(bodies({ a: {}, b: { maximum: 1 } }, { a: {}, b: { maximum: 2 } })).toEqual(
      refused('attenuation_violation'),
    )
    const hours = (from: string, to: string): JsonObject => ({ zone: 'UTC', from, to })
    const times = (parent: readonly JsonObject[], child: readonly JsonObject[]): Coverage =>
      compare([http({ constraints: { time: parent } })], [http({ constraints: { time: child } })])
    const [morning, evening] = [hours('08:00', '12:00'), hours('16:00', '20:00')]
    expect(times([morning, evening], [evening, morning])).toEqual(COVERED)
    expect(times([morning, evening], [hours('17:00', '18:00')])).toEqual(COVERED)
    expect(times([morning], [morning, evening])).toEqual(refused('attenuation_violation'))
    expect(times([], [morning])).toEqual(refused('attenuation_violation'))
    expect(times([morning, hours('12:00', '13:00')], [hours('08:00', '13:00')])).toEqual(
      refused('attenuation_violation'),
    )
  })

  test('names that objects inherit are not in the parent', () => {
    const child = http({ constraints: { body: { toString: {} } } })
    expect(compare([http({ constraints: { body: {} } })], [child])).toEqual(refused('attenuation_violation'))
    expect(compare([mcp({ tools: {} })], [mcp({ tools: { toString: digestSha256('x') } })])).toEqual(
      refused('attenuation_violation'),
    )
  })
})

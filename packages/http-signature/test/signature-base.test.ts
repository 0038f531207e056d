import {
  createSignatureBase,
  type HttpMessage,
  type HttpRequestMessage,
  isInnerList,
  parseDictionary,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, refusalOf } from './fixtures.ts'

const request: HttpRequestMessage = {
  kind: 'request',
  method: 'GET',
  origin: 'https://api.test',
  target: '/p/q?x=1&y=a%20b&y=2&z=%3D+%C3%BC',
  fields: [
    ['X-A', ' 1 '],
    ['x-b', '\t2, 3'],
    ['X-A', '4\t'],
    ['Empty', ''],
  ],
}
const response: HttpMessage = { kind: 'response', status: 404, fields: [['Date', 'now']] }

/** The lines of a base, for the text of a `Signature-Input` member. */
function linesOf(input: string, message: HttpMessage = request): string[] {
  const [member] = parseDictionary(`sig=${input}`).members.values()
  if (member === undefined || !isInnerList(member)) throw new Error('not an inner list')
  return createSignatureBase(message, { components: member.items, params: member.params }).split('\n')
}

describe('derived components', () => {
  test.each([
    ['@method', 'GET'],
    ['@target-uri', 'https://api.test/p/q?x=1&y=a%20b&y=2&z=%3D+%C3%BC'],
    ['@authority', 'api.test'],
    ['@scheme', 'https'],
    ['@request-target', '/p/q?x=1&y=a%20b&y=2&z=%3D+%C3%BC'],
    ['@path', '/p/q'],
    ['@query', '?x=1&y=a%20b&y=2&z=%3D+%C3%BC'],
  ])('%s', (name, value) => {
    expect(linesOf(`("${name}")`)[0]).toBe(`"${name}": ${value}`)
  })

  test('an absent query is a question mark, and so is an empty one; the target keeps them apart', () => {
    const withoutQuery = { ...request, target: '/p' }
    const emptyQuery = { ...request, target: '/p?' }
    expect(linesOf('("@query" "@path")', withoutQuery).slice(0, 2)).toEqual(['"@query": ?', '"@path": /p'])
    expect(linesOf('("@query" "@path")', emptyQuery).slice(0, 2)).toEqual(['"@query": ?', '"@path": /p'])
    expect(linesOf('("@target-uri")', withoutQuery)[0]).not.toBe(linesOf('("@target-uri")', emptyQuery)[0])
  })

  test('the query begins at the first question mark', () => {
    const message = { ...request, target: '/p?a?b' }
    expect(linesOf('("@query" "@path")', message).slice(0, 2)).toEqual(['"@query": ?a?b', '"@path": /p'])
  })

  test('nothing in the target is decoded, collapsed or re-cased', () => {
    const target = '/a/../%2e%2E//b;c/%7euser?%41'
    expect(linesOf('("@target-uri")', { ...request, target })[0]).toBe(
      `"@target-uri": https://api.test${target}`,
    )
    expect(linesOf('("@path")', { ...request, target })[0]).toBe('"@path": /a/../%2e%2E//b;c/%7euser')
  })

  test.each([
    ['HTTPS://API.Test', 'https', 'api.test'],
    ['https://api.test:443', 'https', 'api.test'],
    ['http://api.test:80', 'http', 'api.test'],
    ['http://api.test:443', 'http', 'api.test:443'],
    ['https://api.test:8443', 'https', 'api.test:8443'],
    ['ftp://files.undefined', 'ftp', 'files.undefined'],
    ['https://[2001:DB8::1]:443', 'https', '[2001:db8::1]'],
  ])('the origin %s is normalised', (origin, scheme, authority) => {
    const lines = linesOf('("@scheme" "@authority" "@target-uri")', { ...request, origin, target: '/' })
    expect(lines.slice(0, 3)).toEqual([
      `"@scheme": ${scheme}`,
      `"@authority": ${authority}`,
      `"@target-uri": ${scheme}://${authority}/`,
    ])
  })

  test.each([
    '',
    'api.test',
    'https://',
    'https://api.test/',
    'https://u@api.test',
    'https://a b',
    'https://a?b',
    '//a',
    ' https://a',
    '1https://a',
  ])('the origin %j is a mistake of the caller', (origin) => {
    expect(() => linesOf('("@target-uri")', { ...request, origin })).toThrow(
      new TypeError('an origin is a scheme and an authority without a path'),
    )
  })

  test('a target in another form has no path or query and makes no URI', () => {
    for (const target of ['*', 'https://evil.test/', 'api.test:443', '']) {
      const message = { ...request, target }
      for (const name of ['@target-uri', '@path', '@query']) {
        expect([target, name, codeOf(() => linesOf(`("${name}")`, message))]).toEqual([
          target,
          name,
          'component_unsupported',
        ])
      }
    }
    expect(linesOf('("@request-target")', { ...request, target: '*' })[0]).toBe('"@request-target": *')
  })

  test.each(['/a b', '/a\nb', '/a\r', '/é', '/\u0000', '/a\t'])('the target %j is refused', (target) => {
    for (const name of ['@target-uri', '@path', '@query', '@request-target']) {
      expect(codeOf(() => linesOf(`("${name}")`, { ...request, target }))).toBe('signature_malformed')
    }
  })

  test('a target in another form is held to the same characters', () => {
    for (const target of [' *', 'é*', '*\n'])
      expect(codeOf(() => linesOf('("@request-target")', { ...request, target }))).toBe('signature_malformed')
  })

  test.each(['', ' GET', 'GET ', 'G\nET', 'GÉT', 'GET:'])('the method %j is refused', (method) => {
    expect(codeOf(() => linesOf('("@method")', { ...request, method }))).toBe('signature_malformed')
  })

  test('@status belongs to responses, the others to requests', () => {
    expect(linesOf('("@status" "date")', response)).toEqual([
      '"@status": 404',
      '"date": now',
      '"@signature-params": ("@status" "date")',
    ])
    expect(codeOf(() => linesOf('("@status")'))).toBe('component_unsupported')
    for (const name of [
      '@method',
      '@target-uri',
      '@authority',
      '@scheme',
      '@path',
      '@query',
      '@request-target',
    ]) {
      expect([name, codeOf(() => linesOf(`("${name}")`, response))]).toEqual([name, 'component_unsupported'])
    }
    expect(codeOf(() => linesOf('("@query-param";name="x")', response))).toBe('component_unsupported')
  })

  test.each(['@unknown', '@signature-params', '@'])('%s is not built', (name) => {
    expect(codeOf(() => linesOf(`("${name}")`))).toBe('component_unsupported')
  })
})

describe('@query-param', () => {
  test('is decoded and encoded again', () => {
    expect(linesOf('("@query-param";name="x")')[0]).toBe('"@query-param";name="x": 1')
    expect(linesOf('("@query-param";name="z")')[0]).toBe('"@query-param";name="z": %3D%20%C3%BC')
    const message = { ...request, target: '/?a%20b=&c' }
    expect(linesOf('("@query-param";name="a%20b" "@query-param";name="c")', message).slice(0, 2)).toEqual([
      '"@query-param";name="a%20b": ',
      '"@query-param";name="c": ',
    ])
  })

  test.each([
    '("@query-param")',
    '("@query-param";name=x)',
    '("@query-param";name)',
    '("@query-param";name="x";req)',
  ])('%s has no value', (input) => {
    expect(codeOf(() => linesOf(input))).toBe('component_unsupported')
  })

  test('occurs exactly once', () => {
    expect(codeOf(() => linesOf('("@query-param";name="y")'))).toBe('component_unsupported')
    expect(codeOf(() => linesOf('("@query-param";name="nope")'))).toBe('component_unsupported')
  })
})

describe('fields', () => {
  test('are trimmed line by line and joined in order', () => {
    expect(linesOf('("x-a" "x-b" "empty")').slice(0, 3)).toEqual(['"x-a": 1, 4', '"x-b": 2, 3', '"empty": '])
  })

  test('keep bytes that are white space elsewhere', () => {
    const fields = [['X-A', '\u00a01\u00a0']] as const
    expect(linesOf('("x-a")', { ...request, fields })[0]).toBe('"x-a": \u00a01\u00a0')
  })

  test('that are absent are named', () => {
    const refusal = refusalOf(() => linesOf('("x-a" "nope")'))
    expect([refusal?.code, refusal?.missing]).toEqual(['component_missing', ['nope']])
    expect(codeOf(() => linesOf('("X-A")'))).toBe('component_missing')
  })

  test.each(['1\n2', '1\r2', '1\u00002', '1\r\n 2'])('the value %j is refused', (value) => {
    expect(codeOf(() => linesOf('("x-a")', { ...request, fields: [['X-A', value]] }))).toBe(
      'signature_malformed',
    )
  })

  test.each(['("x-a";sf)', '("x-a";bs)', '("x-a";req)', '("x-a";tr)', '("x-a";key="a")', '("@method";req)'])(
    '%s is not built',
    (input) => {
      expect(codeOf(() => linesOf(input))).toBe('component_unsupported')
    },
  )
})

describe('the list of components', () => {
  test('may be empty', () => {
    expect(linesOf('()')).toEqual(['"@signature-params": ()'])
  })

  test('holds strings, each once', () => {
    expect(codeOf(() => linesOf('(method)'))).toBe('signature_malformed')
    expect(codeOf(() => linesOf('(1)'))).toBe('signature_malformed')
    expect(codeOf(() => linesOf('("@method" "@method")'))).toBe('signature_malformed')
    expect(codeOf(() => linesOf('("@query-param";name="x" "@query-param";name="x")'))).toBe(
      'signature_malformed',
    )
  })

  test('and the parameters keep their order and get their one spelling', () => {
    expect(linesOf('(  "x-a"  "@path" );b="\\"";  a=:AQI=:;c=01;d').at(-1)).toBe(
      '"@signature-params": ("x-a" "@path");b="\\"";a=:AQI=:;c=1;d',
    )
  })
})

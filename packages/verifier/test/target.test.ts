import type { FieldLines } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { VerifierError } from '../src/error.ts'
import { checkFraming } from '../src/framing.ts'
import { DEFAULT_REQUEST_LIMITS } from '../src/incoming-request.ts'
import { dangerouslyAllowUnencryptedHttp, parseOrigins, parseSecureUrl } from '../src/origin.ts'
import { type RequestTarget, readTarget } from '../src/target.ts'

const ORIGINS = parseOrigins([
  'https://api.test',
  'https://other.test:8443',
  'http://localhost:3000',
  'http://[::1]',
])

function read(target: string, ...headers: FieldLines): RequestTarget | string {
  const lines: FieldLines = headers.length === 0 ? [['Host', 'api.test']] : headers
  const request = { method: 'GET', target, headers: lines, body: new Uint8Array() }
  try {
    return readTarget(target, checkFraming(request, DEFAULT_REQUEST_LIMITS), ORIGINS)
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

const readHost = (host: string): RequestTarget | string => read('/', ['Host', host])

describe('the path', () => {
  test('is split from the query at the first question mark, both raw', () => {
    expect(read('/v1/items?b=2&a=1?c')).toEqual({
      origin: 'https://api.test',
      target: '/v1/items?b=2&a=1?c',
      path: '/v1/items',
      query: 'b=2&a=1?c',
    })
    expect(read('/p?')).toMatchObject({ target: '/p?', path: '/p', query: '' })
    expect(read('/')).toMatchObject({ path: '/', query: '' })
  })

  test.each([
    '/v1/%2561dmin',
    '/v1/%69tems',
    '//V1/Admin;x',
    '/v1/a;b=c/d',
    '/v1/%E2%82%AC',
    "/v1/~!$&'()*+,;=:@-._",
    '/v1/.../x',
    '/v1/.hidden',
    '/v1/a..b',
    '/v1/%2e%2ex',
  ])('may be %s', (target) => {
    expect(read(target)).toMatchObject({ path: target })
  })

  test.each([
    ['dot segments', '/v1/public/../admin'],
    ['a single dot', '/v1/./admin'],
    ['a dot segment at the end', '/v1/..'],
    ['escaped dot segments', '/v1/public/%2e%2e/admin'],
    ['half-escaped dot segments', '/v1/public/.%2E/admin'],
    ['an escaped single dot', '/v1/%2e/admin'],
    ['dot segments with parameters', '/v1/public/..;x=y/admin'],
    ['escaped dot segments with parameters', '/v1/public/%2e.;/admin'],
    ['a backslash', '/v1/public\\..\\admin'],
    ['an escaped backslash', '/v1/public%5c..%5cadmin'],
    ['an escaped slash', '/v1/public%2fadmin'],
    ['an escaped slash in capitals', '/v1/public%2Fadmin'],
    ['an escaped NUL', '/v1/items%00.json'],
    ['an escaped control character', '/v1/items%0a'],
    ['an escaped DEL', '/v1/items%7F'],
    ['a raw control character', '/v1/items\u0001'],
    ['a raw tab', '/v1/\titems'],
    ['a space', '/v1/a b'],
    ['an invalid escape', '/v1/%zz'],
    ['a cut escape', '/v1/%4'],
    ['a lone percent sign', '/v1/100%'],
    ['an overlong encoding', '/v1/%c0%ae%c0%ae/admin'],
    ['invalid UTF-8', '/v1/%ff'],
    ['an escaped surrogate', '/v1/%ED%A0%80'],
    ['a fragment', '/v1/items#x'],
    ['characters outside ASCII', '/v1/it\u00e9ms'],
    ['a quotation mark', '/v1/"items"'],
    ['angle brackets', '/v1/<items>'],
    ['braces', '/v1/{items}'],
  ])('may not hold %s', (_title, target) => {
    expect(read(target)).toBe('target_ambiguous')
  })
})

describe('the query', () => {
  test.each(['a=%2F..%2F', 'a=../..', 'a=b%0Ac', 'filter[x]=1', 'a=%C3%A9', 'a=?&b=/', 'a={}|^`', '%2561'])(
    'may be %s',
    (query) => {
      expect(read(`/p?${query}`)).toMatchObject({ query })
    },
  )

  test.each([
    ['an invalid escape', 'a=100%'],
    ['invalid UTF-8', 'a=%ff'],
    ['an escaped NUL', 'a=%00'],
    ['a backslash', 'a=\\'],
    ['a quotation mark', 'a="b"'],
    ['a space', 'a=b c'],
    ['a fragment', 'a=b#c'],
    ['characters outside ASCII', 'a=\u00e9'],
  ])('may not hold %s', (_title, query) => {
    expect(read(`/p?${query}`)).toBe('target_ambiguous')
  })
})

describe('the form of the target', () => {
  test.each([
    ['absolute form of another host', 'http://evil/x', 'target_mismatch'],
    ['absolute form of another scheme', 'http://api.test/x', 'target_mismatch'],
    ['absolute form of another port', 'https://api.test:8443/x', 'target_mismatch'],
    ['absolute form of our own origin', 'https://api.test/x', 'target_ambiguous'],
    ['absolute form of our own origin, spelled otherwise', 'HTTPS://API.test:443', 'target_ambiguous'],
    ['userinfo', 'https://user:pw@api.test/v1/items', 'target_ambiguous'],
    ['userinfo of another host', 'https://api.test@evil/', 'target_ambiguous'],
    ['asterisk form', '*', 'target_ambiguous'],
    ['authority form', 'api.test:443', 'target_ambiguous'],
    ['nothing', '', 'target_ambiguous'],
    ['a relative path', 'v1/items', 'target_ambiguous'],
    ['a query alone', '?a=1', 'target_ambiguous'],
  ])('%s', (_title, target, code) => {
    expect(read(target)).toBe(code)
  })
})

describe('the host', () => {
  test.each([
    ['api.test', 'https://api.test'],
    ['API.TEST', 'https://api.test'],
    ['api.test:443', 'https://api.test'],
    ['other.test:8443', 'https://other.test:8443'],
    ['localhost:3000', 'http://localhost:3000'],
    ['[::1]:80', 'http://[::1]'],
  ])('%s means %s', (host, origin) => {
    expect(readHost(host)).toMatchObject({ origin })
  })

  test.each([
    'evil.test',
    'api.test:80',
    'api.test:8443',
    'api.test.',
    'api.test:0443',
    'api.test:',
    'other.test',
    'localhost',
    '[::1]:443',
    'api.test/x',
    'api .test',
    '\xa0api.test',
    '',
    '\uff41pi.test',
    '\u24d4xample',
    'LOCALHO\u017fT:3000',
  ])('%j is not ours', (host) => {
    expect(readHost(host)).toBe('target_mismatch')
  })

  test('must be named', () => {
    expect(read('/', ['X', 'y'])).toBe('target_mismatch')
  })

  test.each(['[fe80::1%25eth0]', '[fe80::1%eth0]', 'user@api.test'])('%s is refused as ambiguous', (host) => {
    expect(readHost(host)).toBe('target_ambiguous')
  })

  test('may come as :authority, and must not disagree with it', () => {
    expect(read('/', [':authority', 'api.test'])).toMatchObject({ origin: 'https://api.test' })
    expect(read('/', [':authority', 'api.test'], ['host', 'API.test:443'])).toMatchObject({
      origin: 'https://api.test',
    })
    expect(read('/', [':authority', 'api.test'], ['host', 'evil'])).toBe('header_ambiguous')
    expect(read('/', [':authority', 'evil'], ['host', 'api.test'])).toBe('header_ambiguous')
    expect(read('/', [':authority', 'api.test'], ['host', 'other.test:8443'])).toBe('header_ambiguous')
    expect(read('/', [':authority', 'evil'], ['host', 'evil'])).toBe('target_mismatch')
  })

  test('is lower-cased only when it is ASCII: the Kelvin sign is no k', () => {
    const origins = parseOrigins(['https://kind.test'])
    const request = {
      method: 'GET',
      target: '/',
      headers: [['Host', '\u212aind.test']],
      body: new Uint8Array(),
    } as const
    expect(() => readTarget('/', checkFraming(request, DEFAULT_REQUEST_LIMITS), origins)).toThrow(
      /not one of ours/,
    )
  })
})

describe('parseOrigins', () => {
  test.each([
    ['an empty list', []],
    ['a path', ['https://api.test/']],
    ['capitals', ['https://API.test']],
    ['a default port', ['https://api.test:443']],
    ['userinfo', ['https://a@api.test']],
    ['plain http', ['http://api.test']],
    ['plain http that only looks local', ['http://127.0.0.2']],
    ['another scheme', ['ftp://api.test']],
    ['no URL', ['api.test']],
    ['one that a Host header cannot tell from another', ['https://localhost:3000', 'http://localhost:3000']],
    ['one twice', ['https://api.test', 'https://api.test']],
  ])('refuses %s', (_title, origins) => {
    expect(() => parseOrigins(origins)).toThrow(TypeError)
  })

  test.each(['http://localhost', 'http://127.0.0.1:8080', 'http://[::1]:3000'])(
    'takes %s on this machine',
    (origin) => {
      expect([...parseOrigins([origin]).values()]).toEqual([origin])
    },
  )

  test('takes plain http only under its frightening name', () => {
    const options = { [dangerouslyAllowUnencryptedHttp]: true }
    expect([...parseOrigins(['http://api.test'], options).keys()]).toEqual(['api.test'])
    expect(() => parseOrigins(['ftp://api.test'], options)).toThrow(TypeError)
    expect(() => parseOrigins(['http://api.test'], { [dangerouslyAllowUnencryptedHttp]: false })).toThrow(
      TypeError,
    )
  })

  test('parseSecureUrl takes paths', () => {
    expect(parseSecureUrl('https://authority.test/status/heartbeat', {}).pathname).toBe('/status/heartbeat')
    expect(() => parseSecureUrl('http://authority.test/status/heartbeat', {})).toThrow(TypeError)
    expect(() => parseSecureUrl('not a URL', {})).toThrow(TypeError)
  })
})

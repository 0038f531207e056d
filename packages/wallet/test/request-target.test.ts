import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseOrigin, parseRequestTarget } from '../src/request-target.ts'

describe('the target of a request', () => {
  test('is split as it goes on the wire', () => {
    expect(parseRequestTarget('https://API.test:443/v1/items?b=2&a=1#part')).toEqual({
      origin: 'https://api.test',
      path: '/v1/items',
      query: 'b=2&a=1',
      target: '/v1/items?b=2&a=1',
      href: 'https://api.test/v1/items?b=2&a=1',
    })
  })

  test('has no lone question mark, which fetch does not send', () => {
    expect(parseRequestTarget('https://api.test/p?').href).toBe('https://api.test/p')
  })

  test.each(['https://user@api.test/', 'https://user:secret@api.test/', 'https://:secret@api.test/'])(
    '%s: credentials are a wrong argument',
    (url) => {
      expect(() => parseRequestTarget(url)).toThrow(TypeError)
    },
  )

  test.each([
    'http://api.test/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://notlocalhost/',
    'http://128.0.0.1/',
    'http://[::2]/',
    'ftp://api.test/',
    'file:///etc/passwd',
    'data:text/plain,x',
    '/relative',
    '',
  ])('%s is a wrong argument', (url) => {
    expect(() => parseRequestTarget(url)).toThrow(TypeError)
  })

  test.each([
    'http://localhost:8080/',
    'http://app.localhost/',
    'http://127.0.0.1/',
    'http://127.1.2.3/',
    'http://[::1]:3000/',
    'http://0x7f.1/',
  ])('%s stays on this machine and may be http', (url) => {
    expect(parseRequestTarget(url).origin).toMatch(/^http:/)
  })

  test('may be plain http elsewhere only when that was asked for, and never another scheme', () => {
    expect(parseRequestTarget('http://api.test/', true).origin).toBe('http://api.test')
    expect(() => parseRequestTarget('ftp://api.test/', true)).toThrow(TypeError)
  })
})

describe('an origin', () => {
  test.each(['https://authority.test', 'https://authority.test/'])('%s is one', (text) => {
    expect(parseOrigin(text)).toBe('https://authority.test')
  })

  test.each([
    'https://authority.test/path',
    'https://authority.test?x',
    'https://authority.test#x',
    'https://AUTHORITY.test',
    'https://authority.test:443',
    ' https://authority.test',
    'http://authority.test',
  ])('%s is none', (text) => {
    expect(() => parseOrigin(text)).toThrow(TypeError)
  })
})

describe('against a real server', () => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.url)
    response.end()
  })
  let origin = ''

  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    origin = `http://127.0.0.1:${port}`
  })

  afterAll(() => {
    server.close()
  })

  test.each([
    '/',
    '/a/../b/./c',
    '/a//b',
    '//a',
    '/%7Euser/%2e%2e/x',
    '/ä ö?ü=ß',
    '/a|b{c}^`d',
    '/x?\'quoted\'&"y"',
    '/p?',
    '/p?a=1?b=2#fragment',
    '/p#fragment',
    '/back\\slash',
    '/tab\there',
    '/semi;colon,comma@at:colon',
  ])('%s is signed byte for byte as it is sent', async (path) => {
    const { href, target } = parseRequestTarget(`${origin}${path}`)
    const response = await fetch(href)
    await response.arrayBuffer()
    expect(seen.at(-1)).toBe(target)
  })
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { createWorld, temporaryFolder, type World } from './support/authority-world.ts'

const INDEX = '<!doctype html><title>Page</title>'
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(2000))})`
const ADDRESSES = [
  '/',
  '/approve/urn:uuid:7',
  '/requests',
  '/requests/together/did%3Akey%3Az6Mk',
  '/active',
  '/history',
  '/passkeys',
  '/people',
  '/settings',
  '/claim',
  '/join',
  '/login',
  '/recover',
  '/verify',
]

/** A folder as the page is built into one, with further files by their names. */
function pageFolder(further: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'assets'))
  const files = {
    'index.html': INDEX,
    'icon.svg': '<svg/>',
    'service-worker.js': SCRIPT,
    'assets/a-1.js': SCRIPT,
    'assets/a-1.css': 'p{}',
  }
  for (const [name, text] of Object.entries({ ...files, ...further })) writeFileSync(join(folder, name), text)
  return folder
}

describe('the page for people', () => {
  let world: World
  beforeEach(async () => {
    world = await createWorld({ page: { folder: pageFolder() } })
  })

  test.each(ADDRESSES)('is at %s', async (path) => {
    const { status, headers, text } = await world.get(path)
    expect([status, text]).toEqual([200, INDEX])
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-cache')
  })

  test('may run nothing but its own files, in no frame, and tells nobody where it was', async () => {
    const { headers } = await world.get('/')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "manifest-src 'self'",
      "worker-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('permissions-policy')).toContain('publickey-credentials-get=(self)')
  })

  test('has files that are kept for ever under their hashed names', async () => {
    const script = await world.get('/assets/a-1.js')
    expect([script.status, script.text]).toEqual([200, SCRIPT])
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await world.get('/assets/a-1.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect((await world.get('/icon.svg')).headers.get('content-type')).toBe('image/svg+xml')
  })

  test.each([
    '/assets/b.js',
    '/assets/..%2Findex.html',
    '/assets/%2e%2e%2findex.html',
    '/index.html',
    '/nowhere',
  ])('has nothing at %s', async (path) => {
    expect(await world.get(path)).toMatchObject({ status: 404, code: 'not_found' })
  })

  test.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['deflate', false],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['xgzip', false],
  ])('with Accept-Encoding: %s is compressed: %s', async (accepted, expected) => {
    const { encoding, body } = await fetchRaw(`${world.origin}/assets/a-1.js`, accepted)
    expect(encoding).toBe(expected ? 'gzip' : undefined)
    expect((expected ? gunzipSync(body) : body).toString()).toBe(SCRIPT)
  })

  test('has its service worker at the root of the site, always fresh, and under the same policy', async () => {
    const { status, headers, text } = await world.get('/service-worker.js')
    expect([status, text]).toEqual([200, SCRIPT])
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(headers.get('content-security-policy')).toContain("worker-src 'self'")
  })

  test('is documented like everything else that is served', async () => {
    const { json } = await world.get('/openapi.json')
    const served = world.authority.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ path }) => path.replaceAll(/:([a-z]+)/gu, '{$1}'))
    expect(new Set(Object.keys(json.paths ?? {}))).toEqual(new Set(served))
  })
})

describe('the folder of the page', () => {
  test.each([
    ['without an index', 'no index.html', () => temporaryFolder()],
    ['with a file that no page needs', '.map', () => pageFolder({ 'assets/a.js.map': '{}' })],
  ])('%s is refused at the start', async (_, message, folder) => {
    await expect(createWorld({ page: { folder: folder() } })).rejects.toThrow(message)
  })
})

test('an authority without its page says how an operator approves', async () => {
  const world = await createWorld()
  expect((await world.get('/approve/urn:uuid:7')).text).toContain('behalf approve')
  expect((await world.get('/')).status).toBe(404)
})

/** As it comes over the wire: fetch would undo the compression. */
function fetchRaw(url: string, accepted: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ encoding: string | undefined; body: Buffer }>()
  request(url, { headers: { 'accept-encoding': accepted } }, (answer) => {
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => parts.push(part))
    answer.on('end', () =>
      resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(parts) }),
    )
  })
    .on('error', reject)
    .end()
  return promise
}

import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { ACCESS, PEOPLE_ACCESS } from '../src/index.ts'
import { createWorld, type World } from './support/authority-world.ts'

let world: World
let document: JsonObject
beforeEach(async () => {
  world = await createWorld()
  document = (await world.get('/openapi.json')).json
})

const OAUTH_PATHS: ReadonlySet<string> = new Set(
  Object.entries(ACCESS).flatMap(([name, access]) => (access === 'client' ? (name.split(' ')[1] ?? []) : [])),
)

const object = (value: JsonValue | undefined): JsonObject => {
  if (!isJsonObject(value)) throw new Error('not an object')
  return value
}

/** `METHOD /path` of everything in the document. */
function documented(): readonly string[] {
  return Object.entries(object(document.paths)).flatMap(([path, methods]) =>
    Object.keys(object(methods)).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

describe('the documentation of the API', () => {
  test('is OpenAPI 3.1, for this authority', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.servers).toEqual([{ url: world.origin }])
  })

  test('has every route that is served, and no other', () => {
    const served = world.authority.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([a-z]+)/gu, '{$1}')}`)
    expect(new Set(documented())).toEqual(new Set(served))
  })

  test('has every route that has a rule of access, and no other', () => {
    expect(documented().toSorted()).toEqual(
      [...Object.keys(ACCESS), ...Object.keys(PEOPLE_ACCESS)].toSorted(),
    )
  })

  test('says which calls are signed', () => {
    for (const [name, access] of Object.entries(ACCESS)) {
      const [method = '', path = ''] = name.split(' ')
      const operation = object(object(object(document.paths)[path])[method.toLowerCase()])
      // A client of OAuth may prove its key in either way.
      const proofs = [{ requestSignature: [] }, ...(access === 'client' ? [{ dpop: [] }] : [])]
      expect([name, operation.security]).toEqual([name, access === 'public' ? undefined : proofs])
    }
    for (const [name, access] of Object.entries(PEOPLE_ACCESS)) {
      const [method = '', path = ''] = name.split(' ')
      const operation = object(object(object(document.paths)[path])[method.toLowerCase()])
      expect([name, operation.security]).toEqual([name, access === 'anybody' ? undefined : [{ session: [] }]])
      const isGuarded = access !== 'anybody' && method !== 'GET'
      expect([name, JSON.stringify(operation).includes('"name":"X-CSRF-Token"')]).toEqual([name, isGuarded])
    }
    const schemes = object(object(document.components).securitySchemes)
    expect(object(schemes.requestSignature).description).toContain('agent-key')
  })

  test('says what every route takes and answers', () => {
    for (const [path, methods] of Object.entries(object(document.paths))) {
      for (const [method, operation] of Object.entries(object(methods))) {
        const { summary, responses, requestBody, parameters } = object(operation)
        expect([path, summary]).toEqual([path, expect.stringMatching(/\w/u)])
        expect(Object.keys(object(responses)).length).toBeGreaterThan(1)
        // Clients of OAuth are told in the form that they know.
        const form = OAUTH_PATHS.has(path) ? 'application/json' : 'application/problem+json'
        const told = object(object(object(responses).default).content)[form]
        expect([path, told]).toEqual([path, expect.anything()])
        // What is deleted may need a fresh assertion; a key is replaced without saying more.
        if (method !== 'delete') {
          const hasBody = method !== 'get' && path !== '/token-keys'
          expect([path, method, requestBody !== undefined]).toEqual([path, method, hasBody])
        }
        const named = Array.isArray(parameters) ? parameters.map((parameter) => object(parameter).name) : []
        for (const [, name] of path.matchAll(/\{([a-z]+)\}/gu)) expect(named).toContain(name)
      }
    }
  })

  test('says which bodies may be left out', () => {
    const optional = Object.entries(object(document.paths)).filter(([path, methods]) => {
      const { post } = object(methods)
      const { requestBody } = object(post ?? {})
      const isOptional = requestBody !== undefined && object(requestBody).required !== true
      return isOptional && !path.startsWith('/api/')
    })
    expect(optional.map(([path]) => path)).toEqual(['/delegation-requests/{id}/collect'])
  })

  test('refers to nothing that is not in it', () => {
    const schemas = Object.keys(object(object(document.components).schemas))
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/gu)
    for (const [, name] of references) expect(schemas).toContain(name)
  })

  test('is the same document each time', async () => {
    expect((await world.get('/openapi.json')).json).toEqual(document)
  })
})

import { KEY_TAG } from '@behalf/http-signature'
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { ZodObject, type ZodType } from 'zod'
import { accessOf, type RouteName } from './access.ts'
import { PROBLEM } from './answer-schemas.ts'
import { type AnswerSpec, defineRoute, jsonAnswer, type Route } from './route.ts'

type DocumentedApp = Pick<OpenAPIHono, 'openAPIRegistry' | 'getOpenAPI31Document'>
type Registry = OpenAPIHono['openAPIRegistry']
type PathConfig = Parameters<Registry['registerPath']>[0]
type ResponseConfig = NonNullable<PathConfig['responses'][string]>
type MethodName = 'get' | 'post' | 'delete'

const SECURITY = 'requestSignature'
const WHO = { public: 'Anybody.', key: 'Any key, for what is its own.', operator: 'Operators.' } as const

/** The route that gives the document itself, made when it is first asked for: by then every route is in it. */
export function createOpenApiRoute(app: DocumentedApp, origin: string): Route {
  let document: string | undefined
  return defineRoute({
    name: 'GET /openapi.json',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
    run: async () => {
      document ??= writeDocument(app, origin)
      return { status: 200, type: 'application/json', body: document }
    },
  })
}

/** The route is in the document, with who may call it. */
export function documentRoute(registry: Registry, route: Route): void {
  const { method, path } = splitName(route.name)
  const access = accessOf(route.name)
  registry.registerPath({
    method,
    path,
    summary: route.summary,
    description: WHO[access],
    ...(access !== 'public' && { security: [{ [SECURITY]: [] }] }),
    request: describeRequest(route, path),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, spec]) => [status, describeAnswer(spec)]),
      ),
      default: describeAnswer({ ...jsonAnswer('Refused', PROBLEM), type: 'application/problem+json' }),
    },
  })
}

/** Takes `GET /path` apart. */
export function splitName(name: RouteName): { readonly method: MethodName; readonly path: string } {
  const [verb, path = ''] = name.split(' ')
  const method = verb === 'POST' ? 'post' : verb === 'DELETE' ? 'delete' : 'get'
  return { method, path }
}

function writeDocument(app: DocumentedApp, origin: string): string {
  app.openAPIRegistry.registerComponent('securitySchemes', SECURITY, {
    type: 'http',
    scheme: 'signature',
    description: `RFC 9421 with tag="${KEY_TAG}" and an inline key (Signature-Key, scheme hwk)`,
  })
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Behalf authority', version: '1' },
    servers: [{ url: origin }],
  })
  return JSON.stringify(document)
}

function describeRequest({ body, query }: Route, path: string): NonNullable<PathConfig['request']> {
  const [, param] = /\{([a-z]+)\}/u.exec(path) ?? []
  return {
    ...(param !== undefined && { params: describeParam(param) }),
    ...(query && { query: asObject(query) }),
    ...(body && {
      body: { required: !body.safeParse({}).success, content: { 'application/json': { schema: body } } },
    }),
  }
}

function describeParam(name: string): ZodObject {
  const text = z.string().openapi({ param: { name, in: 'path' } })
  return z.object({ [name]: text })
}

function asObject(query: ZodType): ZodObject {
  if (query instanceof ZodObject) return query
  throw new TypeError('The schema of a query must be an object')
}

function describeAnswer({ description, type, schema }: AnswerSpec): ResponseConfig {
  if (type === undefined) return { description }
  return { description, content: { [type]: { schema: schema ?? z.string() } } }
}

import { KEY_TAG } from '@behalf/http-signature'
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { ZodObject, type ZodType } from 'zod'
import { accessOf, type RouteName } from './access.ts'
import { PROBLEM } from './answer-schemas.ts'
import type { OauthRoute } from './oauth/oauth-route.ts'
import { OAUTH_SCHEMAS } from './oauth/oauth-schemas.ts'
import type { PeopleAccess } from './people/people-access.ts'
import type { PeopleRoute } from './people/people-route.ts'
import { SESSION_COOKIE } from './people/session.ts'
import { type AnswerSpec, defineRoute, jsonAnswer, type Route } from './route.ts'

type DocumentedApp = Pick<OpenAPIHono, 'openAPIRegistry' | 'getOpenAPI31Document'>
type Registry = OpenAPIHono['openAPIRegistry']
type PathConfig = Parameters<Registry['registerPath']>[0]
type ResponseConfig = NonNullable<PathConfig['responses'][string]>
type MethodName = 'get' | 'post' | 'put' | 'patch' | 'delete'

const METHODS: readonly MethodName[] = ['get', 'post', 'put', 'patch', 'delete']
const SIGNATURE = 'requestSignature'
const COOKIE = 'session'
const DPOP = 'dpop'
const WHO = {
  public: 'Anybody.',
  key: 'Any key, for what is its own.',
  client: 'Any key, proven by a signature or with DPoP, for what is its own.',
  api: 'Registered APIs.',
  auditor: 'Operators, and keys that they let read the log.',
  operator: 'Operators.',
} as const
const WHICH_PEOPLE = {
  anybody: 'Anybody.',
  person: 'Whoever is signed in, for what is their own.',
  approver: 'People with the role approver.',
  operator: 'People with the role operator.',
  reader: 'People with the role operator or auditor.',
} as const satisfies Record<PeopleAccess, string>
const CSRF_HEADERS = z.object({
  'X-CSRF-Token': z.string().openapi({ description: '`csrf` of GET /api/session' }),
})

const REFUSED = describeAnswer({ ...jsonAnswer('Refused', PROBLEM), type: 'application/problem+json' })

/** The route that gives the document itself, made when it is first asked for: by then every route is in it. */
export function createOpenApiRoute(app: DocumentedApp, origin: string): Route {
  let document: string | undefined
  return defineRoute({
    name: 'GET /openapi.json',
    summary: 'This document',
    answers: { 200: jsonAnswer('OpenAPI 3.1', z.record(z.string(), z.unknown())) },
    run: async () => {
      document ??= writeDocument(app, origin)
      return { status: 200, type: 'application/json', body: document }
    },
  })
}

/** The route is in the document, with who may call it. */
export function documentRoute(registry: Registry, route: Route): void {
  const access = accessOf(route.name)
  registerRoute(registry, route, {
    description: WHO[access],
    request: describeRequest(route),
    ...(access !== 'public' && { security: [{ [SIGNATURE]: [] }] }),
  })
}

/** The route for OAuth clients is in the document, with its form and how it refuses. */
export function documentOauthRoute(registry: Registry, route: OauthRoute): void {
  registry.registerPath({
    ...splitName(route.name),
    summary: route.summary,
    description: WHO.client,
    security: [{ [SIGNATURE]: [] }, { [DPOP]: [] }],
    request: {
      body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: route.form } } },
    },
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, spec]) => [status, describeAnswer(spec)]),
      ),
      default: describeAnswer(jsonAnswer('Refused', OAUTH_SCHEMAS.refusal)),
    },
  })
}

/** The route for people is in the document, with who may call it and what their page must send. */
export function documentPeopleRoute(registry: Registry, route: PeopleRoute, access: PeopleAccess): void {
  const isChange = !route.name.startsWith('GET ')
  const hasToken = isChange && access !== 'anybody'
  registerRoute(registry, route, {
    description: `${WHICH_PEOPLE[access]}${isChange ? ' Only from a page of this origin.' : ''}`,
    request: { ...describeRequest(route), ...(hasToken && { headers: CSRF_HEADERS }) },
    ...(access !== 'anybody' && { security: [{ [COOKIE]: [] }] }),
  })
}

/** An address of the page, or a file of it, is in the document with the types that it may have. */
export function documentPage(registry: Registry, name: RouteName, types: readonly string[]): void {
  const description = 'A part of the page'
  const schema = z.string()
  registry.registerPath({
    ...splitName(name),
    summary: 'The page for people',
    description: WHO.public,
    request: describeRequest({ name }),
    responses: {
      200: { description, content: Object.fromEntries(types.map((type) => [type, { schema }])) },
      default: REFUSED,
    },
  })
}

function registerRoute(
  registry: Registry,
  { name, summary, answers }: Pick<Route, 'name' | 'summary' | 'answers'>,
  config: Pick<PathConfig, 'description' | 'request' | 'security'>,
): void {
  registry.registerPath({
    ...splitName(name),
    summary,
    ...config,
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, spec]) => [status, describeAnswer(spec)])),
      default: REFUSED,
    },
  })
}

/** Takes `GET /path` apart. */
export function splitName(name: RouteName): { readonly method: MethodName; readonly path: string } {
  const [verb, path = ''] = name.split(' ')
  const method = METHODS.find((known) => known.toUpperCase() === verb)
  if (method === undefined) throw new TypeError(`No route has the method of ${name}`)
  return { method, path }
}

function writeDocument(app: DocumentedApp, origin: string): string {
  app.openAPIRegistry.registerComponent('securitySchemes', SIGNATURE, {
    type: 'http',
    scheme: 'signature',
    description: `RFC 9421 with tag="${KEY_TAG}" and an inline key (Signature-Key, scheme hwk)`,
  })
  app.openAPIRegistry.registerComponent('securitySchemes', DPOP, {
    type: 'http',
    scheme: 'dpop',
    description: 'A DPoP proof alone, with an Ed25519 key and the nonce that answers bring, see RFC 9449',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', COOKIE, {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'Set by signing in',
  })
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Behalf authority', version: '1' },
    servers: [{ url: origin }],
  })
  return JSON.stringify(document)
}

function describeRequest({
  name,
  body,
  query,
}: Pick<Route, 'name' | 'body' | 'query'>): NonNullable<PathConfig['request']> {
  const [, param] = /\{([a-z]+)\}/u.exec(name) ?? []
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

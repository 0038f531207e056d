import { digestSha256, type JsonObject } from '@behalf/core'
import type { Random } from './random.ts'

/** The origins that the verifiers answer for. */
export const ORIGINS = ['https://api.test', 'http://localhost:8080'] as const

/** What a request asks for. */
export interface Wish {
  readonly method: string
  readonly origin: string
  readonly target: string
  readonly body: string
  readonly contentType: string
}

/** Rights as an issuer gives them, how they may be narrowed, and requests that every narrowing allows. */
export interface Grant {
  readonly root: readonly JsonObject[]
  readonly narrower: readonly (readonly JsonObject[])[]
  readonly wishes: readonly MakeWish[]
  /** Requests that the root, or a narrowing of it, does not allow. */
  readonly greed: readonly MakeWish[]
}

/** Makes a request for rights. */
export type MakeWish = (random: Random) => Wish

const [api, local] = ORIGINS
const JSON_TYPES = ['application/json', 'application/json; charset=utf-8', 'application/merge-patch+json']
const SEGMENTS = ['7', 'a-b', 'x_y', 'Items', '%C3%A9', "o'k", '~me', 'A.b', '1,2']

function wish(method: string, target: string, body = '', contentType = 'application/json'): Wish {
  return { method, origin: api, target, body, contentType }
}

function http(capability: JsonObject): JsonObject {
  return { type: 'http', locations: [api], ...capability }
}

const items: Grant = {
  root: [http({ actions: ['GET', 'POST', 'DELETE'], paths: ['/v1/**'] })],
  narrower: [
    [http({ actions: ['GET', 'POST'], paths: ['/v1/items/*', '/v1/items'] })],
    [
      http({ actions: ['GET'], paths: ['/v1/items/**'] }),
      http({ actions: ['POST', 'GET'], paths: ['/v1/items', '/v1/items/*'] }),
    ],
  ],
  wishes: [
    (random) => wish('GET', `/v1/items/${random.pick(SEGMENTS)}`),
    () => wish('POST', '/v1/items?b=2&a=1', '{"x":1}'),
    (random) => wish('POST', '/v1/items', `plain ${random.next()}`, 'text/plain'),
    (random) => wish('GET', `/v1/items?page=${random.below(100)}&q=%C3%A9+x`),
  ],
  greed: [
    () => wish('DELETE', '/v1/items/7'),
    () => wish('GET', '/v1/admin'),
    () => wish('GET', '/v2/items'),
    () => ({ ...wish('GET', '/v1/items/7'), origin: local }),
  ],
}

const payments: Grant = {
  root: [
    http({
      actions: ['POST'],
      paths: ['/v1/payments'],
      constraints: {
        body: {
          amount: { minimum: 1, maximum: 1000 },
          currency: { enum: ['EUR', 'CHF'] },
          text: { maxLength: 40 },
        },
      },
    }),
  ],
  narrower: [
    [
      http({
        actions: ['POST'],
        paths: ['/v1/payments'],
        constraints: {
          body: { amount: { minimum: 1, maximum: 50 }, currency: { const: 'EUR' }, text: { maxLength: 9 } },
        },
      }),
    ],
  ],
  wishes: [
    (random) =>
      wish(
        'POST',
        '/v1/payments',
        `{"amount":${1 + random.below(50)},"currency":"EUR"}`,
        random.pick(JSON_TYPES),
      ),
    () => wish('POST', '/v1/payments', ' { "currency" : "EUR" , "amount" : 5e0 , "text" : "é😀" } '),
  ],
  greed: [
    () => wish('POST', '/v1/payments', '{"amount":51,"currency":"CHF"}'),
    () => wish('POST', '/v1/payments', '{"amount":1,"amount":5000,"currency":"EUR"}'),
    () => wish('POST', '/v1/payments', '{"amount":5000,"currency":"EUR"}', 'text/plain'),
    () => wish('POST', '/v1/payments', '{"amount":-0.5,"currency":"EUR"}'),
    () => wish('POST', '/v1/payments', '{"amount":1,"currency":"EUR","to":"me"}'),
    () => wish('POST', '/v1/payments'),
  ],
}

const search: Grant = {
  root: [
    http({
      actions: ['GET', 'HEAD'],
      paths: ['/search', '/search/*'],
      constraints: { query: { q: { prefix: 'is:' }, page: { minimum: 1, maximum: 9 }, all: {} } },
    }),
  ],
  narrower: [
    [
      http({
        actions: ['GET'],
        paths: ['/search'],
        constraints: { query: { q: { prefix: 'is:open' }, page: { minimum: 1, maximum: 3 } } },
      }),
    ],
  ],
  wishes: [
    (random) => wish('GET', `/search?q=is:open${random.below(10)}&page=${1 + random.below(3)}`),
    () => wish('GET', '/search?page=2&q=is%3Aopen+x'),
  ],
  greed: [
    () => wish('GET', '/search?q=is:open&page=4&page=1'),
    () => wish('GET', '/search?q=is:open&page=9'),
    () => wish('GET', '/search?all=1'),
    () => wish('GET', '/search?page=2'),
    () => wish('HEAD', '/search'),
  ],
}

const office: Grant = {
  root: [
    {
      ...http({ actions: ['GET', 'PUT'], paths: ['/'] }),
      locations: [api, local],
      constraints: {
        time: [{ zone: 'Europe/Berlin', days: ['mon', 'tue', 'wed'], from: '08:00', to: '17:00' }],
      },
    },
    {
      type: 'mcp',
      locations: ['https://mcp.test/mcp'],
      actions: ['tools/call'],
      tools: { search: digestSha256('search') },
    },
    http({ actions: ['PATCH'], paths: ['/*/tail/**'] }),
  ],
  narrower: [
    [
      {
        ...http({ actions: ['GET', 'PUT'], paths: ['/'] }),
        locations: [api, local],
        constraints: { time: [{ zone: 'Europe/Berlin', days: ['tue'], from: '10:00', to: '15:30' }] },
      },
    ],
  ],
  wishes: [
    (random) => ({ ...wish('GET', '/'), origin: random.pick(ORIGINS) }),
    (random) => ({ ...wish('PUT', '/?v=1', '\u0000\u00ff', ''), origin: random.pick(ORIGINS) }),
  ],
  greed: [() => wish('PATCH', '/a/tail/b'), () => wish('POST', '/'), () => wish('GET', '/v1')],
}

/** The kinds of rights that valid chains have. */
export const GRANTS: readonly Grant[] = [items, payments, search, office]

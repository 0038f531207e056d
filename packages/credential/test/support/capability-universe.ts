import type { JsonObject, JsonValue } from '@behalf/core'
import type { HttpAccess, McpAccess } from '../../src/index.ts'

/** A request as the oracle sees it: one value for each dimension, all of which must be allowed. */
export const LOCATIONS = ['https://a.test', 'https://b.test'] as const
export const METHODS = ['GET', 'POST'] as const
export const PATHS = [
  '/',
  '/a',
  '/b',
  '/c',
  '/a/',
  '/b/',
  '/a/a',
  '/a/b',
  '/b/a',
  '/c/b',
  '/a/a/',
  '/a/b/a',
  '/b/c/b/a',
  '/a/b/c/',
] as const
export const QUERIES = [
  '',
  'x=1',
  'x=2',
  'x=5',
  'x=7.0',
  'x=10',
  'x=a',
  'x=ab',
  'x=abc',
  'x=',
  'y=1',
  'y=5',
  'y=ab',
  'x=1&y=1',
  'y=5&x=5',
  'x=a&y=10',
  'x=1&x=2',
  'z=1',
  'z=5',
  'z=ab',
  'x=1&z=1',
  'x=ab&z=5',
  'y=1&z=1',
  'y=ab&z=ab',
  'x=ab&y=ab',
  'x=5&y=ab&z=1',
  'x=a&y=1&z=ab',
] as const
const VALUES: readonly JsonValue[] = [
  0,
  1,
  2,
  5,
  10,
  'a',
  'ab',
  'abc',
  'b',
  '',
  '😀',
  '5',
  true,
  null,
  [1],
  {},
]
const COMMON: readonly JsonValue[] = [1, 5, 'ab', null]
export const NAMED_VALUES: readonly JsonObject[] = [
  {},
  ...VALUES.map((x) => ({ x })),
  ...VALUES.map((y) => ({ y })),
  ...COMMON.flatMap((x) =>
    COMMON.flatMap((y) => [
      { x, y },
      { x, z: y },
      { y: x, z: y },
    ]),
  ),
  ...COMMON.flatMap((x) => COMMON.flatMap((y) => COMMON.map((z) => ({ x, y, z })))),
  ...[1, 2, 10, 'ab', ''].map((z) => ({ z })),
]
/** A Monday, a Friday and a Sunday, at hours on both sides of every bound that is generated. */
export const TIMES: readonly number[] = ['2026-11-23', '2026-11-27', '2026-11-29'].flatMap((day) =>
  ['00:00', '07:30', '08:00', '09:30', '11:59', '16:59', '17:00', '23:30'].map((time) =>
    Date.parse(`${day}T${time}:00Z`),
  ),
)
export const CALLS = [
  { action: 'tools/list' },
  { action: 'tools/call', tool: 'search' },
  { action: 'tools/call', tool: 'read' },
  { action: 'tools/call' },
] as const

/** The dimensions of one kind of request; a request is one value of each. */
export interface Universe {
  readonly type: 'http' | 'mcp'
  readonly dimensions: readonly (readonly unknown[])[]
}

export const UNIVERSES: readonly Universe[] = [
  { type: 'http', dimensions: [LOCATIONS, METHODS, PATHS, QUERIES, NAMED_VALUES, TIMES] },
  { type: 'mcp', dimensions: [LOCATIONS, CALLS, NAMED_VALUES, TIMES] },
]

/** Returns the request that an HTTP server would be asked to decide about. */
export function httpAccess(pick: <Value>(values: readonly Value[]) => Value): {
  access: HttpAccess
  values: readonly unknown[]
} {
  const [origin, method, path, query] = [pick(LOCATIONS), pick(METHODS), pick(PATHS), pick(QUERIES)]
  const [body, now] = [pick(NAMED_VALUES), pick(TIMES)]
  const access: HttpAccess = {
    type: 'http',
    origin,
    method,
    path,
    query,
    body: new TextEncoder().encode(JSON.stringify(body)),
    contentType: 'application/json',
    now,
  }
  return { access, values: [origin, method, path, query, body, now] }
}

/** Returns the request that an MCP server would be asked to decide about. */
export function mcpAccess(pick: <Value>(values: readonly Value[]) => Value): {
  access: McpAccess
  values: readonly unknown[]
} {
  const [location, call, args, now] = [pick(LOCATIONS), pick(CALLS), pick(NAMED_VALUES), pick(TIMES)]
  return {
    access: { type: 'mcp', location, ...call, arguments: args, now },
    values: [location, call, args, now],
  }
}

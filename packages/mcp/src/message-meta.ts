import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'

/** Member of `_meta` that proves a message. */
export const PROOF_META = 'behalf/proof'
/** Member of `_meta` that tells under which id a request is on record. */
export const REQUEST_ID_META = 'behalf/request-id'

/** Where a message has its `_meta`: in its params, its result, or the data of its error. */
type MetaPlace = readonly string[]

/**
 * The `_meta` of a message; undefined where it has none, or one that is no object.
 *
 * @see MCP 2026-07-28 and 2025-11-25 (`_meta`)
 */
export function readMeta(message: JsonObject): JsonObject | undefined {
  let value: JsonValue | undefined = message
  for (const name of placeOf(message)) value = isJsonObject(value) ? value[name] : undefined
  return isJsonObject(value) ? value : undefined
}

/** The same message with another `_meta`. What stands where there must be an object for it gives way. */
export function withMeta(message: JsonObject, meta: JsonObject): JsonObject {
  return put(message, placeOf(message), meta)
}

function placeOf(message: JsonObject): MetaPlace {
  if ('method' in message) return ['params', '_meta']
  return 'result' in message ? ['result', '_meta'] : ['error', 'data', '_meta']
}

function put(value: JsonValue | undefined, [name, ...below]: MetaPlace, meta: JsonObject): JsonObject {
  const members = isJsonObject(value) ? value : {}
  if (name === undefined) return meta
  return { ...members, [name]: below.length === 0 ? meta : put(members[name], below, meta) }
}

import { isJsonObject, type JsonObject } from '@behalf/core'

/** A message that a server wrote; what is in it is not looked at further. */
export type ServerMessage =
  | {
      readonly kind: 'request'
      readonly id: string | number
      readonly method: string
      readonly value: JsonObject
    }
  | { readonly kind: 'notification'; readonly params: JsonObject; readonly value: JsonObject }
  | { readonly kind: 'response'; readonly id: string | number; readonly value: JsonObject }

/** The message in a line; undefined for a line that holds none. */
export function readServerMessage(line: string): ServerMessage | undefined {
  const value = parse(line)
  if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') return undefined
  const { id, method, params } = value
  if (typeof method === 'string') {
    if (isId(id)) return { kind: 'request', id, method, value }
    return { kind: 'notification', params: isJsonObject(params) ? params : {}, value }
  }
  return isId(id) && ('result' in value || 'error' in value) ? { kind: 'response', id, value } : undefined
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' || typeof id === 'number'
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

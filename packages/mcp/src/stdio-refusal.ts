import { BehalfError, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { ProblemResponse } from '@behalf/verifier'
import { REFUSED } from './ended-call.ts'
import { parseMcpJson } from './mcp-message.ts'
import { readMeta, withMeta } from './message-meta.ts'

/**
 * The answer to a line that was refused; undefined where none is expected: to a notification, or an answer.
 *
 * @see MCP 2026-07-28 and 2025-11-25 (JSONRPCErrorResponse): without id where none could be read
 */
export function toRefusal(
  line: Uint8Array,
  problem: ProblemResponse,
  maxBytes: number,
): JsonObject | undefined {
  const error = toErrorMember(problem)
  const message = readLeniently(line, maxBytes)
  if (!isJsonObject(message)) return { error }
  const { id, method } = message
  if (method === undefined || id === undefined) return undefined
  return typeof id === 'string' || typeof id === 'number' ? { id, error } : { error }
}

/** The problem that a refusal would be over HTTP, as the error of an answer. */
export function toErrorMember({ body, headers }: ProblemResponse): JsonObject {
  const problem = parseJson(body)
  const data = isJsonObject(problem) ? problem : {}
  const [, wait] = headers.find(([name]) => name === 'Retry-After') ?? []
  return {
    code: REFUSED,
    message: `${textOf(data['title'])} (${textOf(data['code'])})`,
    data: wait === undefined ? data : { ...data, retry_after: Number(wait) },
  }
}

/** The answer of a server with more in its `_meta`; as it is where it says in data of its own why it failed. */
export function tellInMeta(answer: JsonObject, told: JsonObject): JsonObject {
  const { error } = answer
  const isTaken = isJsonObject(error) && error['data'] !== undefined && !isJsonObject(error['data'])
  return isTaken ? answer : withMeta(answer, { ...readMeta(answer), ...told })
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function readLeniently(line: Uint8Array, maxBytes: number): JsonValue | undefined {
  try {
    return parseMcpJson(line, { maxBytes })
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

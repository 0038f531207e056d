import { CoreError, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { HTTP_FAILURES, type VerifierErrorCode } from '@behalf/verifier'
import { McpError } from './error.ts'

const PROBLEM = /^application\/problem\+json\b/i
const MAX_PROBLEM_BYTES = 65_536
const REQUEST_ID = /^[!-~]{1,128}$/
const SCOPE = /^[ !#-[\]-~]{1,2048}$/

/**
 * The refusal that an answer is; undefined of an answer that is none.
 *
 * @param response read to its end when it is a refusal
 * @see RFC 9457
 */
export async function readRefusal(response: Response): Promise<McpError | undefined> {
  if (response.ok || !PROBLEM.test(response.headers.get('content-type') ?? '')) return undefined
  return describeRefusal(await readProblem(response), response.status)
}

/**
 * The refusal that a problem tells of.
 *
 * @param status of the answer over HTTP, or what the problem says it would be
 */
export function describeRefusal(problem: JsonObject, status: number): McpError {
  const code =
    typeof problem['code'] === 'string' && isKnownCode(problem['code']) ? problem['code'] : 'server_refused'
  const { request_id: requestId, required_scope: requiredScope } = problem
  return new McpError(code, `the server refused the call (${code})`, {
    status,
    ...(isRequestId(requestId) && { requestId }),
    ...(isText(requiredScope, SCOPE) && { requiredScope }),
  })
}

async function readProblem(response: Response): Promise<JsonObject> {
  try {
    const value = parseJson(await response.text(), { maxBytes: MAX_PROBLEM_BYTES })
    return isJsonObject(value) ? value : {}
  } catch (error) {
    if (error instanceof CoreError) return {}
    throw error
  }
}

/** Whether this version knows a code of the wire. */
export function isKnownCode(code: string): code is VerifierErrorCode {
  return Object.hasOwn(HTTP_FAILURES, code)
}

/** Whether something can be the handle of a call in a record. */
export function isRequestId(value: unknown): value is string {
  return isText(value, REQUEST_ID)
}

function isText(value: unknown, grammar: RegExp): value is string {
  return typeof value === 'string' && grammar.test(value)
}

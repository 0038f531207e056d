import { ApiError, NetworkError, type Problem } from './api-error.ts'
import { noteServerTime } from './server-clock.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

const ANSWER_WITHIN_MS = 20_000
let csrfToken: string | null = null

/** From now on every call that changes something carries this token. */
export function carryCsrfToken(token: string | null): void {
  csrfToken = token
}

/**
 * Calls the authority that served this page, with the session's cookie.
 *
 * @param method - everything but GET carries the session's token and a JSON body
 * @param path - from `/api`
 * @returns the decoded JSON answer; undefined when there is none
 * @throws ApiError for a refusal, NetworkError when no answer came within 20 s
 */
export async function callApi<T>(method: Method, path: string, body: object = {}): Promise<T> {
  const response = await send(method, path, body)
  noteServerTime(response.headers.get('date'))
  const text = await readText(response)
  if (!response.ok) throw new ApiError(parseProblem(response, text))
  return parseJson(text)
}

async function send(method: Method, path: string, body: object): Promise<Response> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const write = {
    headers: {
      'Content-Type': 'application/json',
      ...(csrfToken !== null && { 'X-CSRF-Token': csrfToken }),
    },
    body: JSON.stringify(body),
  }
  try {
    return await fetch(path, { method, signal, redirect: 'error', ...(method !== 'GET' && write) })
  } catch (cause) {
    throw new NetworkError('The authority did not answer', { cause })
  }
}

async function readText(response: Response): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw new NetworkError('The answer broke off', { cause })
  }
}

function parseJson<T>(text: string): T {
  return JSON.parse(text === '' ? 'null' : text)
}

function parseProblem(response: Response, text: string): Problem {
  const { status } = response
  const fallback = {
    status,
    code: 'internal_error',
    detail: `The authority answered ${status}`,
    retryable: status >= 500,
  }
  try {
    const { code, detail, field, retryable, request_id: requestId } = JSON.parse(text)
    return {
      ...fallback,
      ...(typeof code === 'string' && { code }),
      ...(typeof detail === 'string' && { detail }),
      ...(typeof field === 'string' && { field }),
      ...(typeof retryable === 'boolean' && { retryable }),
      ...(typeof requestId === 'string' && { requestId }),
    }
  } catch {
    return fallback
  }
}

import type { ProblemResponse } from './problem-response.ts'

/** The answer as a web `Response`. */
export function toFetchResponse({ status, headers, body }: ProblemResponse): Response {
  return new Response(body, { status, headers })
}

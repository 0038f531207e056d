/** What a refusal of the authority says. @see RFC 9457 */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly field?: string
  readonly retryable: boolean
  readonly requestId?: string
}

/** The authority refused: `code` is stable, `detail` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly retryable: boolean
  readonly requestId: string | undefined

  constructor(problem: Problem) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.field = problem.field
    this.retryable = problem.retryable
    this.requestId = problem.requestId
  }
}

/** No answer came back: nothing is known about whether the call arrived. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError'
}

/** Whether an error is a refusal with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.code)
}

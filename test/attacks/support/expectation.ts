import { HTTP_FAILURES, type VerifierErrorCode } from '@behalf/verifier'
import { expect } from 'vitest'
import type { Answer } from './wire.ts'

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** The answer is the acceptance of the handler, or the coded refusal that the verifier's table describes. */
export function expectAnswer(answer: Answer, code: string): void {
  expect(readCode(answer), answer.body).toBe(code)
  expect(answer.header('request-id')).toMatch(ULID)
  if (code === 'ok') {
    expect(answer.status).toBe(200)
    return
  }
  expect(answer.status).toBe(statusOf(code as VerifierErrorCode, answer))
  expect(answer.header('content-type')).toBe('application/problem+json')
  expect(answer.header('cache-control')).toBe('no-store')
  expect(answer.header('date')).toBeDefined()
  if (answer.body === '') return
  expect(JSON.parse(answer.body)).toMatchObject({
    code,
    status: answer.status,
    request_id: answer.header('request-id'),
  })
}

/** An API tells 401 of a proof for which a token endpoint tells 400. */
function statusOf(code: VerifierErrorCode, answer: Answer): number {
  const isApi = answer.header('www-authenticate')?.startsWith('DPoP ') === true
  return isApi && code === 'invalid_dpop_proof' ? 401 : HTTP_FAILURES[code].status
}

/** The code an answer tells: in its body, or by its link to the page of the code where it has none. */
export function readCode(answer: Answer): string {
  const link = /^<https:\/\/behalf\.dev\/errors\/([a-z_]+)>; rel="help"$/.exec(
    answer.header('link') ?? '',
  )?.[1]
  if (answer.body === '') return link ?? `status ${answer.status} without a code`
  try {
    return String(JSON.parse(answer.body).code)
  } catch {
    return `status ${answer.status} with ${answer.body.slice(0, 80)}`
  }
}

/** The code of an error, `ok` when nothing is thrown. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'ok'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    return error instanceof Error ? error.name : String(error)
  }
}

import { concatBytes, isJsonObject, type JsonObject, parseJson } from '@behalf/core'

/** Why reports were not taken, by whoever answered: the authority, or something in front of it. */
export interface ReportRefusal {
  readonly status: number
  /** Of the authority's problem; undefined when the answer is none. */
  readonly code: string | undefined
  /** The member that the authority named. */
  readonly field: string | undefined
  /** One line: status, code, field and what the problem says. */
  readonly words: string
}

const MAX_BYTES = 16_384
const CODE = /^[a-z_]{1,64}$/u
const FIELD = /^[@A-Za-z0-9_.[\]-]{1,64}$/u
const MAX_TEXT = 300
/** Said of the moment, not of what was sent: request timeout, too early, too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * What an answer that is no success says.
 *
 * @returns undefined when it says "not now", and the same may be taken later
 * @see RFC 9457
 */
export async function readReportRefusal(response: Response): Promise<ReportRefusal | undefined> {
  const { status } = response
  if (status < 400 || status >= 500 || PASSING.has(status)) return undefined
  const problem = await readProblem(response)
  const code = match(problem.code, CODE)
  const field = match(problem.field, FIELD)
  const told = [
    `the authority answered with ${status}`,
    ...(code === undefined ? [] : [code]),
    ...(field === undefined ? [] : [`(${field})`]),
  ].join(' ')
  return {
    status,
    code,
    field,
    words: [told, ...textOf(problem.title), ...textOf(problem.detail)].join(': '),
  }
}

/**
 * Whether the answer is about what the reports say, by itself: without this the same may have been answered to any
 * report, of an API that is not registered, or by a proxy.
 */
export function namesReports({ status, code, field = '' }: ReportRefusal): boolean {
  if (status === 413) return true
  return code === 'input_invalid' && (field === 'body' || field.startsWith('records.'))
}

/** Whether the authority let the API in and read what it sent, an empty list, which is the one thing it objects to. */
export function namesEmptyList({ code, field }: ReportRefusal): boolean {
  return code === 'input_invalid' && field === 'records'
}

async function readProblem(response: Response): Promise<JsonObject> {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/problem+json') return {}
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > MAX_BYTES) return {}
    parts.push(part)
  }
  try {
    const problem = parseJson(concatBytes(...parts), { maxBytes: MAX_BYTES })
    return isJsonObject(problem) ? problem : {}
  } catch {
    return {}
  }
}

function match(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}

function textOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? [value.slice(0, MAX_TEXT).replaceAll(/\p{C}/gu, ' ')] : []
}

import { concatBytes, isJsonObject, type JsonObject, parseJson } from '@behalf/core'

/** Members of a refusal that this package reads. */
export interface Problem {
  readonly code: string
  /** At most 500 characters, without control characters. */
  readonly title?: string
  /** At most 500 characters, without control characters. */
  readonly detail?: string
  readonly requestId?: string
  /** What would have been needed: a method, a blank and a URL without query. */
  readonly requiredScope?: string
}

const PROBLEM_TYPE = 'application/problem+json'
const MAX_PROBLEM_BYTES = 65_536
const MAX_TEXT = 500

/**
 * The body of a response, or `undefined` when it is longer than allowed; then the rest is not read.
 *
 * @param maxBytes - upper bound of the body
 */
export async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = (await reader?.read())?.value
    if (chunk === undefined) return concatBytes(...chunks)
    length += chunk.length
    if (length > maxBytes) {
      // Not awaited: of two halves of a cloned response, neither cancels before the other does.
      reader?.cancel().catch(() => undefined)
      return undefined
    }
    chunks.push(chunk)
  }
}

/** As readProblem, but the response can still be read afterwards. */
export async function peekProblem(response: Response): Promise<Problem | undefined> {
  // Only what will be read is cloned: the unread half of a clone would keep the whole body in memory.
  return isMediaType(response, PROBLEM_TYPE) ? await readProblem(response.clone()) : undefined
}

/**
 * What a refusal says, or `undefined` when it is not `application/problem+json` with a code.
 *
 * @see RFC 9457
 */
export async function readProblem(response: Response): Promise<Problem | undefined> {
  if (!isMediaType(response, PROBLEM_TYPE)) return undefined
  const bytes = await readBytes(response, MAX_PROBLEM_BYTES)
  const problem = bytes === undefined ? undefined : parseObject(bytes)
  const code = problem?.code
  if (typeof code !== 'string') return undefined
  const title = readText(problem?.title)
  const detail = readText(problem?.detail)
  const requestId = readText(problem?.request_id) ?? readText(response.headers.get('request-id'))
  const requiredScope = readText(problem?.required_scope)
  return {
    code,
    ...(title === undefined ? {} : { title }),
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(requiredScope === undefined ? {} : { requiredScope }),
  }
}

/** Whether the response says it is of that media type; parameters do not matter. */
export function isMediaType(response: Response, type: string): boolean {
  const [essence = ''] = (response.headers.get('content-type') ?? '').split(';')
  return essence.trim().toLowerCase() === type
}

/** The JSON object in the bytes, or `undefined` when they hold anything else. */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value = parseJson(bytes, { maxBytes: bytes.length })
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function readText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  return value.slice(0, MAX_TEXT).replace(/\p{Cc}/gu, ' ')
}

import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'

/** Members of a refusal that this package reads. */
export interface Problem {
  readonly code: string
  /** At most 500 characters, without control characters. */
  readonly detail?: string
  readonly requestId?: string
}

const MAX_PROBLEM_BYTES = 65_536
const MAX_TEXT = 500

/**
 * The body of a response, or `undefined` when it is longer than allowed; then the rest is not read.
 *
 * @param maxBytes - upper bound of the body
 */
export async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    // Leaving the loop cancels the stream.
    if (length > maxBytes) return undefined
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/**
 * What a refusal says, or `undefined` when it is not `application/problem+json` with a code.
 *
 * @see RFC 9457
 */
export async function readProblem(response: Response): Promise<Problem | undefined> {
  if (!isMediaType(response, 'application/problem+json')) return undefined
  const bytes = await readBytes(response, MAX_PROBLEM_BYTES)
  const problem = bytes === undefined ? undefined : parseObject(bytes)
  const code = problem?.code
  if (typeof code !== 'string') return undefined
  const detail = readText(problem?.detail ?? problem?.title)
  const requestId = readText(problem?.request_id) ?? readText(response.headers.get('request-id'))
  return {
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { requestId }),
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

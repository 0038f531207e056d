import { decodeUtf8, type JsonObject, type JsonValue } from '@behalf/core'
import { isAuthorityCode, WalletError, type WalletErrorEvidence } from './error.ts'
import type { KeyRequest, SendKeyRequest } from './key-request.ts'
import { isMediaType, type Problem, parseObject, readBytes, readProblem } from './read-response.ts'

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const MAX_RETRY_AFTER_SECONDS = 86_400
// The characters of ids that mean themselves in a path; no dot segments, no percent-encoding.
const ID = /^[A-Za-z0-9:_-][A-Za-z0-9:._~-]{0,199}$/

/** One call below an authority's origin. */
export interface AuthorityCall {
  readonly method?: KeyRequest['method']
  /** Begins with a slash. */
  readonly path: string
  readonly json?: JsonValue
  readonly signed?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Makes calls to one authority and reads their answers. */
export interface AuthorityCaller {
  readonly origin: string
  /** The JSON object that is answered; an answer without content is an empty one. */
  readonly json: (call: AuthorityCall) => Promise<JsonObject>
  /** The text that is answered, of that media type. Not signed, unless it says so. */
  readonly text: (path: string, mediaType: string, signed?: boolean) => Promise<string>
  /** Whether a public route answers with success. */
  readonly succeeds: (path: string) => Promise<boolean>
}

/**
 * The caller of one authority. Answers that are refusals, too long, or of another form are {@link WalletError}.
 *
 * @param origin - a checked origin
 */
export function createAuthorityCaller(origin: string, send: SendKeyRequest): AuthorityCaller {
  const call = ({ method = 'GET', path, json, signed = true, signal }: AuthorityCall): Promise<Response> =>
    send({
      method,
      url: `${origin}${path}`,
      signed,
      ...(json === undefined ? {} : { json }),
      ...(signal === undefined ? {} : { signal }),
    })

  return {
    origin,
    json: async (request) => {
      const { signal } = request
      return await readAnswer(await requireSuccess(await call(request), signal), signal)
    },
    text: async (path, mediaType, signed = false) => {
      const response = await requireSuccess(await call({ path, signed }))
      if (!isMediaType(response, mediaType)) throw invalid('is not of the promised media type', response)
      return decodeUtf8(await readWhole(response))
    },
    succeeds: async (path) => {
      const response = await call({ path, signed: false })
      await response.body?.cancel()
      return response.ok
    },
  }
}

/**
 * An id as a path segment.
 *
 * @throws {WalletError} input_invalid: an id with other characters, which could reach another route
 */
export function pathSegment(id: string): string {
  if (ID.test(id)) return id
  throw new WalletError('input_invalid', 'not an id of this authority', { field: 'id' })
}

async function requireSuccess(response: Response, signal?: AbortSignal): Promise<Response> {
  if (response.ok) return response
  const problem = await wholeOrNone(readProblem(response), signal)
  if (problem === undefined) throw invalid('is neither a success nor a problem', response)
  throw toError(problem, response)
}

function toError(problem: Problem, response: Response): WalletError {
  const { code, title, detail, requestId } = problem
  const retryAfterSeconds = readRetryAfter(response)
  const evidence: WalletErrorEvidence = {
    status: response.status,
    ...(detail === undefined ? {} : { detail }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
  const told = [title, detail].filter((text) => text !== undefined).join(': ')
  const message = told === '' ? `the authority refused with status ${response.status}` : told
  return new WalletError(isAuthorityCode(code) ? code : 'authority_refused', message, evidence)
}

function readRetryAfter(response: Response): number | undefined {
  const text = response.headers.get('retry-after') ?? ''
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), MAX_RETRY_AFTER_SECONDS) : undefined
}

async function readAnswer(response: Response, signal: AbortSignal | undefined): Promise<JsonObject> {
  if (response.status === 204) return {}
  if (!isMediaType(response, 'application/json')) throw invalid('is not JSON', response)
  const answer = parseObject(await readWhole(response, signal))
  if (answer === undefined) throw invalid('is not one JSON object', response)
  return answer
}

async function readWhole(response: Response, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = await wholeOrNone(readBytes(response, MAX_ANSWER_BYTES), signal)
  if (bytes === undefined) throw invalid(`exceeds ${MAX_ANSWER_BYTES} bytes`, response)
  return bytes
}

/** An answer that broke off is none. */
async function wholeOrNone<Value>(reading: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  try {
    return await reading
  } catch (cause) {
    signal?.throwIfAborted()
    throw new WalletError('authority_unreachable', 'the answer of the authority broke off', { cause })
  }
}

function invalid(what: string, { status }: Response): WalletError {
  return new WalletError('authority_response_invalid', `the authority's answer ${what}`, { status })
}

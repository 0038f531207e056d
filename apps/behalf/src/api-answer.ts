import { CoreError, decodeUtf8, encodeBase64, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { CommandError } from './error.ts'
import type { OutputStream } from './io.ts'
import type { AnswerDocument } from './output.ts'
import { plain, plainLines } from './plain-text.ts'

/** The answer of an API, read to its end. */
export interface ApiAnswer {
  readonly statusLine: string
  readonly document: AnswerDocument
  /** What to fail with; undefined for a 2xx answer. */
  readonly failure: CommandError<string> | undefined
  /** Writes the bytes as they came, or what is safe of them to a terminal. */
  writeBody(stream: OutputStream): void
}

/** Reads an answer; one outside 2xx is a failure, with the API's own code when it refused by ours. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const requestId = response.headers.get('request-id') ?? undefined
  const document = {
    status: response.status,
    request_id: requestId,
    content_type: response.headers.get('content-type') ?? undefined,
    ...bodyDocument(bytes),
  }
  const statusLine = `${response.status} ${plain(response.statusText)}`.trim()
  return {
    statusLine: requestId === undefined ? statusLine : `${statusLine}  (request ${plain(requestId)})`,
    document,
    failure: response.ok ? undefined : toFailure(response, { bytes, document }),
    writeBody: (stream) => writeBody(stream, bytes),
  }
}

function bodyDocument(bytes: Uint8Array): AnswerDocument {
  const text = textOf(bytes)
  return text === undefined ? { body_base64: encodeBase64(bytes) } : { body: text }
}

function writeBody(stream: OutputStream, bytes: Uint8Array): void {
  if (stream.isTTY !== true) {
    stream.write(bytes)
    return
  }
  const text = textOf(bytes)
  stream.write(text === undefined ? `(${bytes.length} bytes that are not text)\n` : `${plainLines(text)}\n`)
}

function toFailure(
  response: Response,
  read: { readonly bytes: Uint8Array; readonly document: AnswerDocument },
): CommandError<string> {
  const { document } = read
  const problem = readProblem(response, read.bytes)
  const code = problem?.code
  if (typeof code !== 'string' || !/^[a-z_]{1,64}$/.test(code)) {
    return new CommandError('http_failure', `the API answered ${response.status}`, { document })
  }
  const title = typeof problem?.title === 'string' ? plain(problem.title) : ''
  const message = title === '' ? `the API refused with status ${response.status}` : title
  return new CommandError(code, message, { document })
}

function readProblem(response: Response, bytes: Uint8Array): JsonObject | undefined {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/problem+json') {
    return undefined
  }
  return ignoreMalformed(() => {
    const value = parseJson(bytes)
    return isJsonObject(value) ? value : undefined
  })
}

function textOf(bytes: Uint8Array): string | undefined {
  return ignoreMalformed(() => decodeUtf8(bytes))
}

function ignoreMalformed<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof CoreError) {
      return undefined
    }
    throw error
  }
}

import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'

/** An answer, read to its end. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as a JSON object; empty when it is none. */
  readonly json: JsonObject
  readonly code: string | undefined
}

/** Reads an answer to its end. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  const text = await response.text()
  const { status, headers } = response
  const isJson = /^application\/(?:problem\+)?json/u.test(headers.get('content-type') ?? '')
  const parsed = isJson ? parseJson(text) : {}
  const json = isJsonObject(parsed) ? parsed : {}
  const { code } = json
  return { status, headers, text, json, code: typeof code === 'string' ? code : undefined }
}

/** The objects in a list of an answer. */
export function listOf(json: JsonObject, name: string): readonly JsonObject[] {
  const value = json[name]
  if (!Array.isArray(value)) throw new Error(`no list ${name}`)
  return value.filter(isJsonObject)
}

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { CoreError, encodeUtf8, parseJson } from '@behalf/core'
import { CommandError, usageError } from './error.ts'
import type { BehalfIo } from './io.ts'

/** The body of a request to an API. */
export interface ApiBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What to send as content type when the command line names none. */
  readonly contentType: string
}

/**
 * The headers of `--header 'NAME: VALUE'`, each name at most once.
 *
 * @throws CommandError `usage_invalid`
 */
export function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\t\u0020-\u007e]*)$/.exec(line)
    if (match === null) {
      throw usageError(
        `--header ${JSON.stringify(line)} is not a header`,
        "write --header 'Accept: application/json'",
      )
    }
    const [, name = '', value = ''] = match
    if (headers.has(name)) {
      throw usageError(`--header gives ${name} twice`, 'give each header once')
    }
    headers.set(name, value)
  }
  return headers
}

/**
 * The body of `--data`: the text itself, the bytes of a file after `@`, or of standard input after `@-`.
 *
 * @throws CommandError `not_found` for a file that cannot be read
 */
export async function readBody(io: BehalfIo, data: string | undefined): Promise<ApiBody | undefined> {
  if (data === undefined) {
    return undefined
  }
  const bytes = new Uint8Array(data.startsWith('@') ? await readNamed(io, data.slice(1)) : encodeUtf8(data))
  return { bytes, contentType: guessContentType(bytes) }
}

async function readNamed(io: BehalfIo, name: string): Promise<Uint8Array> {
  if (name === '-') {
    return await buffer(io.stdin)
  }
  const path = resolve(io.cwd, name)
  return await readFile(path).catch((cause: unknown) => {
    throw new CommandError('not_found', `the file ${path} cannot be read`, { cause })
  })
}

function guessContentType(bytes: Uint8Array): string {
  try {
    parseJson(bytes, { maxBytes: bytes.length })
    return 'application/json'
  } catch (error) {
    if (error instanceof CoreError) {
      return 'application/octet-stream'
    }
    throw error
  }
}

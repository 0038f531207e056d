import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { concatBytes, decodeUtf8 } from '@behalf/core'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'
import { isSystemError } from './system-error.ts'

/** Larger than the largest status list. */
const MAX_INPUT_BYTES = 4 * 1024 * 1024

/**
 * The text of the file a person named, or of standard input for `-`.
 *
 * @throws CommandError `not_found`, `input_invalid` above 4 MiB; CoreError `encoding_malformed`
 */
export async function readInput(io: BehalfIo, name: string): Promise<string> {
  const path = resolve(io.cwd, name)
  try {
    return decodeUtf8(await readBounded(name === '-' ? io.stdin : createReadStream(path)))
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM')) {
      throw cause
    }
    throw new CommandError('not_found', `the file ${path} cannot be read`, { cause })
  }
}

async function readBounded(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MAX_INPUT_BYTES) {
      throw new CommandError('input_invalid', 'the input is larger than 4 MiB', {
        next: 'check that it is the right file',
      })
    }
    chunks.push(chunk)
  }
  return concatBytes(...chunks)
}

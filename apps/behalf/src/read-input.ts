import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { decodeUtf8 } from '@behalf/core'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'

/** Larger than the largest status list. */
const MAX_INPUT_BYTES = 4 * 1024 * 1024

/**
 * The text of the file a person named, or of standard input for `-`.
 *
 * @throws CommandError `not_found`, `input_invalid` above 4 MiB; CoreError `encoding_malformed`
 */
export async function readInput(io: BehalfIo, name: string): Promise<string> {
  const bytes = name === '-' ? await buffer(io.stdin) : await readNamed(resolve(io.cwd, name))
  if (bytes.length > MAX_INPUT_BYTES) {
    throw tooLarge()
  }
  return decodeUtf8(bytes)
}

async function readNamed(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > MAX_INPUT_BYTES) {
      throw tooLarge()
    }
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof CommandError) {
      throw cause
    }
    throw new CommandError('not_found', `the file ${path} cannot be read`, { cause })
  }
}

function tooLarge(): CommandError {
  return new CommandError('input_invalid', 'the input is larger than 4 MiB', {
    next: 'check that it is the right file',
  })
}

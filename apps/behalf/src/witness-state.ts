import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createEd25519Signer,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  type Signer,
  systemRandomBytes,
} from '@behalf/core'
import { makePrivateFolder, writePrivateFile } from '@behalf/wallet/encrypted-file'
import { CommandError } from './error.ts'
import { isSystemError } from './system-error.ts'

const SEED_BYTES = 32
const KEY_FILE = 'witness.key'

/** What a witness keeps in its folder. */
export interface WitnessState {
  readonly signer: Signer
  /** The last checkpoint of a log that it signed; undefined for a log that it never saw. */
  read(log: string): Promise<string | undefined>
  /** The checkpoint is on disk, instead of the one before. @returns where */
  write(log: string, note: string): Promise<string>
  /** Both notes are on disk: two checkpoints that cannot be of one log. @returns where */
  writeFork(notes: { readonly seen: string; readonly shown: string; readonly time: number }): Promise<string>
}

/**
 * Opens the folder of a witness; the first time it makes the folder and a key in it, both for their owner alone.
 *
 * @throws CommandError `input_invalid` when the key file holds something else
 */
export async function openWitnessState(folder: string): Promise<WitnessState> {
  await makePrivateFolder(folder)
  const signer = createEd25519Signer(await readSeed(join(folder, KEY_FILE)))
  const pathOf = (log: string): string =>
    join(folder, `${log.replaceAll(/[^A-Za-z0-9.-]/gu, '_')}.checkpoint`)
  return {
    signer,
    read: (log) => readIfThere(pathOf(log)),
    write: async (log, note) => {
      await writePrivateFile(pathOf(log), encodeUtf8(note))
      return pathOf(log)
    },
    writeFork: async ({ seen, shown, time }) => {
      const path = join(folder, `fork-${new Date(time).toISOString().replaceAll(/[:.]/gu, '')}.txt`)
      await writePrivateFile(path, encodeUtf8(`${seen}\n${shown}`))
      return path
    },
  }
}

async function readSeed(path: string): Promise<Uint8Array> {
  const known = await readIfThere(path)
  const text = known ?? encodeBase64url(systemRandomBytes(SEED_BYTES))
  if (known === undefined) await writePrivateFile(path, encodeUtf8(`${text}\n`), { exclusive: true })
  try {
    const seed = decodeBase64url(text.trimEnd())
    if (seed.length === SEED_BYTES) return seed
  } catch (cause) {
    throw new CommandError('input_invalid', `${path} does not hold the key of a witness`, { cause })
  }
  throw new CommandError('input_invalid', `${path} does not hold the key of a witness`)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

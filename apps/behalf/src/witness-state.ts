import { join } from 'node:path'
import { encodeUtf8, type Signer } from '@behalf/core'
import { makePrivateFolder, writePrivateFile } from '@behalf/wallet/encrypted-file'
import { openKeyFile } from './key-file.ts'
import { readIfThere } from './read-if-there.ts'

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
  const signer = await openKeyFile(join(folder, KEY_FILE), 'a witness')
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

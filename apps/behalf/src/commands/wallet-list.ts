import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { isWalletName, walletFolder } from '../locations.ts'
import { isSystemError } from '../system-error.ts'

/** `behalf wallet list` */
export const command: Command = {
  usage: '[options]',
  about:
    'Lists the names and files of the wallets in $BEHALF_HOME/wallets, or ~/.behalf/wallets. Opens none of them.',
  positionals: [],
  options: COMMON_OPTIONS,
  example: 'behalf wallet list',
  run: listWallets,
}

async function listWallets({ io, output }: CommandContext): Promise<void> {
  const folder = walletFolder(io)
  const wallets = (await readNames(folder)).map((name) => ({ name, file: join(folder, `${name}.age`) }))
  const words = wallets.map(({ name, file }) => `${output.strong(name)}  ${file}`)
  output.answer(
    { wallets },
    words.length > 0 ? words : ['There is no wallet yet. Make one with: behalf wallet create'],
  )
}

async function readNames(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) {
      return []
    }
    throw error
  })
  return files
    .filter((file) => file.endsWith('.age'))
    .map((file) => file.slice(0, -'.age'.length))
    .filter(isWalletName)
    .toSorted()
}

import { lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFileWallet } from '@behalf/wallet'
import { makePrivateFolder } from '@behalf/wallet/encrypted-file'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError, usageError } from '../error.ts'
import { chooseWalletFile, DEFAULT_WALLET, namedWalletFile, WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS, readPassphrase } from '../passphrase.ts'
import { surroundings } from '../wallets.ts'

/** `behalf wallet create` */
export const command: Command = {
  usage: '[NAME] [options]',
  about:
    'Makes a new agent: an Ed25519 key that never leaves its file, encrypted under a passphrase. A wallet that exists is never overwritten. A new key is a new agent.',
  positionals: ['NAME?'],
  options: { ...WALLET_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf wallet create triage',
  run: createWallet,
}

async function createWallet(context: CommandContext): Promise<void> {
  const { io, output } = context
  const file = chooseFile(context)
  await refuseExisting(file)
  const passphrase = await readPassphrase(context, { what: 'the wallet', isNew: true })
  await makeFolder(dirname(file))
  const wallet = await output.during('Encrypting the new key', () =>
    createFileWallet(file, { passphrase, ...surroundings(io) }),
  )
  output.answer({ did: wallet.did, file }, [
    `The new agent is ${output.strong(wallet.did)}`,
    `Its key is in ${file}, encrypted. Without the passphrase it is lost: there is no other copy.`,
    'Next: ask for a delegation with behalf request',
  ])
}

/** Before a passphrase is asked for; the wallet itself refuses too, when it writes. */
async function refuseExisting(file: string): Promise<void> {
  const exists = await lstat(file).then(
    () => true,
    () => false,
  )
  if (exists) {
    throw new CommandError('keystore_exists', `there is a wallet at ${file}`, {
      next: 'choose another name; it was not touched',
    })
  }
}

async function makeFolder(folder: string): Promise<void> {
  await makePrivateFolder(folder).catch((cause: unknown) => {
    throw new CommandError('folder_unwritable', `the folder ${folder} cannot be made`, { cause })
  })
}

function chooseFile({ io, args }: CommandContext): string {
  const name = args.optionalArgument('NAME')
  if (name === undefined) {
    return chooseWalletFile(io, args)
  }
  if (args.text('wallet') !== undefined || args.text('wallet-file') !== undefined) {
    throw usageError(
      'the wallet is named twice',
      `give the name alone, as in behalf wallet create ${DEFAULT_WALLET}`,
    )
  }
  return namedWalletFile(io, name)
}

import { BehalfError } from '@behalf/core'
import { type AuthorityClient, openFileWallet, type Wallet, type WalletOptions } from '@behalf/wallet'
import type { CommandContext } from './command.ts'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'
import { chooseAuthority, chooseOperatorFile, chooseWalletFile } from './locations.ts'
import { readPassphrase } from './passphrase.ts'

/**
 * The wallet of the agent that the command line chooses.
 *
 * @throws CommandError `keystore_missing`, and as readPassphrase; WalletError `keystore_*`
 */
export async function openAgentWallet(context: CommandContext): Promise<Wallet> {
  return await openWallet(context, {
    file: chooseWalletFile(context.io, context.args),
    what: 'the wallet',
    next: 'make one with behalf wallet create, or choose another with --wallet',
  })
}

/**
 * The wallet of the operator that the command line chooses.
 *
 * @throws CommandError `keystore_missing`, and as readPassphrase; WalletError `keystore_*`
 */
export async function openOperatorWallet(context: CommandContext): Promise<Wallet> {
  return await openWallet(context, {
    file: chooseOperatorFile(context.io, context.args),
    what: 'the operator wallet',
    next: 'give its file with --operator; behalf serve makes it in its data folder and says where',
  })
}

/**
 * The authority that the command line names, as the operator sees it.
 *
 * @throws as openOperatorWallet and chooseAuthority
 */
export async function openAuthority(context: CommandContext): Promise<AuthorityClient> {
  const origin = chooseAuthority(context.io, context.args)
  const wallet = await openOperatorWallet(context)
  return wallet.authority(origin)
}

/** What a wallet uses of the process: its clock, and its network with a code for silence. */
export function surroundings(io: BehalfIo): Pick<WalletOptions, 'fetch' | 'clock' | 'wait'> {
  return { clock: io.clock, wait: io.wait, fetch: (url, init) => reach(io, url, init) }
}

// The wallet passes a failing network on as fetch does, as a TypeError, which here would look like a wrong argument.
async function reach(io: BehalfIo, url: string, init: RequestInit): Promise<Response> {
  try {
    return await io.fetch(url, init)
  } catch (cause) {
    throw new CommandError('target_unreachable', `no answer from ${new URL(url).origin}`, { cause })
  }
}

async function openWallet(
  context: CommandContext,
  chosen: { readonly file: string; readonly what: string; readonly next: string },
): Promise<Wallet> {
  const { io, output } = context
  const { file, what, next } = chosen
  const passphrase = await readPassphrase(context, { what, isNew: false })
  const options = { passphrase, ...surroundings(io) }
  try {
    return await output.during(`Unlocking ${what}`, () => openFileWallet(file, options))
  } catch (error) {
    if (error instanceof BehalfError && error.code === 'keystore_missing') {
      throw new CommandError('keystore_missing', `there is no wallet at ${file}`, { next, cause: error })
    }
    throw error
  }
}

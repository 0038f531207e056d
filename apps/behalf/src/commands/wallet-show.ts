import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { describeHeld } from '../delegation-words.ts'
import { heldDocument } from '../documents.ts'
import { chooseWalletFile, WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openAgentWallet } from '../wallets.ts'

/** `behalf wallet show` */
export const command: Command = {
  usage: '[options]',
  about:
    'Unlocks a wallet and shows which agent it belongs to and the delegations it holds. The key is never shown.',
  positionals: [],
  options: { ...WALLET_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf wallet show --wallet triage',
  run: showWallet,
}

async function showWallet(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const file = chooseWalletFile(io, args)
  const wallet = await openAgentWallet(context)
  const held = wallet.delegations()
  output.answer({ did: wallet.did, file, delegations: held.map(heldDocument) }, [
    `Agent  ${output.strong(wallet.did)}`,
    `File   ${file}`,
    held.length === 0 ? 'It holds no delegation yet.' : `It holds ${held.length}:`,
    ...held.flatMap((delegation) => describeHeld(delegation, io.clock())),
  ])
}

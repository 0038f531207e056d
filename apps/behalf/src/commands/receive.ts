import { parseBundle } from '../bundle.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { describeHeld } from '../delegation-words.ts'
import { heldDocument } from '../documents.ts'
import { WALLET_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { readInput } from '../read-input.ts'
import { openAgentWallet } from '../wallets.ts'

/** `behalf receive` */
export const command: Command = {
  usage: 'FILE [options]',
  about:
    'Takes in a bundle that another agent wrote with behalf delegate; - reads standard input. It is checked first: every signature, that no link is wider than the one above, and that it is for this agent.',
  positionals: ['FILE'],
  options: { ...WALLET_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf receive bundle.json --wallet helper',
  run: receive,
}

async function receive(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const { chain } = parseBundle(await readInput(io, args.argument('FILE')))
  const wallet = await openAgentWallet(context)
  const held = await wallet.receive(chain)
  output.answer({ delegation: heldDocument(held) }, [
    `${output.strong('Received.')} The wallet holds this delegation now:`,
    ...describeHeld(held, io.clock()),
  ])
}

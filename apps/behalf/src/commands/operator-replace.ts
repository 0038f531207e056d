import { replaceOperator } from '@behalf/authority'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { dataFolder } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openStoppedFolder } from '../stopped-folder.ts'

/** `behalf operator replace` */
export const command: Command = {
  usage: '[options]',
  about:
    'Makes a new operator wallet in the data folder of an authority that does not run, and takes its rights from every operator key before it: for a key that was lost, or that others may have. The old wallet, if it is there, stays beside it. It is told in the record.',
  positionals: [],
  options: {
    data: { kind: 'text', value: 'DIR', help: 'the data folder (default: ~/.behalf/authority)' },
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf operator replace --data ./authority',
  run: replace,
}

async function replace(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const folder = dataFolder(io, args.text('data'))
  const replaced = await openStoppedFolder(context, folder, (passphrase) =>
    output.during('Replacing the operator', () => replaceOperator({ folder, passphrase, clock: io.clock })),
  )
  const { operatorDid, operatorWalletPath, removed } = replaced
  output.answer({ operator: operatorDid, operator_wallet: operatorWalletPath, removed: [...removed] }, [
    `${output.strong('Replaced.')} The operator is now ${operatorDid}`,
    `  operator wallet  ${operatorWalletPath}`,
    ...removed.map((did) => `  no more          ${did}`),
    'Start the authority again with: behalf serve',
  ])
}

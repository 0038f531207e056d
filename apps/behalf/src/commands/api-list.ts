import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf api list` */
export const command: Command = {
  usage: '[options]',
  about: 'Lists the APIs that may put their decisions into the log of the authority.',
  positionals: [],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf api list',
  run: list,
}

async function list(context: CommandContext): Promise<void> {
  const apis = await (await openAuthority(context)).listApis()
  const documents = apis.map(({ did, origins, addedAt, addedBy }) => ({
    did,
    origins: [...origins],
    added_at: formatTime(addedAt),
    added_by: addedBy,
  }))
  const words = apis.map(({ did, origins }) => `${plain(did)}  ${origins.map(plain).join(' ')}`)
  context.output.answer({ apis: documents }, words.length === 0 ? ['No API is registered.'] : words)
}

import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf auditor list` */
export const command: Command = {
  usage: '[options]',
  about: 'Lists the keys that may read the records of the log of the authority, besides its operators.',
  positionals: [],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf auditor list',
  run: list,
}

async function list(context: CommandContext): Promise<void> {
  const auditors = await (await openAuthority(context)).listAuditors()
  const documents = auditors.map(({ did, addedAt, addedBy }) => ({
    did,
    added_at: formatTime(addedAt),
    added_by: addedBy,
  }))
  const words = auditors.map(({ did, addedAt }) => `${plain(did)}  since ${formatTime(addedAt)}`)
  context.output.answer(
    { auditors: documents },
    words.length === 0 ? ['Nobody but operators may read the log.'] : words,
  )
}

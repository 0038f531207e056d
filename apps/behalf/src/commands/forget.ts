import { confirm, requireTerminal } from '../ask.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf forget` */
export const command: Command = {
  usage: 'ID [--yes] [options]',
  about:
    'Makes the log of an authority forget who a principal was: the salt that ties the records to the id is erased, with the evidence of their requests and their id in the events. Every proof still holds. It cannot be undone, and records from now on have another name for the same id. Requests and delegations keep their own copy: docs/audit.md says for how long.',
  positionals: ['ID'],
  options: {
    yes: { kind: 'flag', help: 'do not ask' },
    ...AUTHORITY_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: 'behalf forget alice',
  run: forget,
}

async function forget(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const id = args.argument('ID')
  if (!args.flag('yes')) requireTerminal(io, 'it cannot be undone')
  const authority = await openAuthority(context)
  if (!args.flag('yes') && !(await confirm(io, `forget ${plain(id)} for good?`))) {
    throw new CommandError('access_denied', 'nothing was forgotten: you said no')
  }
  const { forgotten, evidence, events } = await authority.forgetPrincipal(id)
  output.answer({ forgotten, evidence, events }, [
    `${output.strong('Forgotten.')} What the log calls ${plain(forgotten)} is nobody any more.`,
    `  ${evidence} requests lost what proved them, ${events} events their name; every proof of the log still holds.`,
  ])
}

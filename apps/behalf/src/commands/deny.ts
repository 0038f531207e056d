import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { requestDocument } from '../documents.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { readRequest } from '../read-request.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf deny` */
export const command: Command = {
  usage: 'REQUEST [options]',
  about: 'Refuses what an agent asks for. The agent is told, with the reason when one is given.',
  positionals: ['REQUEST'],
  options: {
    reason: { kind: 'text', value: 'TEXT', help: 'why; the agent reads it' },
    ...AUTHORITY_OPTIONS,
    ...OPERATOR_OPTIONS,
    ...PASSPHRASE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  example: "behalf deny urn:uuid:0195… --reason 'not during the freeze'",
  run: deny,
}

async function deny(context: CommandContext): Promise<void> {
  const { args, output } = context
  const reason = args.text('reason')
  const authority = await openAuthority(context)
  const { id, version } = await readRequest(authority, args.argument('REQUEST'))
  const decided = await authority.deny(id, { version, ...(reason === undefined ? {} : { reason }) })
  output.answer(requestDocument(decided), [
    `${output.strong('Refused.')} The agent gets nothing from this request.`,
  ])
}

import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf auditor remove` */
export const command: Command = {
  usage: 'DID [options]',
  about: 'Takes from a key the right to read the log of the authority. What it read it keeps.',
  positionals: ['DID'],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf auditor remove did:key:z6Mk…',
  run: remove,
}

async function remove(context: CommandContext): Promise<void> {
  const did = parseAgentDid(context.args.argument('DID'))
  const authority = await openAuthority(context)
  await authority.removeAuditor(did)
  context.output.answer({ removed: did }, [
    `${context.output.strong('Removed.')} ${did} reads the log no more.`,
  ])
}

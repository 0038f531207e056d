import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from '../locations.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { openAuthority } from '../wallets.ts'

/** `behalf auditor add` */
export const command: Command = {
  usage: 'DID [options]',
  about:
    'Lets whoever holds the key DID read the records of the log of the authority, and nothing else: people are hashes in them, and what proves requests stays with the operators. With it somebody outside checks every record, with behalf log verify --wallet NAME.',
  positionals: ['DID'],
  options: { ...AUTHORITY_OPTIONS, ...OPERATOR_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf auditor add did:key:z6Mk…',
  run: add,
}

async function add(context: CommandContext): Promise<void> {
  const did = parseAgentDid(context.args.argument('DID'))
  const authority = await openAuthority(context)
  const auditor = await authority.addAuditor(did)
  context.output.answer({ did: auditor.did }, [
    `${context.output.strong('Added.')} ${did} may read the records of the log.`,
  ])
}

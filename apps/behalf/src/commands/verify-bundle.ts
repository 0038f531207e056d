import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { readInput } from '../read-input.ts'
import { describeTrace, writeTrace } from '../trace/describe-trace.ts'
import { parseTraceBundle } from '../trace/trace-bundle.ts'
import { traceDocument } from '../trace/trace-document.ts'
import { verifyTrace } from '../trace/verify-trace.ts'

/** `behalf verify-bundle` */
export const command: Command = {
  usage: 'FILE --key DID [options]',
  about:
    'Checks a file that behalf trace wrote, offline, with nothing but the key of the authority: that its log has every record, that it signed the delegations, that people approved these words with these passkeys, that agents signed these requests. Then it tells the story. One changed byte and it refuses. What was left out of a file no file can show; - reads standard input.',
  positionals: ['FILE'],
  options: {
    key: {
      kind: 'text',
      value: 'DID',
      help: 'the authority, by its did:key: it signs the log and the delegations',
    },
    ...COMMON_OPTIONS,
  },
  example: 'behalf verify-bundle incident.json --key did:key:z6Mk…',
  run: verifyBundle,
}

async function verifyBundle({ io, args, output }: CommandContext): Promise<void> {
  const authority = parseAgentDid(args.required('key'))
  const bundle = parseTraceBundle(await readInput(io, args.argument('FILE')))
  const verified = await verifyTrace(bundle, authority)
  const steps = describeTrace(verified)
  output.answer(traceDocument(verified, steps), writeTrace(verified, steps))
}

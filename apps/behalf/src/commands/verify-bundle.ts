import { parseTraceBundle, verifyTrace } from '@behalf/authority/trace'
import { advise } from '../advise.ts'
import { parseAgentDid } from '../agent-did.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { readInput } from '../read-input.ts'
import { describeTrace, writeTrace } from '../trace/describe-trace.ts'
import { traceDocument } from '../trace/trace-document.ts'

/** `behalf verify-bundle` */
export const command: Command = {
  usage: 'FILE --key DID [--witness DID …] [options]',
  about:
    'Checks a file that behalf trace wrote, offline, with nothing but the key of the authority and those of its witnesses: that its log has every record, that it signed the delegations, that people approved these words with these passkeys, that agents signed these requests. Then it tells the story. One changed byte and it refuses. What was left out of a file no file can show; - reads standard input.',
  positionals: ['FILE'],
  options: {
    key: {
      kind: 'text',
      value: 'DID',
      help: 'the authority, by its did:key: it signs the log and the delegations',
    },
    witness: {
      kind: 'list',
      value: 'DID',
      help: 'a witness that must have signed, by its did:key; every one that did must be named; may be repeated',
    },
    ...COMMON_OPTIONS,
  },
  example: 'behalf verify-bundle incident.json --key did:key:z6Mk… --witness did:key:z6Mk…',
  run: verifyBundle,
}

const HOW_MADE = 'let the operator write it again with behalf trace --bundle FILE'

async function verifyBundle({ io, args, output }: CommandContext): Promise<void> {
  const authority = parseAgentDid(args.required('key'))
  const witnesses = args.list('witness').map(parseAgentDid)
  const text = await readInput(io, args.argument('FILE'))
  const bundle = await advise('input_invalid', HOW_MADE, () => parseTraceBundle(text))
  const verified = await verifyTrace(bundle, authority, witnesses)
  const steps = describeTrace(verified)
  output.answer(traceDocument(verified, steps), writeTrace(verified, steps))
}

import { parseAgentDid } from '../agent-did.ts'
import type { Check } from '../check.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { inspectInput } from '../inspection.ts'
import { readInput } from '../read-input.ts'

/** `behalf inspect` */
export const command: Command = {
  usage: 'FILE [options]',
  about:
    'Decodes a delegation, a bundle, evidence of an approval, a status list or a heartbeat into plain words and checks offline what can be checked offline: signatures, that no link is wider than the one above, time, and who approved which words with which passkey. It says what it could not check; - reads standard input.',
  positionals: ['FILE'],
  options: {
    issuer: {
      kind: 'text',
      value: 'DID',
      help: 'the authority you trust: check that it is the one that signed',
    },
    evidence: {
      kind: 'text',
      value: 'FILE',
      help: 'the evidence of the approval, where FILE holds only delegations',
    },
    ...COMMON_OPTIONS,
  },
  example: 'behalf inspect bundle.json',
  run: inspect,
}

async function inspect({ io, args, output }: CommandContext): Promise<void> {
  const named = args.text('issuer')
  const trusted = named === undefined ? undefined : parseAgentDid(named)
  const text = await readInput(io, args.argument('FILE'))
  const file = args.text('evidence')
  const evidence = file === undefined ? undefined : await readInput(io, file)
  const { document, words, checks } = await inspectInput(text, { now: io.clock(), trusted, evidence })
  const reported = {
    ...document,
    checks: checks.map(({ what, result, code }) => ({ what, result, code })),
  }
  const lines = [...words, '', 'Checked offline', ...checks.map(describeCheck)]
  const failed = checks.find(({ result }) => result === 'failed')
  if (failed === undefined) {
    output.answer(reported, lines)
    return
  }
  output.note(...lines)
  throw new CommandError<string>(failed.code ?? 'input_invalid', `not everything holds: ${failed.what}`, {
    document: reported,
  })
}

const MARKS = { passed: 'yes         ', failed: 'NO          ', unchecked: 'not checked ' } as const

function describeCheck({ what, result, code, reason }: Check): string {
  const because = [code, reason].filter((part) => part !== undefined).join(': ')
  return `  ${MARKS[result]} ${what}${because === '' ? '' : ` (${because})`}`
}

import type { SuspensionReceipt } from '@behalf/wallet'
import { answerOnceKnown, readWaitSeconds, WAIT_OPTIONS } from './answer-once-known.ts'
import type { OptionSpecs } from './arguments.ts'
import type { CommandContext } from './command.ts'
import { COMMON_OPTIONS } from './common-options.ts'
import { AUTHORITY_OPTIONS, OPERATOR_OPTIONS } from './locations.ts'
import { PASSPHRASE_OPTIONS } from './passphrase.ts'
import { plain } from './plain-text.ts'
import { formatTime } from './time-words.ts'
import { openAuthority } from './wallets.ts'

/** The options of `behalf suspend` and `behalf resume`. */
export const SUSPENSION_OPTIONS: OptionSpecs = {
  reason: { kind: 'text', value: 'TEXT', help: 'why; it is recorded' },
  ...WAIT_OPTIONS,
  ...AUTHORITY_OPTIONS,
  ...OPERATOR_OPTIONS,
  ...PASSPHRASE_OPTIONS,
  ...COMMON_OPTIONS,
}

/** Lets the delegation that is named rest or go on, and tells what holds from now on. */
export async function changeSuspension(context: CommandContext, change: 'suspend' | 'resume'): Promise<void> {
  const { args, output } = context
  const seconds = readWaitSeconds(args)
  const authority = await openAuthority(context)
  const receipt = await authority[change](args.argument('DELEGATION'), args.text('reason'))
  const { delegation, suspended, sequence } = receipt
  const time = formatTime(receipt.time)
  await answerOnceKnown(context, {
    authority: async () => authority,
    deed: suspended ? 'suspended' : 'resumed',
    sequence,
    document: { delegation, suspended, sequence, time },
    words: [
      `${output.strong(suspended ? 'Suspended.' : 'Resumed.')} ${plain(delegation)}`,
      `In force since ${time}; published as heartbeat ${sequence}.`,
      ...describeNext(receipt),
    ],
    seconds,
  })
}

function describeNext({ delegation, suspended }: SuspensionReceipt): readonly string[] {
  if (!suspended) return []
  return [`It and everything below it rests until: behalf resume ${plain(delegation)}`]
}

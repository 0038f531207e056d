import type { AuthorityClient, ConfirmationCounts } from '@behalf/wallet'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { awaitConfirmations } from './await-confirmations.ts'
import type { CommandContext } from './command.ts'
import { CommandError, usageError } from './error.ts'
import type { AnswerDocument } from './output.ts'
import { plain } from './plain-text.ts'

/** Something that was done, and what is told of it. */
export interface Done {
  readonly authority: () => Promise<AuthorityClient>
  /** In one word: `revoked`. */
  readonly deed: string
  /** Number of the heartbeat that says so to every API. */
  readonly sequence: number
  readonly document: AnswerDocument
  readonly words: readonly string[]
  /** How long to wait for every API; undefined: not at all. */
  readonly seconds: number | undefined
}

const DEFAULT_WAIT_SECONDS = 30

/** The options of commands that can wait until every API knows. */
export const WAIT_OPTIONS: OptionSpecs = {
  wait: {
    kind: 'flag',
    help: 'wait until every registered API that follows the authority’s stream with its key (signer of createStatusSource) said that it knows, and fail when one did not, by name; whoever else reads the stream is told of apart and not waited for; for operators',
  },
  seconds: { kind: 'text', value: 'N', help: 'how long to wait at most (30)' },
}

/**
 * How long to wait; undefined without --wait.
 *
 * @throws CommandError `usage_invalid`
 */
export function readWaitSeconds(args: Arguments): number | undefined {
  const text = args.text('seconds')
  if (!args.flag('wait')) {
    if (text === undefined) return undefined
    throw usageError('--seconds says how long to wait', 'give --wait, too')
  }
  if (text === undefined) return DEFAULT_WAIT_SECONDS
  if (/^[1-9][0-9]{0,3}$/u.test(text)) return Number(text)
  throw usageError('--seconds is a whole number from 1 to 9999', 'give --seconds 30')
}

/**
 * Answers what was done, once every registered API that follows the stream said that it knows, where that is waited for.
 *
 * @throws CommandError `confirmation_missing`: it is done, and the time was over before all said so
 */
export async function answerOnceKnown({ io, output }: CommandContext, done: Done): Promise<void> {
  const { sequence, seconds, document, words } = done
  if (seconds === undefined) {
    output.answer(document, words)
    return
  }
  const told = await awaitConfirmations(await done.authority(), { sequence, seconds, io })
  const known = { ...document, ...describeConfirmations(told) }
  if (told.confirmed >= told.connected) {
    output.answer(known, [...words, tellConfirmed(told), ...tellUnproven(told)])
    return
  }
  output.note(...words, ...tellMissing(told), ...tellUnproven(told))
  throw unconfirmed(told, { deed: done.deed, document: known })
}

/** What was asked for was done; that everybody knows is what was waited for, and it did not come. */
function unconfirmed(
  { connected, confirmed }: ConfirmationCounts,
  { deed, document }: Pick<Done, 'deed' | 'document'>,
): CommandError {
  return new CommandError(
    'confirmation_missing',
    `it is ${deed}, and ${confirmed} of ${connected} APIs that follow the stream said in time that they know`,
    { document },
  )
}

function describeConfirmations({ connected, confirmed, apis, unproven }: ConfirmationCounts): AnswerDocument {
  return {
    connected,
    confirmed,
    apis: apis.map((api) => ({ ...api, origins: [...api.origins] })),
    unproven: { ...unproven },
  }
}

function tellMissing({ apis }: ConfirmationCounts): readonly string[] {
  return apis
    .filter((api) => api.confirmed < api.connected)
    .map(({ origins }) => `No word from ${origins.map(plain).join(', ')}.`)
}

function tellConfirmed({ connected }: ConfirmationCounts): string {
  if (connected === 0) return 'No registered API follows the stream: those that ask learn it within seconds.'
  if (connected === 1) return 'The 1 API that follows the stream said that it knows.'
  return `All ${connected} APIs that follow the stream said that they know.`
}

/** Anybody may read the stream, so whoever proved no key is told of, and decides nothing. */
function tellUnproven({ unproven }: ConfirmationCounts): readonly string[] {
  const { connected, confirmed } = unproven
  if (connected === 0) return []
  if (connected === 1) {
    const said = confirmed === 1 ? 'said that it knows' : 'does not confirm'
    return [`And 1 other reader, which proved no key, ${said}.`]
  }
  const those = `And ${connected} other readers, which proved no key`
  if (confirmed === 0) return [`${those}, do not confirm.`]
  return [`${those}: ${confirmed} of them said that they know.`]
}

import { parseArguments } from './arguments.ts'
import type { CommandContext } from './command.ts'
import { COMMANDS, type CommandEntry } from './command-table.ts'
import { CommandError, usageError } from './error.ts'
import { answerCommandHelp } from './help.ts'
import { nearest } from './nearest.ts'
import type { Output } from './output.ts'

const HELP_FLAGS: readonly string[] = ['--help', '-h']

/**
 * Runs the command that a command line names, or shows its help.
 *
 * @throws CommandError `usage_invalid`, and whatever the command refuses with
 */
export async function runCommand(
  argv: readonly string[],
  context: Omit<CommandContext, 'args'>,
): Promise<void> {
  const { entry, rest } = findCommand(argv)
  const { command } = await entry.load()
  if (asksForHelp(rest)) {
    answerCommandHelp(entry, { command, output: context.output })
    return
  }
  try {
    await command.run({ ...context, args: parseArguments(rest, command) })
  } catch (error) {
    throw withNextStep(error, entry)
  }
}

/**
 * Shows the help of one command.
 *
 * @throws CommandError `usage_invalid` for a command that does not exist
 */
export async function showHelp(words: readonly string[], output: Output): Promise<void> {
  const { entry } = findCommand(words)
  const { command } = await entry.load()
  answerCommandHelp(entry, { command, output })
}

function asksForHelp(rest: readonly string[]): boolean {
  const separator = rest.indexOf('--')
  const before = separator < 0 ? rest : rest.slice(0, separator)
  return before.some((word) => HELP_FLAGS.includes(word))
}

function withNextStep(error: unknown, { name }: CommandEntry): unknown {
  if (error instanceof CommandError && error.code === 'usage_invalid' && error.next === undefined) {
    return usageError(error.message, `see behalf ${name} --help`)
  }
  return error
}

function findCommand(argv: readonly string[]): { entry: CommandEntry; rest: readonly string[] } {
  for (const entry of COMMANDS) {
    const words = entry.name.split(' ')
    if (words.every((word, index) => argv[index] === word)) {
      return { entry, rest: argv.slice(words.length) }
    }
  }
  throw unknownCommand(argv)
}

function unknownCommand(argv: readonly string[]): CommandError {
  const [first = '', second = ''] = argv
  if (first.startsWith('-')) {
    return usageError('the command comes first, its options after it', 'see behalf --help')
  }
  const names = COMMANDS.map(({ name }) => name)
  const group = names.filter((name) => name.startsWith(`${first} `))
  if (group.length > 0 && (second === '' || second.startsWith('-'))) {
    return usageError(`behalf ${first} needs one more word`, `one of: behalf ${group.join(', behalf ')}`)
  }
  const typed = group.length > 0 ? `${first} ${second}` : first
  const near = nearest(typed, [...names, 'help'])
  return usageError(
    `there is no command ${JSON.stringify(typed)}`,
    near === undefined ? 'see behalf --help' : `did you mean behalf ${near}?`,
  )
}

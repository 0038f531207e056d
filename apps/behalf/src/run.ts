import { readFile } from 'node:fs/promises'
import { parseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { COMMANDS, type CommandEntry } from './command-table.ts'
import { CommandError, usageError } from './error.ts'
import { describeCommand, describeTool } from './help.ts'
import type { BehalfIo } from './io.ts'
import { nearest } from './nearest.ts'
import { createOutput, type Output } from './output.ts'

const EXIT_DONE = 0
const EXIT_FAILED = 1
const EXIT_USAGE = 2

/**
 * Runs one command line and resolves to its exit code: 0 done, 1 refused or failed with a stable code, 2 wrong usage.
 * Never rejects: every failure is reported on the streams of `io`.
 *
 * @param argv the arguments after the program's name
 * @param io the streams, environment, clock and fetch the command uses
 */
export async function runBehalf(argv: readonly string[], io: BehalfIo): Promise<number> {
  const output = createOutput(io, beforeSeparator(argv).includes('--json'))
  try {
    await runCommandLine(argv, { io, output })
    return EXIT_DONE
  } catch (error) {
    return await reportFailure(error, { io, output })
  }
}

async function runCommandLine(argv: readonly string[], context: { io: BehalfIo; output: Output }): Promise<void> {
  const { io, output } = context
  const first = argv[0] ?? 'help'
  if (first === '--version') {
    const version = await readVersion()
    output.answer({ version }, [version])
    return
  }
  if (first === 'help' || first === '--help' || first === '-h') {
    await showHelp(argv.slice(1), output)
    return
  }
  const { entry, rest } = findCommand(argv)
  const { command } = await entry.load()
  if (beforeSeparator(rest).some((word) => word === '--help' || word === '-h')) {
    showCommandHelp(entry, { command, output })
    return
  }
  await runCommand(entry, { command, rest, io, output })
}

async function runCommand(
  entry: CommandEntry,
  found: { command: Command; rest: readonly string[]; io: BehalfIo; output: Output },
): Promise<void> {
  const { command, rest, io, output } = found
  try {
    const args = parseArguments(rest, command)
    await command.run({ args, io, output })
  } catch (error) {
    if (error instanceof CommandError && error.code === 'usage_invalid' && error.next === undefined) {
      throw usageError(error.message, `see behalf ${entry.name} --help`)
    }
    throw error
  }
}

async function showHelp(words: readonly string[], output: Output): Promise<void> {
  const named = words.filter((word) => word !== '--json')
  if (named.length === 0) {
    output.answer({ commands: COMMANDS.map(({ name, summary }) => ({ name, summary })) }, [describeTool()])
    return
  }
  const { entry } = findCommand(named)
  const { command } = await entry.load()
  showCommandHelp(entry, { command, output })
}

function showCommandHelp(entry: CommandEntry, found: { command: Command; output: Output }): void {
  const { command, output } = found
  output.answer(
    { command: entry.name, summary: entry.summary, usage: `behalf ${entry.name} ${command.usage}` },
    [describeCommand(entry, command)],
  )
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
  const first = argv[0] ?? ''
  if (first.startsWith('-')) {
    return usageError('the command comes first, its options after it', 'see behalf --help')
  }
  const inGroup = COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(`${first} `))
  const typed = inGroup.length > 0 ? argv.slice(0, 2).join(' ') : first
  if (typed === first && inGroup.length > 0) {
    return usageError(`behalf ${first} needs one more word`, `one of: ${inGroup.join(', ')}`)
  }
  const near = nearest(typed, [...COMMANDS.map(({ name }) => name), 'help'])
  return usageError(
    `there is no command ${JSON.stringify(typed)}`,
    near === undefined ? 'see behalf --help' : `did you mean behalf ${near}?`,
  )
}

async function reportFailure(error: unknown, context: { io: BehalfIo; output: Output }): Promise<number> {
  const { describeFailure } = await import('./failure.ts')
  const failure = describeFailure(error)
  const { io, output } = context
  output.note(`behalf: ${failure.message} (${failure.code})`, ...failure.lines)
  if (output.json) {
    const reported = { code: failure.code, message: failure.message, next: failure.next }
    io.stdout.write(`${JSON.stringify({ ...failure.document, error: reported }, undefined, 2)}\n`)
  }
  return failure.code === 'usage_invalid' ? EXIT_USAGE : EXIT_FAILED
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return version
}

function beforeSeparator(argv: readonly string[]): readonly string[] {
  const separator = argv.indexOf('--')
  return separator < 0 ? argv : argv.slice(0, separator)
}

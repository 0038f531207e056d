import type { OptionSpec, OptionSpecs } from './arguments.ts'
import type { Command } from './command.ts'
import { COMMANDS, type CommandEntry } from './command-table.ts'
import type { Output } from './output.ts'

/** Answers with the help of the whole tool: every command with one line, and one example. */
export function answerToolHelp(output: Output): void {
  const commands = COMMANDS.map(({ name, summary }) => ({ name, summary }))
  output.answer({ commands }, [describeTool()])
}

/** Answers with the help of one command, with exactly one example. */
export function answerCommandHelp(
  entry: CommandEntry,
  found: { readonly command: Command; readonly output: Output },
): void {
  const { command, output } = found
  const usage = `behalf ${entry.name} ${command.usage}`
  output.answer({ command: entry.name, summary: entry.summary, usage, example: command.example }, [
    describeCommand(entry, command),
  ])
}

function describeTool(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  return [
    'behalf: narrow, short, revocable delegations from people to agents',
    '',
    'Usage',
    '  behalf <command> [arguments] [options]',
    '',
    'Commands',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    `  ${'help'.padEnd(width)}  show this, or the help of one command`,
    '',
    'Options',
    '  --json     print exactly one JSON document on stdout; words for people go to stderr',
    '  --help     show the help of a command',
    '  --version  print the version',
    '',
    'Exit codes: 0 done, 1 refused or failed (with a stable code), 2 wrong usage',
    '',
    'Example',
    '  behalf help request',
  ].join('\n')
}

function describeCommand(entry: CommandEntry, command: Command): string {
  return [
    `behalf ${entry.name}: ${entry.summary}`,
    '',
    'Usage',
    `  behalf ${entry.name} ${command.usage}`,
    '',
    ...wrap(command.about),
    '',
    'Options',
    ...describeOptions(command.options),
    '',
    'Example',
    `  ${command.example}`,
  ].join('\n')
}

function describeOptions(options: OptionSpecs): string[] {
  const rows = Object.entries(options).map(([name, spec]) => ({ left: spellOption(name, spec), spec }))
  const width = Math.max(...rows.map(({ left }) => left.length))
  return rows.map(({ left, spec }) => {
    const repeatable = spec.kind === 'list' ? ' (may be repeated)' : ''
    return `  ${left.padEnd(width)}  ${spec.help}${repeatable}`
  })
}

function spellOption(name: string, spec: OptionSpec): string {
  return spec.kind === 'flag' ? `--${name}` : `--${name} ${spec.value}`
}

const LINE_WIDTH = 96

function wrap(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= LINE_WIDTH) {
      lines.push(word)
    } else {
      lines[lines.length - 1] = `${last} ${word}`
    }
  }
  return lines
}

import { readFile } from 'node:fs/promises'
import type { BehalfIo } from './io.ts'
import { createOutput, type Output, serializeDocument } from './output.ts'

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

// Every part is loaded when it is needed: most of the time of a short command is the loading of its code.
async function runCommandLine(
  argv: readonly string[],
  context: { io: BehalfIo; output: Output },
): Promise<void> {
  const { output } = context
  const words = argv.filter((word) => word !== '--json')
  if (words[0] === '--version') {
    const version = await readVersion()
    output.answer({ version }, [version])
    return
  }
  const isHelp = ['help', '--help', '-h', undefined].includes(words[0])
  if (isHelp && words.length <= 1) {
    const { answerToolHelp } = await import('./help.ts')
    answerToolHelp(output)
    return
  }
  const { runCommand, showHelp } = await import('./dispatch.ts')
  await (isHelp ? showHelp(words.slice(1), output) : runCommand(argv, context))
}

async function reportFailure(error: unknown, context: { io: BehalfIo; output: Output }): Promise<number> {
  const { describeFailure } = await import('./failure.ts')
  const failure = describeFailure(error)
  const { io, output } = context
  output.note(`behalf: ${failure.message} (${failure.code})`, ...failure.lines)
  if (output.json) {
    const reported = {
      code: failure.code,
      message: failure.message,
      next: failure.next,
      reason: failure.reason,
      request_id: failure.requestId,
    }
    io.stdout.write(`${serializeDocument({ ...failure.document, error: reported })}\n`)
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

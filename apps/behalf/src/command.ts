import type { ArgumentSpecs, Arguments } from './arguments.ts'
import type { BehalfIo } from './io.ts'
import type { Output } from './output.ts'

/** What a command is given to do its job. */
export interface CommandContext {
  readonly io: BehalfIo
  readonly args: Arguments
  readonly output: Output
}

/** One command: what its help says, what its command line may hold, and what it does. */
export interface Command extends ArgumentSpecs {
  /** The usage after the command's name, as the help shows it. */
  readonly usage: string
  /** What the help says beyond the one-line summary; one paragraph. */
  readonly about: string
  /** The one example of the help: a full command line. */
  readonly example: string
  /** Resolves when the job is done (exit 0); rejects with a coded error otherwise. */
  run(context: CommandContext): Promise<void>
}

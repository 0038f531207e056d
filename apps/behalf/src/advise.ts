import { BehalfError } from '@behalf/core'
import { CommandError, type CommandErrorCode } from './error.ts'

/**
 * Returns what `run` returns.
 *
 * @throws CommandError with what to do next, where it is refused with this code; whatever else it throws
 */
export async function advise<Result>(
  code: CommandErrorCode,
  next: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run()
  } catch (cause) {
    if (!(cause instanceof BehalfError) || cause.code !== code) throw cause
    throw new CommandError(code, cause.message, { next, cause })
  }
}

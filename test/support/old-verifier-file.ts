import { openVerifierDatabase } from '@behalf/verifier/sqlite'

/** A file that has been in use for a minute, so that nothing has to wait out a new file's first seconds. */
export function oldVerifierFile(path: string): string {
  openVerifierDatabase(path, { clock: () => Date.now() - 60_000 }).close()
  return path
}

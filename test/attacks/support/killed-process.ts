import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { join } from 'node:path'

/** Options of Node for a script of the harness, which imports packages as sources. */
export const SOURCE_OPTIONS: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  '--conditions=behalf-source',
]

/** The path of a script beside this file. */
export function scriptPath(name: string): string {
  return join(import.meta.dirname, name)
}

/**
 * Starts a script and kills it without a word after it changed so many things in a folder.
 *
 * @returns how many changes were seen; fewer when the script ended by itself before
 */
export async function killAfterChanges(
  script: string,
  {
    args,
    folder,
    changes,
  }: { readonly args: readonly string[]; readonly folder: string; readonly changes: number },
): Promise<number> {
  const child = spawn(process.execPath, [...SOURCE_OPTIONS, scriptPath(script), ...args], {
    stdio: 'inherit',
  })
  const exited = once(child, 'exit')
  let seen = 0
  const watcher = watch(folder, () => {
    seen += 1
    if (seen >= changes) child.kill('SIGKILL')
  })
  await exited
  watcher.close()
  return seen
}

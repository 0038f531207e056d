import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { NOW } from './chain.ts'

/** Syncing costs nothing there, and none of these databases has to survive the machine. */
const MEMORY_FOLDER = '/dev/shm'

/** A new empty folder, to be removed by whoever asked. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'attacks-'))
}

/** Runs with a folder, and removes it. */
export async function withFolder<Result>(run: (path: string) => Promise<Result>): Promise<Result> {
  const path = await makeFolder()
  try {
    return await run(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** Runs with as many connections to one verifier database, which has been there for an hour, and removes it. */
export function withDatabases<Result>(
  count: number,
  run: (databases: readonly VerifierDatabase[]) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (folder) => {
    const clock = (): number => NOW - 3_600_000
    const open = (): VerifierDatabase => openVerifierDatabase(join(folder, 'verifier.db'), { clock })
    const databases = Array.from({ length: count }, open)
    try {
      return await run(databases)
    } finally {
      for (const database of databases) database.close()
    }
  })
}

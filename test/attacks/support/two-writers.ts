import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { verifyCheckpoint, verifyLog } from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { withFolder } from './databases.ts'
import { SOURCE_OPTIONS, scriptPath } from './killed-process.ts'
import { issuer } from './party.ts'

/** What became of the entries of two replicas. */
export interface TwoWriters {
  /** Indices that were acknowledged, all replicas together. */
  readonly indices: readonly number[]
  /** Entries that the checkpoint holds, each hashed again. */
  readonly verified: number
  /** How often the replica whose entry comes next is another one: 1 when one wrote after the other. */
  readonly turns: number
}

const NAMES = ['left', 'right']

/** Two processes append so many entries each to one log at the same time. */
export function writeFromTwo(each: number): Promise<TwoWriters> {
  return withFolder(async (folder) => {
    const path = join(folder, 'log.db')
    const writers = await Promise.all(NAMES.map((name) => startWriter([path, name, String(each)])))
    for (const { begin } of writers) begin()
    const indices = (await Promise.all(writers.map(({ indices: all }) => all))).flat()
    const database = new DatabaseSync(path)
    try {
      const store = createSqliteLogStore(database)
      const key = { name: issuer.did, publicKey: issuer.publicKey }
      const checkpoint = verifyCheckpoint((await store.readCheckpoint()) ?? '', key)
      let last = ''
      let turns = 0
      const verified = await verifyLog({
        checkpoint,
        readEntries: async (from, limit) => {
          const entries = await store.readEntries(from, limit)
          for (const { id } of entries) {
            const [name = ''] = id.split('/')
            if (name !== last) turns += 1
            last = name
          }
          return entries
        },
      })
      return { indices, verified, turns: turns - 1 }
    } finally {
      database.close()
    }
  })
}

interface Writer {
  readonly begin: () => void
  readonly indices: Promise<readonly number[]>
}

async function startWriter(args: readonly string[]): Promise<Writer> {
  const command = [...SOURCE_OPTIONS, scriptPath('log-writer-process.ts'), ...args]
  const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reading = createInterface(child.stdout)
  const closed = once(child, 'close')
  reading.on('line', (line) => lines.push(line))
  await Promise.race([once(reading, 'line'), closed])
  return {
    begin: () => void child.stdin.write('begin\n'),
    indices: closed.then(([code]) => {
      if (code !== 0) throw new Error(`the writer ended with ${code}`)
      return lines.slice(1).map(Number)
    }),
  }
}

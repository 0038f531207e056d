import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterName } from './adapters.ts'
import { createChain } from './chain.ts'
import { withFolder } from './databases.ts'
import { SOURCE_OPTIONS, scriptPath } from './killed-process.ts'
import { baseline, encodeRequest, sign } from './request.ts'
import { exchange } from './wire.ts'

/** A protected API in a process of its own, on a database that outlives it. */
export interface ApiProcess {
  readonly port: number
  /** Ends it as a power cut would, without a word. */
  kill(): Promise<void>
}

/** Where API processes keep what they must remember, and where their handlers leave a mark for each effect. */
export interface ApiFolder {
  start(adapter: AdapterName): Promise<ApiProcess>
  countEffects(): Promise<number>
}

/** Runs with a folder for API processes, and removes it. */
export function withApiFolder<Result>(run: (folder: ApiFolder) => Promise<Result>): Promise<Result> {
  return withFolder(async (path) => {
    const effects = join(path, 'effects')
    const started: ApiProcess[] = []
    try {
      return await run({
        start: async (adapter) => {
          const api = await startProcess([adapter, join(path, 'verifier.db'), effects])
          started.push(api)
          return api
        },
        countEffects: async () => (await readFile(effects, 'utf8').catch(() => '')).length,
      })
    } finally {
      for (const api of started) await api.kill()
    }
  })
}

async function startProcess(args: readonly string[]): Promise<ApiProcess> {
  const command = [...SOURCE_OPTIONS, scriptPath('api-process.ts'), ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [port] = await Promise.race([once(child.stdout, 'data'), exited.then(() => [''])])
  if (String(port) === '') throw new Error('the API did not start')
  return {
    port: Number(port),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

const BUDGET = 20
const ROUNDS = 3

/** What a budget bought while the API was killed again and again in the middle of requests. */
export function effectsAfterKills(): Promise<{ effects: number; budget: number }> {
  return withApiFolder(async (folder) => {
    const chain = await createChain([{ subject: { maxUses: BUDGET } }, {}, {}])
    for (let round = 0; round < ROUNDS; round += 1) {
      const api = await folder.start('express')
      const requests = Array.from({ length: BUDGET }, async () => {
        const bytes = encodeRequest(await sign(baseline({ chain })))
        return exchange({ port: api.port, bytes }).catch(() => undefined)
      })
      // Killed while some are answered and others are not.
      await Promise.any(requests)
      await api.kill()
      await Promise.all(requests)
    }
    return { effects: await folder.countEffects(), budget: BUDGET }
  })
}

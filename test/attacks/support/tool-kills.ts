import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { withFolder } from './databases.ts'
import { SOURCE_OPTIONS, scriptPath } from './killed-process.ts'

/** What a tool did in all rounds, and what is on record of it. */
export interface ToolKills {
  readonly effects: number
  /** Ids of requests that had an effect, and no record of a call of this tool that was accepted before. */
  readonly unrecorded: readonly string[]
  /** Records of calls that were accepted. */
  readonly intents: number
}

const CALLS = 4

/**
 * Kills an MCP server (SIGKILL) right after a tool had its effect and before that was answered, again and again on the
 * same file.
 *
 * @param options.isUnrecorded - it keeps no record: what whoever looks must notice
 */
export function killAfterEffects(
  rounds: number,
  { isUnrecorded = false }: { readonly isUnrecorded?: boolean } = {},
): Promise<ToolKills> {
  return withFolder(async (folder) => {
    const [path, effects] = [join(folder, 'verifier.db'), join(folder, 'effects')]
    for (let round = 0; round < rounds; round += 1) {
      // At the first effect, when others are under way, and at the last.
      const until = 1 + (round % CALLS)
      const kept = isUnrecorded ? 'unrecorded' : 'recorded'
      const args = [path, effects, String(CALLS), String(until), kept]
      const child = spawn(process.execPath, [...SOURCE_OPTIONS, scriptPath('tool-process.ts'), ...args], {
        stdio: 'inherit',
      })
      const [, signal] = await once(child, 'exit')
      if (signal !== 'SIGKILL') throw new Error('the server was not killed')
    }
    return compare(path, readFileSync(effects, 'utf8').split('\n').filter(Boolean))
  })
}

function compare(path: string, effects: readonly string[]): ToolKills {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare('select record from decision').all()
  database.close()
  const intents = new Set(rows.flatMap(({ record }) => readIntent(parseJson(String(record)))))
  return {
    effects: effects.length,
    unrecorded: effects.filter((id) => !intents.has(id)),
    intents: intents.size,
  }
}

function readIntent(record: unknown): readonly string[] {
  if (!isJsonObject(record) || record['decision'] !== 'accepted') return []
  const call: JsonObject = isJsonObject(record['call']) ? record['call'] : {}
  const id = record['requestId']
  return call['tool'] === 'close_issue' && typeof id === 'string' ? [id] : []
}

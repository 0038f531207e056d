import { killAfterEffects } from '../attacks/support/tool-kills.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'

const ROUNDS: Readonly<Record<Size, number>> = { long: 100, short: 1 }

/** Kills an MCP server after what its tool did. Exported for what it must notice. */
export async function runToolKill(
  size: Size,
  options: { readonly isUnrecorded?: boolean } = {},
): Promise<string> {
  const rounds = ROUNDS[size]
  const { effects, unrecorded, intents } = await killAfterEffects(rounds, options)
  check(effects >= rounds, 'each round had an effect')
  checkEqual(unrecorded, [], 'each effect of a tool has a record')
  return `${rounds} times killed right after an effect; ${effects} effects, ${intents} on record as accepted before, 0 effects without a record`
}

/** MC-019 of the catalogue, often. */
export const toolKill: Experiment = {
  name: 'tool-kill',
  about: 'an MCP server is killed right after its tool had an effect',
  run: (size) => runToolKill(size),
}

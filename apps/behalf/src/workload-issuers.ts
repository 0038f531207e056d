import { readWorkloadConfiguration, type WorkloadConfiguration } from '@behalf/authority'
import { parseJson } from '@behalf/core'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'
import { readInput } from './read-input.ts'

/**
 * Whose word on where an agent runs a JSON file says is taken; nobody's when none is named.
 *
 * @throws CommandError `not_found`, `input_invalid`; CoreError `json_malformed`, `json_ambiguous`
 */
export async function readWorkloadIssuers(
  io: BehalfIo,
  path: string | undefined,
): Promise<WorkloadConfiguration> {
  if (path === undefined) return { issuers: [], network: {} }
  const document = parseJson(await readInput(io, path))
  try {
    return readWorkloadConfiguration(document)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const message = `the workload issuers in ${path} cannot be used: ${cause.message}`
    throw new CommandError('input_invalid', message, {
      next: 'write {"issuers": [{"type", "issuer", …}]} as in docs/workload-identity.md',
      cause,
    })
  }
}

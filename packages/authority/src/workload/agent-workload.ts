import type { JsonObject } from '@behalf/core'
import { describeWorkload, type Issuer } from '@behalf/issuer'
import { formatTime } from '../format-time.ts'

/** Where each of these keys was proven to run, as answers about requests and delegations say it; of the others nothing. */
export async function findAgentWorkloads(
  issuer: Pick<Issuer, 'findWorkload'>,
  agents: readonly string[],
): Promise<(agent: string) => JsonObject> {
  const known = new Map<string, JsonObject>()
  for (const agent of new Set(agents)) {
    const proof = await issuer.findWorkload(agent)
    if (proof === undefined) continue
    const workload = { ...describeWorkload(proof), valid_until: formatTime(proof.validUntil) }
    known.set(agent, { agent_workload: workload })
  }
  return (agent) => known.get(agent) ?? {}
}

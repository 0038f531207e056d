import type { KnownStatements } from './known-statements.ts'
import { isProven, type ProvenRequest, type UnprovenRequest } from './prove-request.ts'
import { digestsOfLists } from './prove-status.ts'
import { heartbeatOf } from './read-evidence-text.ts'

/** Digests of the status lists by which a request was decided; none where that is not proven. */
export function digestsBehind(
  request: ProvenRequest | UnprovenRequest | undefined,
  evidence: string | undefined,
  issuers: KnownStatements['issuers'],
): readonly string[] {
  const heartbeat = heartbeatOf(evidence)
  return isProven(request) && heartbeat !== undefined ? digestsOfLists(heartbeat, request.chain, issuers) : []
}

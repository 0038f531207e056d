import type { RequestEvidence } from './audit-sink.ts'
import type { StatusSnapshot } from './status-source.ts'

/** One that names more lists and keys than this would be most of every record. */
const MAX_HEARTBEAT_LENGTH = 16_384

/** What evidence keeps of that by which it was decided whether anything was revoked. */
export function keptHeartbeat(status: StatusSnapshot | undefined): Pick<RequestEvidence, 'heartbeat'> {
  const { heartbeat } = status ?? {}
  return heartbeat === undefined || heartbeat.length > MAX_HEARTBEAT_LENGTH ? {} : { heartbeat }
}

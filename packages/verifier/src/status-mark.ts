import { type Heartbeat, suspensionListUrl } from '@behalf/credential'
import { VerifierError } from './error.ts'
import type { StatusMark } from './status-source.ts'

/**
 * The heartbeat is not older than what was seen, in any of its numbers.
 *
 * @param mark the highest numbers seen; undefined when nothing was
 * @returns the mark after this heartbeat
 * @throws VerifierError status_rollback
 */
export function advanceMark(mark: StatusMark | undefined, heartbeat: Heartbeat): StatusMark {
  const versions: Record<string, number> = { ...mark?.versions }
  for (const { id, version } of heartbeat.lists) {
    if (version < (versions[id] ?? 0)) throw rollback('a list has a lower version than before')
    versions[id] = version
  }
  if (mark !== undefined) {
    checkOrder(mark, heartbeat)
    checkSuspensions(mark, heartbeat)
  }
  const { epoch, sequence, time } = heartbeat
  const revokedIssuerKeys = [...new Set([...(mark?.revokedIssuerKeys ?? []), ...heartbeat.revokedIssuerKeys])]
  return { epoch, sequence, time, versions, ...(revokedIssuerKeys.length > 0 && { revokedIssuerKeys }) }
}

/** Whether what this mark stands for came before what the other does. */
export function isBefore(mark: StatusMark, other: StatusMark): boolean {
  return mark.epoch < other.epoch || (mark.epoch === other.epoch && mark.sequence < other.sequence)
}

function checkOrder(mark: StatusMark, { epoch, sequence, time }: Heartbeat): void {
  if (epoch < mark.epoch) throw rollback('the epoch is lower than before')
  if (epoch === mark.epoch && sequence < mark.sequence) throw rollback('the sequence is lower than before')
  if (time < mark.time) throw rollback('the signed time is earlier than before')
}

/** Whoever ever suspended says so for as long as it speaks of what could be suspended. */
function checkSuspensions({ versions }: StatusMark, { lists }: Heartbeat): void {
  const named = new Set(lists.map(({ id }) => id))
  for (const { id } of lists) {
    const url = suspensionListUrl(id)
    if (versions[url] !== undefined && !named.has(url)) throw rollback('a list of suspensions is gone')
  }
}

function rollback(message: string): VerifierError {
  return new VerifierError('status_rollback', message)
}

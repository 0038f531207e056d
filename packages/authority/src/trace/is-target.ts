import type { AuditRecord } from '@behalf/audit-log'
import { digestSha256 } from '@behalf/core'
import { originOf } from './record-members.ts'

/** Whether an address, without its query, is the one that a record tells; of a path that was cut it has the digest. */
export function isTarget(address: string, record: AuditRecord): boolean {
  const { path, truncated } = record
  const origin = originOf(record)
  if (origin === undefined || typeof path !== 'string' || !address.startsWith(origin)) return false
  const shown = address.slice(origin.length)
  const whole = truncated?.['/path']
  return whole === undefined ? shown === path : digestSha256(shown) === whole
}

import type { AuditRecord } from '@behalf/audit-log'
import { digestSha256 } from '@behalf/core'

/** Whether an address, without its query, is the one that a record tells; of a path that was cut it has the digest. */
export function isTarget(address: string, { audience, path, truncated }: AuditRecord): boolean {
  if (typeof audience !== 'string' || typeof path !== 'string' || !address.startsWith(audience)) return false
  const shown = address.slice(audience.length)
  const whole = truncated?.['/path']
  return whole === undefined ? shown === path : digestSha256(shown) === whole
}

import { AuditLogError } from '@behalf/audit-log'

/** The refusal of evidence that shows something else than its record says. */
export function contradict(message: string): AuditLogError {
  return new AuditLogError(
    'audit_proof_invalid',
    `the evidence does not show what the record says: ${message}`,
  )
}

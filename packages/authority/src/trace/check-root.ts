import type { AuditRecord } from '@behalf/audit-log'
import type { Delegation } from '@behalf/credential'
import { contradict } from './contradict.ts'
import { isSame } from './is-same.ts'

/**
 * What a record of a request tells of the root is so; records of before do not tell it.
 *
 * @throws AuditLogError `audit_proof_invalid`
 */
export function checkRoot(
  record: AuditRecord,
  { issuer, policy }: { readonly issuer: string; readonly policy?: Delegation['policy'] | undefined },
): void {
  if (record.issuer !== undefined && record.issuer !== issuer)
    throw contradict('another issuer signed the root')
  const decided = policy && { id: policy.id, digest: policy.digest }
  if (record.policy !== undefined && !isSame(record.policy, decided))
    throw contradict('another policy decided')
}

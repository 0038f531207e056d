import type { RandomBytes } from '@behalf/core'
import { dropCodes, insertCode } from './code-rows.ts'
import type { PeopleTransaction } from './people-transaction.ts'
import { createRecoveryCode } from './secret-code.ts'

const COUNT = 10

/**
 * The person has ten new recovery codes, and the ones before can be used no more.
 *
 * @returns the codes, which are stored nowhere
 */
export async function replaceRecoveryCodes(
  tx: PeopleTransaction,
  options: { readonly person: string; readonly random: RandomBytes; readonly now: number },
): Promise<readonly string[]> {
  const { person, random, now } = options
  await dropCodes(tx.db, { purpose: 'recovery', person })
  const codes = Array.from({ length: COUNT }, () => createRecoveryCode(random))
  for (const code of codes) {
    await insertCode(tx.db, { code, purpose: 'recovery', person, createdAt: now, createdBy: person })
  }
  await tx.record('recovery_codes_made', { person, count: COUNT, by: person })
  return codes
}

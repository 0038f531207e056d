import { type Did, encodeDidKeyUrl } from '@behalf/did'
import type { AuthorityDatabase } from '../database-schema.ts'
import { createEventRows } from '../event-rows.ts'

/** What the one key of an authority with a `did:key` signs; forms and types tell the signatures apart. */
const USES = ['delegations', 'status', 'log']

/**
 * The key that signs from now on stands in the record, before anything it signs does: whoever verifies later learns
 * which one it was. It stands there once.
 *
 * @param signing.now - milliseconds since the epoch
 */
export async function logKeys(
  database: AuthorityDatabase,
  signing: { readonly did: Did; readonly now: number },
): Promise<void> {
  const { did: issuer, now } = signing
  const kid = encodeDidKeyUrl(issuer)
  await database.transaction().execute(async (db) => {
    const events = createEventRows(db)
    const last = await events.findLastEvent('key_logged')
    if (last?.data['kid'] === kid) return
    await events.appendEvent({ time: now, type: 'key_logged', data: { issuer, kid, uses: USES } })
  })
}

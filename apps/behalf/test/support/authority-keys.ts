import { join } from 'node:path'
import { type AuthorityKeys, openAuthorityKeys } from '@behalf/authority'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'

const LONG_AGO = 60_000

/** Makes the data folder of an authority that began a minute ago: its keys open fast and its calls are accepted. */
export async function createKeys(folder: string, passphrase: string): Promise<AuthorityKeys> {
  openVerifierDatabase(join(folder, 'authority.db.nonces'), { clock: () => Date.now() - LONG_AGO }).close()
  return await openAuthorityKeys(folder, passphrase, { workFactor: 12 })
}

import { join } from 'node:path'
import {
  type Clock,
  createEd25519Signer,
  type RandomBytes,
  systemClock,
  systemRandomBytes,
} from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { WalletError } from '@behalf/wallet'
import { closeDatabase, prepareDatabase } from './authority-database.ts'
import { ISSUER_FILE, type IssuerFile, readIssuerFile } from './authority-keys.ts'
import type { AuthorityDatabase } from './database-schema.ts'
import { openDatabase } from './open-database.ts'

/** How work on the folder of an authority that does not run is done. */
export interface StoppedAuthorityOptions {
  readonly folder: string
  readonly passphrase: string
  readonly clock?: Clock
  readonly random?: RandomBytes
}

/** The folder of an authority that does not run: its key opened, its database this process' alone. */
export interface StoppedAuthority {
  readonly issuer: IssuerFile
  readonly database: AuthorityDatabase
  readonly clock: Clock
  readonly random: RandomBytes
}

/**
 * Does `work` on the folder of an authority, whose database nobody else has open meanwhile.
 *
 * @throws AuthorityError `database_in_use` while the authority runs, `database_foreign`, `keys_corrupt`
 * @throws WalletError `keystore_missing` for a folder without an authority, `keystore_auth_failed`, `keystore_insecure`
 */
export async function openStopped<Result>(
  options: StoppedAuthorityOptions,
  work: (authority: StoppedAuthority) => Promise<Result>,
): Promise<Result> {
  const { folder, passphrase, clock = systemClock, random = systemRandomBytes } = options
  const issuer = await readIssuerFile(join(folder, ISSUER_FILE), passphrase)
  if (!issuer) throw new WalletError('keystore_missing', `there is no ${ISSUER_FILE}`)
  const did = encodeDidKey(createEd25519Signer(issuer.seed).publicKey)
  const raw = openDatabase(join(folder, 'authority.db'))
  try {
    const database = await prepareDatabase(raw, { issuer: did, now: clock() })
    const result = await work({ issuer, database, clock, random })
    await closeDatabase(database)
    return result
  } finally {
    if (raw.isOpen) raw.close()
  }
}

import { join } from 'node:path'
import type { Did } from '@behalf/did'
import { renamePrivateFile } from '@behalf/wallet/encrypted-file'
import { createOperator, ISSUER_FILE, OPERATOR_FILE, writeIssuerFile } from './authority-keys.ts'
import type { AuthorityDatabase } from './database-schema.ts'
import { createEventRows } from './event-rows.ts'
import { addOperators } from './operators.ts'
import { openStopped, type StoppedAuthorityOptions } from './stopped-authority.ts'

/** How an operator is replaced. */
export interface ReplaceOperatorOptions extends StoppedAuthorityOptions {
  /** Base-2 logarithm of the scrypt cost of the new files, 12 to 20. */
  readonly workFactor?: number
}

/** The key that decides now, and those that do not any more. */
export interface ReplacedOperator {
  readonly operatorDid: Did
  readonly operatorWalletPath: string
  readonly removed: readonly Did[]
}

/** Where the new wallet waits until everything else is done. */
const NEW_FILE = 'operator.wallet.new.age'

/**
 * A new key is the only operator's: it lies in `operator.wallet.age`, under the passphrase of the folder, and every
 * operator's key before it decides nothing any more. It stands in the record. Cut off at any moment, the same call
 * finishes it with the same new key.
 *
 * @throws see `openStopped`; WalletError `keystore_corrupt` for a half-made wallet that cannot be opened
 */
export async function replaceOperator(options: ReplaceOperatorOptions): Promise<ReplacedOperator> {
  const { folder, passphrase, workFactor } = options
  const files = { passphrase, ...(workFactor !== undefined && { workFactor }) }
  return openStopped(options, async ({ issuer, database, clock, random }) => {
    const waiting = join(folder, NEW_FILE)
    const operatorDid = await createOperator(waiting, { ...files, random })
    // Each start makes whoever is named in this file an operator, so it must name the new one first.
    await writeIssuerFile(join(folder, ISSUER_FILE), { ...issuer, operator: operatorDid }, files)
    const removed = await replaceInDatabase(database, operatorDid, clock())
    const operatorWalletPath = join(folder, OPERATOR_FILE)
    await keepOld(operatorWalletPath, clock())
    await renamePrivateFile(waiting, operatorWalletPath)
    return { operatorDid, operatorWalletPath, removed }
  })
}

/** The wallet that was there stays, under the time until which it was the operator's. */
async function keepOld(path: string, now: number): Promise<void> {
  const time = new Date(now).toISOString().replaceAll(/[:.]/gu, '')
  const kept = path.replace(/\.age$/u, `.until-${time}.age`)
  await renamePrivateFile(path, kept).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  })
}

async function replaceInDatabase(
  database: AuthorityDatabase,
  operator: Did,
  now: number,
): Promise<readonly Did[]> {
  await addOperators(database, [{ did: operator, name: 'operator' }], now)
  return database.transaction().execute(async (db) => {
    const others = await db.selectFrom('operators').select('did').where('did', '<>', operator).execute()
    for (const { did } of others) {
      await db.deleteFrom('operators').where('did', '=', did).execute()
      const data = { operator: did, by: 'offline' }
      await createEventRows(db).appendEvent({ time: now, type: 'operator_removed', data })
    }
    return others.map(({ did }) => did)
  })
}

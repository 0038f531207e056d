import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFileWallet } from '@behalf/wallet'

/** Cheap to open: what the tests are about is never the cost of guessing. */
const WORK_FACTOR = 12

/** Makes a wallet file that opens fast, and says which agent it is. */
export async function createWalletFile(file: string, passphrase: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const wallet = await createFileWallet(file, { passphrase, workFactor: WORK_FACTOR })
  return wallet.did
}

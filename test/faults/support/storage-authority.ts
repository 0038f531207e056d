import { join } from 'node:path'
import { type Authority, createAuthority, openAuthorityKeys, openDatabase } from '@behalf/authority'
import { encodeUtf8, sha256 } from '@behalf/core'
import { parsePolicy } from '@behalf/issuer'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { oldVerifierFile } from '../../support/old-verifier-file.ts'

/** Where an authority keeps what it must not lose, and where it is reached. */
export interface StorageAuthorityOptions {
  /** Made when it is missing. */
  readonly folder: string
  readonly port: number
  /** Address of the interface that it listens on. Default: this machine alone. */
  readonly host?: string
  /** The file of seen nonces; default: in the folder. */
  readonly noncesPath?: string
  readonly heartbeatSeconds?: number
  /** Commits are not waited for: what the experiments must notice. */
  readonly isUnsynced?: boolean
}

/** Agents ask people, or nobody within the terms that were enrolled. */
export const STORAGE_POLICY =
  'permit (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource);'
export const STORAGE_PASSPHRASE = 'what the disk must not lose'
const MANY = 1_000_000
const LEAST_WORK_FACTOR = 12

/** The same key for the same name, in every process. */
export function seedOf(name: string): Uint8Array {
  return sha256(encodeUtf8(name))
}

/** The operator of every storage authority. */
export function operatorWallet(): Wallet {
  return createMemoryWallet({ seed: seedOf('operator') })
}

/** Its origin. */
export function originOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

/** An authority as `behalf serve` makes it, keys and folder included, that people are not asked to wait for. */
export async function openStorageAuthority(options: StorageAuthorityOptions): Promise<Authority> {
  const { folder, port, heartbeatSeconds = 10, isUnsynced = false } = options
  const { noncesPath = join(folder, 'authority.db.nonces') } = options
  const keys = await openAuthorityKeys(folder, STORAGE_PASSPHRASE, { workFactor: LEAST_WORK_FACTOR })
  const database = openDatabase(join(folder, 'authority.db'))
  const authority = await createAuthority({
    database,
    noncesPath: oldVerifierFile(noncesPath),
    heartbeatSeconds,
    signer: keys.signer,
    noticeKeys: keys.noticeKeys,
    origin: originOf(port),
    policy: parsePolicy({ id: 'storage', files: [{ name: 'storage.cedar', text: STORAGE_POLICY }] }),
    operators: [{ did: operatorWallet().did, name: 'operator' }],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    limits: {
      questionsPerAgent: MANY,
      questionsOfStrangers: MANY,
      pendingPerAgent: MANY,
      pendingOfStrangers: MANY,
      strangersPerHour: MANY,
    },
    statusStreams: { perAddress: 2000 },
  })
  if (isUnsynced) database.exec('pragma synchronous = off')
  return authority
}

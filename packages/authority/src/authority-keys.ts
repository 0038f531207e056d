import { join } from 'node:path'
import {
  createEd25519Signer,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonValue,
  parseJson,
  type RandomBytes,
  type Signer,
  systemRandomBytes,
} from '@behalf/core'
import { type Did, decodeDidKey, encodeDidKey } from '@behalf/did'
import { createFileWallet, openFileWallet, WalletError } from '@behalf/wallet'
import {
  makePrivateFolder,
  readEncryptedFile,
  type WriteEncryptedFileOptions,
  writeEncryptedFile,
} from '@behalf/wallet/encrypted-file'
import { AuthorityError } from './error.ts'
import { createNoticeKeys, type NoticeKeys } from './notices/notice-keys.ts'

/** The keys of an authority. */
export interface AuthorityKeys {
  /** Signs delegations, status lists and heartbeats. */
  readonly signer: Signer
  /** Sign notices. They are made from the issuer's key, and kept nowhere else. */
  readonly noticeKeys: NoticeKeys
  readonly issuerDid: Did
  /** The key made for the first operator. */
  readonly operatorDid: Did
  /** Where that key was put; it may have been moved since. */
  readonly operatorWalletPath: string
  /** Whether the keys were made by this call. */
  readonly created: boolean
}

/** How the keys of an authority are opened. */
export interface OpenAuthorityKeysOptions {
  readonly random?: RandomBytes
  /** Base-2 logarithm of the scrypt cost of new files, 12 to 20. */
  readonly workFactor?: number
}

/** What `issuer.age` holds. */
export interface IssuerFile {
  readonly seed: Uint8Array
  readonly operator: Did
}

/** Where the issuer's key is in the data folder. */
export const ISSUER_FILE = 'issuer.age'
/** Where the wallet of the first operator is made in it. */
export const OPERATOR_FILE = 'operator.wallet.age'
const SEED_BYTES = 32

/**
 * The keys in the folder, made on the first call: `issuer.age` with the issuer's key and `operator.wallet.age`, a wallet
 * for the first operator. Both are encrypted under the passphrase and readable by their owner alone.
 *
 * @param folder - made with mode 0700 when it is missing
 * @param passphrase - not empty; the same at every start
 * @throws WalletError `keystore_auth_failed`, `keystore_corrupt`, `keystore_insecure`, `input_invalid`
 * @throws AuthorityError `keys_corrupt`
 */
export async function openAuthorityKeys(
  folder: string,
  passphrase: string,
  options: OpenAuthorityKeysOptions = {},
): Promise<AuthorityKeys> {
  await makePrivateFolder(folder)
  const paths = { issuer: join(folder, ISSUER_FILE), operator: join(folder, OPERATOR_FILE) }
  const known = await readIssuerFile(paths.issuer, passphrase)
  const file = known ?? (await createKeys(paths, { passphrase, ...options }))
  const signer = createEd25519Signer(file.seed)
  return {
    signer,
    noticeKeys: createNoticeKeys(file.seed),
    issuerDid: encodeDidKey(signer.publicKey),
    operatorDid: file.operator,
    operatorWalletPath: paths.operator,
    created: known === undefined,
  }
}

async function createKeys(
  paths: { readonly issuer: string; readonly operator: string },
  options: OpenAuthorityKeysOptions & { readonly passphrase: string },
): Promise<IssuerFile> {
  const { random = systemRandomBytes } = options
  // The issuer's file comes last and names the operator: a start that is cut off before it begins again.
  const operator = await createOperator(paths.operator, options)
  const seed = random(SEED_BYTES)
  await writeIssuerFile(paths.issuer, { seed, operator }, { ...options, exclusive: true })
  return { seed, operator }
}

/** The file holds this key and names this operator; a crash leaves the old file or the new one. */
export async function writeIssuerFile(
  path: string,
  { seed, operator }: IssuerFile,
  options: WriteEncryptedFileOptions,
): Promise<void> {
  const document = JSON.stringify({ version: 1, seed: encodeBase64url(seed), operator })
  await writeEncryptedFile(path, encodeUtf8(document), options)
}

/** The wallet at this path, made when it is missing. */
export async function createOperator(
  path: string,
  options: OpenAuthorityKeysOptions & { readonly passphrase: string },
): Promise<Did> {
  try {
    return (await createFileWallet(path, options)).did
  } catch (error) {
    if (!hasCode(error, 'keystore_exists')) throw error
    return (await openFileWallet(path, options)).did
  }
}

/** What the file holds; undefined when there is none. */
export async function readIssuerFile(path: string, passphrase: string): Promise<IssuerFile | undefined> {
  try {
    return parseIssuerFile(await readEncryptedFile(path, { passphrase }))
  } catch (error) {
    if (hasCode(error, 'keystore_missing')) return undefined
    throw error
  }
}

function parseIssuerFile(bytes: Uint8Array): IssuerFile {
  try {
    return readIssuerDocument(parseJson(bytes))
  } catch (cause) {
    throw new AuthorityError(
      'keys_corrupt',
      'issuer.age opens, but what it holds is not the key of an issuer',
      { cause },
    )
  }
}

function readIssuerDocument(document: JsonValue): IssuerFile {
  if (!isJsonObject(document) || document.version !== 1) throw new TypeError('not version 1')
  const { seed, operator } = document
  if (typeof seed !== 'string' || typeof operator !== 'string') throw new TypeError('not of texts')
  decodeDidKey(operator)
  const bytes = decodeBase64url(seed)
  if (bytes.length !== SEED_BYTES) throw new TypeError('not 32 bytes')
  return { seed: bytes, operator }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof WalletError && error.code === code
}

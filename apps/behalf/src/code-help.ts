import type { AuditLogErrorCode } from '@behalf/audit-log'
import type { AuthorityErrorCode } from '@behalf/authority'
import type { CoreErrorCode } from '@behalf/core'
import type { CredentialErrorCode } from '@behalf/credential'
import type { DidErrorCode } from '@behalf/did'
import type { IssuerErrorCode } from '@behalf/issuer'
import type { VerifierErrorCode } from '@behalf/verifier'
import type { WalletErrorCode } from '@behalf/wallet'
import type { CommandErrorCode } from './error.ts'
import { REFUSAL_WORDS } from './refusal-words.ts'

/** Every code that can reach a person here. */
type KnownCode =
  | AuditLogErrorCode
  | AuthorityErrorCode
  | CommandErrorCode
  | CoreErrorCode
  | CredentialErrorCode
  | DidErrorCode
  | IssuerErrorCode
  | VerifierErrorCode
  | WalletErrorCode

/** What a stable code means and what the person at the terminal can do about it. */
export interface CodeHelp {
  readonly meaning: string
  readonly next: string
}

// The codes that never travel; with those of the wire they are all codes, or this does not compile.
const FAILURE_WORDS: Readonly<
  Record<Exclude<KnownCode, VerifierErrorCode>, readonly [meaning: string, next: string]>
> = {
  address_in_use: ['another process listens on this port', 'stop it, or choose another --port'],
  address_unavailable: [
    'this machine has no such address, or may not listen there',
    'choose another --host or --port',
  ],
  audit_fork: [
    'the log told others something else than it tells now',
    'keep what it said both times; whoever runs the authority must explain it',
  ],
  audit_gap: ['the log does not have what it said it has', 'ask whoever runs the authority for the rest'],
  audit_proof_invalid: [
    'what is told is not what the log with this key has',
    'check the key; if it is right, somebody changed what you were given, and nothing in it counts',
  ],
  authority_refused: [
    'the authority refused with a code this version does not know',
    'update this tool, or tell whoever runs the authority',
  ],
  authority_response_invalid: [
    'the authority answered something that is not part of its interface',
    'check that --authority names an authority of this version',
  ],
  authority_unreachable: [
    'the authority does not answer',
    'check --authority or BEHALF_AUTHORITY, and that behalf serve runs',
  ],
  database_foreign: [
    'the database there was made with another issuer key',
    'put the right issuer.age back, or choose a new --data folder: that is a new issuer',
  ],
  database_in_use: ['another process works with this folder', 'stop it, or choose another --data folder'],
  database_migration_failed: [
    'the database could not be brought up to this version',
    'it is as it was before: use the version that wrote it, or restore a backup',
  ],
  database_unsafe: ['the database would not survive a power loss', 'put the data folder on a local disk'],
  encoding_malformed: [
    'some bytes are not what they should be',
    'check the file or the answer they came from',
  ],
  confirmation_missing: [
    'it is done, but not every API that follows the authority said in time that it knows',
    'wait: whoever hears nothing fresh refuses everything; run the same command again to ask again',
  ],
  file_exists: ['there is a file already', 'choose another name; nothing was overwritten'],
  folder_unwritable: [
    'the folder cannot be written',
    'choose another folder, or give this account the right to write there',
  ],
  http_failure: [
    'the API took the request and answered with a failure',
    'the body says why, if the API does',
  ],
  json_malformed: ['this is not JSON', 'correct the file or the body'],
  keys_corrupt: ['the file opens, but holds no key of an issuer', 'restore issuer.age from a backup'],
  keystore_auth_failed: ['the passphrase is wrong', 'try again with the right one'],
  keystore_corrupt: ['the file is damaged or was changed', 'restore it from a backup'],
  keystore_exists: ['there is a wallet already', 'choose another name; nothing was overwritten'],
  keystore_insecure: ['others may read a file that holds secrets', 'run chmod 600 on it'],
  keystore_locked: [
    'another process is writing the wallet',
    'try again; if nothing runs, remove the .lock file beside it',
  ],
  keystore_missing: [
    'there is no wallet there',
    'make one with behalf wallet create, or choose another with --wallet',
  ],
  oidc_invalid: [
    'the answer of the company login did not hold',
    'sign in again; the log of the authority says what was wrong',
  ],
  oidc_unavailable: [
    'the provider of the company login does not answer',
    'try again later, or sign in with a passkey',
  ],
  policy_invalid: ['the policy file cannot be used', 'correct it at the place named'],
  target_unreachable: ['the API does not answer', 'check the URL and that the API runs'],
  usage_invalid: ['the command line cannot be understood', 'see behalf --help'],
}

const WORDS: Readonly<Record<KnownCode, readonly [meaning: string, next: string]>> = {
  ...REFUSAL_WORDS,
  ...FAILURE_WORDS,
}

const UNKNOWN = ['the request was refused', 'look the code up in the documentation'] as const

/** What a code means and what to do; a code that is not known here gets words that are always true. */
export function explainCode(code: string): CodeHelp {
  const [meaning, next] = isKnownCode(code) ? WORDS[code] : UNKNOWN
  return { meaning, next }
}

function isKnownCode(code: string): code is KnownCode {
  return Object.hasOwn(WORDS, code)
}

import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Authority,
  type AuthorityKeys,
  createAuthority,
  createAuthorityLog,
  type Listening,
  type ListenOptions,
  type OidcOptions,
  openAuthorityKeys,
  type WorkloadConfiguration,
} from '@behalf/authority'
import { BehalfError } from '@behalf/core'
import type { Policy } from '@behalf/issuer'
import { trace } from '@opentelemetry/api'
import type { CommandContext } from './command.ts'
import { CommandError } from './error.ts'
import { explainFolder } from './explain-folder.ts'
import { explainListening } from './explain-listening.ts'
import { findPageFolder } from './page-folder.ts'
import { readPassphrase } from './passphrase.ts'

/** What an authority is started with. */
export interface StartOptions {
  readonly folder: string
  readonly host: string
  readonly port: number
  readonly origin: string
  readonly policy: Policy
  /** Addresses and ranges that notices may go to although they are not public. */
  readonly noticeAddresses: readonly string[]
  /** Whose word on where an agent runs is taken. */
  readonly workloads: WorkloadConfiguration
  /** The company login; absent: none. */
  readonly oidc?: OidcOptions
  /** See `CreateAuthorityOptions`. */
  readonly dangerouslyLetLoginApprove?: boolean
  /** Where what is measured is told to everybody; absent: to operators who sign alone. */
  readonly metrics?: ListenOptions
}

/** An authority that takes requests. */
export interface StartedAuthority {
  readonly authority: Authority
  readonly keys: AuthorityKeys
  readonly listening: Listening
  readonly metrics?: Listening
}

/**
 * Opens the keys of the data folder, making them the first time, and starts the authority on them.
 *
 * @throws CommandError `folder_unwritable`, `address_in_use`, `address_unavailable`; WalletError `keystore_*`;
 *   AuthorityError `database_*`, `keys_corrupt`
 */
export async function startAuthority(
  context: CommandContext,
  options: StartOptions,
): Promise<StartedAuthority> {
  const keys = await openKeys(context, options.folder)
  const authority = await explainFolder(options.folder, () => createOn(context, { options, keys }))
  try {
    const listening = await explainListening(options, (where) => authority.listen(where))
    if (options.metrics === undefined) return { authority, keys, listening }
    const metrics = await explainListening(options.metrics, (where) => authority.listenForMetrics(where))
    return { authority, keys, listening, metrics }
  } catch (error) {
    await authority.close()
    throw error
  }
}

async function openKeys(context: CommandContext, folder: string): Promise<AuthorityKeys> {
  const isNew = !(await exists(join(folder, 'issuer.age')))
  const what = `the authority in ${folder}`
  const passphrase = await readPassphrase(context, { what, isNew })
  const doing = isNew ? 'Making the keys of the authority' : 'Unlocking the authority'
  try {
    return await context.output.during(doing, () =>
      explainFolder(folder, () => openAuthorityKeys(folder, passphrase)),
    )
  } catch (error) {
    if (error instanceof BehalfError && error.code === 'keystore_auth_failed') {
      throw new CommandError('keystore_auth_failed', `the passphrase does not open the keys in ${folder}`, {
        next: 'give the one these keys were made with; without it they are lost, and a new --data folder is a new issuer',
        cause: error,
      })
    }
    throw error
  }
}

function createOn(
  { io }: CommandContext,
  from: { readonly options: StartOptions; readonly keys: AuthorityKeys },
): Promise<Authority> {
  const { folder, origin, policy, oidc, dangerouslyLetLoginApprove = false } = from.options
  const page = findPageFolder()
  return createAuthority({
    databasePath: join(folder, 'authority.db'),
    signer: from.keys.signer,
    noticeKeys: from.keys.noticeKeys,
    notices: { addresses: from.options.noticeAddresses },
    workloadIssuers: from.options.workloads.issuers,
    workloadNetwork: from.options.workloads.network,
    origin,
    policy,
    operators: [{ did: from.keys.operatorDid, name: 'first operator' }],
    clock: io.clock,
    log: createAuthorityLog((line) => io.stderr.write(line)),
    // Of the SDK that the process was started with, if any.
    tracer: trace.getTracer('behalf'),
    ...(oidc && { oidc, dangerouslyLetLoginApprove }),
    ...(page !== undefined && { page: { folder: page } }),
  })
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

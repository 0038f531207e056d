import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Authority,
  type CreateAuthorityOptions,
  createAuthority,
  openAuthorityKeys,
  type WorkloadIssuer,
} from '@behalf/authority'
import { parsePolicy } from '@behalf/issuer'
import type { AuditSink } from '@behalf/verifier'
import { type FileWalletOptions, openFileWallet, type Wallet } from '@behalf/wallet'
import { type IssueApi, openIssueApi } from './issue-api.ts'
import { findFreePort } from './open-server.ts'
import { openReports, type Reports } from './reports.ts'
import { behalf, type CommandRun, documentOf, type TestIoOptions } from './test-io.ts'
import { createWalletFile } from './wallet-file.ts'

const PASSPHRASE = 'correct horse battery staple'
const START = Date.UTC(2030, 0, 15, 12)

/** A real authority and a real API on this machine, two agents and an operator, and a clock that stands still. */
export interface World {
  readonly authority: Authority
  readonly origin: string
  readonly api: IssueApi
  /** The folder that BEHALF_HOME names. */
  readonly home: string
  /** DIDs of the wallets `default` and `helper`. */
  readonly agent: string
  readonly helper: string
  readonly issuer: string
  /** Makes one more wallet, which opens fast, and says its DID. */
  addWallet(name: string): Promise<string>
  /** Opens one of the wallets here for what no command does. */
  openWallet(name: string, options?: Pick<FileWalletOptions, 'fetch'>): Promise<Wallet>
  /** Runs a command here; more options may be given. */
  run(argv: readonly string[], options?: TestIoOptions): Promise<CommandRun>
  /** Lets time pass; the authority beats once at its end. */
  advance(seconds: number): Promise<void>
  readonly now: () => number
  /** The API puts its decisions into the log of the authority from now on; every one so far is there when `settle` ends. */
  report(): Promise<Pick<Reports, 'settle'>>
  close(): Promise<void>
}

/**
 * Builds a world. Its first heartbeat is fresh and its calls are accepted.
 *
 * @param host - in the address of the authority; passkeys work at names only, such as localhost
 */
export async function openWorld(
  host = '127.0.0.1',
  options: Pick<CreateAuthorityOptions, 'workloadIssuers'> = {},
): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'behalf-'))
  const time = { now: START }
  const clock = (): number => time.now
  const data = join(home, 'authority')
  const origin = `http://${host}:${await findFreePort()}`
  const authority = await startAuthority({ data, origin, clock, ...options })
  const advance = async (seconds: number): Promise<void> => {
    time.now += seconds * 1000
    await authority.issuer.heartbeat()
  }
  await advance(10)
  const reports = openReports({ folder: home, authority: origin, clock })
  const state = { isReporting: false }
  const auditSink: AuditSink = {
    record: (entry) => (state.isReporting ? reports.sink.record(entry) : undefined),
  }
  const api = await openIssueApi({ issuer: authority.issuerDid, authority: origin, clock, auditSink })
  const addWallet = (name: string): Promise<string> =>
    createWalletFile(join(home, 'wallets', `${name}.age`), PASSPHRASE)
  const agent = await addWallet('default')
  const helper = await addWallet('helper')
  const run: World['run'] = (argv, options = {}) =>
    behalf(argv, { clock, cwd: home, ...options, env: { ...env, ...options.env } })
  const env = { BEHALF_HOME: home, BEHALF_PASSPHRASE: PASSPHRASE, BEHALF_AUTHORITY: origin }
  return {
    authority,
    origin,
    api,
    home,
    agent,
    helper,
    issuer: authority.issuerDid,
    addWallet,
    openWallet: (name, options) =>
      openFileWallet(join(home, 'wallets', `${name}.age`), { ...options, passphrase: PASSPHRASE, clock }),
    run,
    advance,
    now: clock,
    report: async () => {
      await run(['api', 'add', reports.did, '--origin', api.origin])
      state.isReporting = true
      return reports
    },
    close: async () => {
      await api.close()
      await reports.close()
      await authority.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The words every request here needs, allowing what `paths` name at the API. */
export function termsFor(world: World, ...paths: readonly string[]): string[] {
  const allowed = paths.flatMap((path) => ['--allow', `GET,POST ${world.api.origin}${path}`])
  return ['--for', 'alice', '--purpose', 'triage', ...allowed]
}

/** Asks for a delegation without waiting, and says the id of the request. */
export async function ask(world: World, ...argv: readonly string[]): Promise<string> {
  const run = await world.run(['request', ...argv, '--no-wait', '--json'])
  const { request } = documentOf(run)
  if (typeof request !== 'string') {
    throw new Error(`the request failed: ${run.stderr}`)
  }
  return request
}

/** Asks, approves and collects; says the id of the delegation. */
export async function obtain(world: World, ...argv: readonly string[]): Promise<string> {
  const request = await ask(world, ...argv)
  await world.run(['approve', request, '--yes'])
  const run = await world.run(['request', '--resume', request, '--no-wait', '--json'])
  const { delegation } = documentOf(run) as { delegation?: { id?: unknown } }
  if (typeof delegation?.id !== 'string') {
    throw new Error(`the request was not approved: ${run.stderr}`)
  }
  return delegation.id
}

async function startAuthority(options: {
  readonly data: string
  readonly origin: string
  readonly clock: () => number
  readonly workloadIssuers?: readonly WorkloadIssuer[]
}): Promise<Authority> {
  const { data, origin, clock, workloadIssuers = [] } = options
  const keys = await openAuthorityKeys(data, PASSPHRASE, { workFactor: 12 })
  const authority = await createAuthority({
    databasePath: join(data, 'authority.db'),
    signer: keys.signer,
    noticeKeys: keys.noticeKeys,
    origin,
    policy: parsePolicy({ id: 'tests', files: [{ name: 'tests.cedar', text: POLICY }] }),
    operators: [{ did: keys.operatorDid, name: 'first operator' }],
    clock,
    workloadIssuers,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    repeat: () => async () => undefined,
  })
  await authority.listen({ host: '127.0.0.1', port: Number(new URL(origin).port) })
  return authority
}

/** Nobody is ever asked about /admin: it is refused. Two people are asked about /payments. */
const POLICY = `
@id("admin") @reason("never")
forbid (principal, action, resource is HttpPart) when { resource.overlaps.contains("/admin/**") };
@id("two")
forbid (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource is HttpPart)
when { resource.overlaps.contains("/payments/**") };
@id("ask")
permit (principal, action in [Action::"approve-enrolled", Action::"ask-one", Action::"ask-two"], resource);
`

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type AuthorityLog, createAuthority, type Repeat, type WorkloadIssuer } from '@behalf/authority'
import { createEd25519Signer, type Signer, systemRandomBytes } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { parsePolicy } from '@behalf/issuer'
import {
  type AuditSink,
  createAuditShipper,
  createRequestVerifier,
  createStatusSource,
  type VerifiedRequest,
  type VerifierMeter,
} from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { getRequestListener } from '@hono/node-server'
import type { Tracer } from '@opentelemetry/api'
import { Hono } from 'hono'
import { pino } from 'pino'
import { freePort } from './free-port.ts'
import { oldVerifierFile } from './old-verifier-file.ts'

/** A real authority and a real protected API on loopback, in this process, and the operator's wallet. */
export interface World {
  readonly authority: string
  readonly api: string
  readonly apiPort: number
  readonly issuer: string
  readonly operator: Wallet
  /** With which somebody becomes the first person of the authority. */
  readonly claimUrl: string | undefined
  /** Approves the next request that is pending, as it was asked. */
  approveNext(): Promise<void>
  /** A delegation for the agent, asked for and approved. */
  grant(agent: Wallet, options: { readonly paths: readonly string[]; readonly depth?: number }): Promise<void>
  end(): Promise<void>
}

/** Who looks on. */
export interface WorldOptions {
  readonly log?: AuthorityLog
  /** Of the authority and of the API. */
  readonly tracer?: Tracer
  readonly meter?: VerifierMeter
  /** Of the authority. Default: a file of its own, a new key, and a heartbeat every 10 seconds. */
  readonly database?: DatabaseSync
  readonly issuerSeed?: Uint8Array
  readonly repeat?: Repeat
  /** Whether the API puts its decisions into the log of the authority, each before it acts. */
  readonly reports?: boolean
  /** Of the authority. Default `127.0.0.1`; passkeys approve only on `localhost`. */
  readonly host?: string
  /** Whose word the authority takes for where an agent runs. */
  readonly workloadIssuers?: readonly WorkloadIssuer[]
}

/** Starts the world. Its API answers `/projects/*` with what the verifier found out. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-test-'))
  const operator = createMemoryWallet()
  const [authorityPort, apiPort] = [await freePort(), await freePort()]
  const { host = '127.0.0.1' } = options
  const [authorityOrigin, api] = [`http://${host}:${authorityPort}`, `http://127.0.0.1:${apiPort}`]
  const authority = await createAuthority({
    ...chooseDatabase(options, folder),
    noncesPath: oldVerifierFile(join(folder, 'nonces.sqlite')),
    issuerSeed: options.issuerSeed ?? systemRandomBytes(32),
    ...(options.repeat && { repeat: options.repeat }),
    origin: authorityOrigin,
    policy: parsePolicy({
      id: 'test',
      files: [{ name: 'p.cedar', text: 'permit (principal, action == Action::"ask-one", resource);' }],
    }),
    operators: [{ did: operator.did, name: 'test operator' }],
    log: options.log ?? pino({ level: 'silent' }),
    ...(options.tracer && { tracer: options.tracer }),
    ...(options.workloadIssuers && { workloadIssuers: options.workloadIssuers }),
  })
  await authority.listen({ host: '127.0.0.1', port: authorityPort })
  const client = operator.authority(authorityOrigin)
  const reporter = options.reports === true ? createEd25519Signer(systemRandomBytes(32)) : undefined
  if (reporter) await client.registerApi({ did: encodeDidKey(reporter.publicKey), origins: [api] })
  const protectedApi = await openApi({
    ...options,
    reporter,
    folder,
    api,
    apiPort,
    authority: authorityOrigin,
    issuer: authority.issuerDid,
  })
  const approveNext = async (): Promise<void> => {
    const pending = await waitFor(async () => (await client.listRequests({ status: 'pending' }))[0])
    await client.approve(pending.id, { version: pending.version })
  }
  return {
    authority: authorityOrigin,
    api,
    apiPort,
    issuer: authority.issuerDid,
    operator,
    claimUrl: authority.claimUrl,
    approveNext,
    grant: async (agent, { paths, depth = 0 }) => {
      const asking = agent.requestDelegation({
        authority: authorityOrigin,
        onBehalfOf: { id: 'alice' },
        purpose: 'Sort new issues',
        maxDelegationDepth: depth,
        capabilities: [{ type: 'http', locations: [api], actions: ['GET', 'POST'], paths }],
      })
      await Promise.all([asking, approveNext()])
    },
    end: async () => {
      await protectedApi.end()
      await authority.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function chooseDatabase(
  { database }: WorldOptions,
  folder: string,
): { readonly database: DatabaseSync } | { readonly databasePath: string } {
  return database ? { database } : { databasePath: join(folder, 'authority.sqlite') }
}

interface ApiOptions extends WorldOptions {
  readonly reporter: Signer | undefined
  readonly folder: string
  readonly api: string
  readonly apiPort: number
  readonly authority: string
  readonly issuer: string
}

async function openApi(options: ApiOptions): Promise<{ end(): Promise<void> }> {
  const { folder, api, apiPort, authority, issuer } = options
  const database = openVerifierDatabase(oldVerifierFile(join(folder, 'verifier.sqlite')))
  const statusSource = createStatusSource({
    issuers: [{ did: issuer, url: `${authority}/status/heartbeat` }],
    pollSeconds: 1,
    state: database.statusState,
  })
  const shipper = openShipper(options, database)
  const verifier = createRequestVerifier({
    origins: [api],
    trustedIssuers: [issuer],
    statusSource,
    ...database,
    ...(options.tracer && { tracer: options.tracer }),
    ...(options.meter && { meter: options.meter }),
    ...(shipper && { auditSink: shipper satisfies AuditSink }),
  })
  const app = new Hono<{ Variables: { behalf: VerifiedRequest } }>()
  app.use('/projects/*', protect(verifier))
  app.all('/projects/*', (c) => {
    const { principal, agent, chain } = c.get('behalf')
    return c.json({ principal, agent, links: chain.links.length })
  })
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => server.listen(apiPort, '127.0.0.1', resolve))
  await statusSource.ready()
  return {
    end: async () => {
      statusSource.close()
      await closeServer(server)
      await shipper?.close()
      database.close()
    },
  }
}

function openShipper(
  { authority, reporter: signer, tracer }: ApiOptions,
  { auditOutbox: outbox }: VerifierDatabase,
): ReturnType<typeof createAuditShipper> | undefined {
  if (signer === undefined) return undefined
  return createAuditShipper({ authority, signer, outbox, recordBeforeAct: true, ...(tracer && { tracer }) })
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** What `find` finds, asked again until it finds something. The runner's own time limit ends it. */
export async function waitFor<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '@behalf/authority'
import { systemRandomBytes } from '@behalf/core'
import { parsePolicy } from '@behalf/issuer'
import { createRequestVerifier, createStatusSource, type VerifiedRequest } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { getRequestListener } from '@hono/node-server'
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
  /** Approves the next request that is pending, as it was asked. */
  approveNext(): Promise<void>
  /** A delegation for the agent, asked for and approved. */
  grant(agent: Wallet, options: { readonly paths: readonly string[]; readonly depth?: number }): Promise<void>
  end(): Promise<void>
}

/** Starts the world. Its API answers `/projects/*` with what the verifier found out. */
export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-test-'))
  const operator = createMemoryWallet()
  const [authorityPort, apiPort] = [await freePort(), await freePort()]
  const [authorityOrigin, api] = [`http://127.0.0.1:${authorityPort}`, `http://127.0.0.1:${apiPort}`]
  const authority = await createAuthority({
    databasePath: join(folder, 'authority.sqlite'),
    noncesPath: oldVerifierFile(join(folder, 'nonces.sqlite')),
    issuerSeed: systemRandomBytes(32),
    origin: authorityOrigin,
    policy: parsePolicy({
      id: 'test',
      files: [{ name: 'p.cedar', text: 'permit (principal, action == Action::"ask-one", resource);' }],
    }),
    operators: [{ did: operator.did, name: 'test operator' }],
    log: pino({ level: 'silent' }),
  })
  await authority.listen({ host: '127.0.0.1', port: authorityPort })
  const protectedApi = await openApi({
    folder,
    api,
    apiPort,
    authority: authorityOrigin,
    issuer: authority.issuerDid,
  })
  const client = operator.authority(authorityOrigin)
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
    approveNext,
    grant: async (agent, { paths, depth = 0 }) => {
      const asking = agent.requestDelegation({
        authority: authorityOrigin,
        onBehalfOf: { id: 'alice' },
        purpose: 'Sort new issues',
        maxDelegationDepth: depth,
        capabilities: [{ type: 'http', locations: [api], actions: ['GET'], paths }],
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

interface ApiOptions {
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
  const verifier = createRequestVerifier({
    origins: [api],
    trustedIssuers: [issuer],
    statusSource,
    ...database,
  })
  const app = new Hono<{ Variables: { behalf: VerifiedRequest } }>()
  app.use('/projects/*', protect(verifier))
  app.get('/projects/*', (c) => {
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
      database.close()
    },
  }
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

import { createAuthorityLog, type WorkloadIssuer } from '@behalf/authority'
import {
  createEd25519Signer,
  encodeBase64,
  encodeBase64url,
  encodeHex,
  isJsonObject,
  parseJson,
} from '@behalf/core'
import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryReplayStore, createTokenVerifier } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createVerifierMetrics } from '@behalf/verifier/metrics'
import { createMemoryWallet, type HeldDelegation, type Wallet } from '@behalf/wallet'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Hono } from 'hono'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { vi } from 'vitest'
import { z } from 'zod'
import {
  approve,
  type Browser,
  claim,
  invite,
  openBrowser,
} from '../../packages/authority/test/support/browser.ts'
import { expectRefusal, expectRefused, expectStatus } from './expect-answer.ts'
import { freePort } from './free-port.ts'
import { listen, openEndpoint } from './mcp-endpoint.ts'
import { abuseEndpoints, misuseToken, randomSecret } from './misuse-token.ts'
import { pinsOfTools } from './tool-server.ts'
import { recordWire, type WireSecrets } from './wire-secrets.ts'
import { openWorld, type World } from './world.ts'

/** What one run through everything left behind. */
export interface SecretRun {
  /** All that operators read: log and console, spans, metrics. */
  readonly told: string
  /** How much of each. */
  readonly amounts: { readonly lines: number; readonly spans: number; readonly series: number }
  /** What went over the wire and belongs nowhere else, and the keys. */
  readonly secrets: WireSecrets
}

const CANARY = 'canary-in-an-argument'
const SEED = new Uint8Array(32).map((_, index) => index * 5 + 11)
const ISSUER_SEED = new Uint8Array(32).map((_, index) => index * 3 + 101)
const CLUSTER = 'https://cluster.example'
const JSON_TYPE = { 'content-type': 'application/json' }

/**
 * People sign in and approve, an agent proves where it runs, signs, exchanges and calls, through a real authority, an
 * API that takes tokens and an MCP endpoint; each thing goes well once, and is refused or fails once. Console and `fetch`
 * of this process are listened to meanwhile.
 */
export async function runWithSecrets(): Promise<SecretRun> {
  const lines: string[] = []
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi
      .spyOn(console, name)
      .mockImplementation((...told: unknown[]) => void lines.push(told.map(String).join(' '))),
  )
  const wire = recordWire()
  const exporter = new InMemorySpanExporter()
  const tracer = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  }).getTracer('test')
  const meter = createVerifierMetrics()
  try {
    const cluster = await openCluster()
    const log = createAuthorityLog((line) => void lines.push(line))
    const workloadIssuers = [cluster.issuer]
    const world = await openWorld({
      host: 'localhost',
      tracer,
      meter,
      reports: true,
      issuerSeed: ISSUER_SEED,
      log,
      workloadIssuers,
    })
    const scene = { world, tracer, meter, cluster }
    try {
      await play(scene)
      const exposed = `${await meter.registry.metrics()}${await world.operator.authority(world.authority).readMetrics()}`
      const spans = exporter
        .getFinishedSpans()
        .map(({ name, attributes, events, status }) => JSON.stringify({ name, attributes, events, status }))
      const secrets = new Map([
        ...(await wire.secrets()),
        ['private key', spellSeeds()],
        ['argument of a tool', new Set([CANARY])],
      ])
      const amounts = { lines: lines.length, spans: spans.length, series: exposed.split('\n').length }
      return { told: [...lines, ...spans, exposed].join('\n'), amounts, secrets }
    } finally {
      await world.end()
    }
  } finally {
    wire.stop()
    for (const spy of spies) spy.mockRestore()
  }
}

interface Scene extends Pick<Parameters<typeof createTokenVerifier>[0], 'tracer' | 'meter'> {
  readonly world: World
  readonly cluster: Cluster
}

const spellSeeds = (): ReadonlySet<string> =>
  new Set([SEED, ISSUER_SEED].flatMap((seed) => [encodeHex(seed), encodeBase64(seed), encodeBase64url(seed)]))

async function play(scene: Scene): Promise<void> {
  const { world, cluster } = scene
  const alice = await claim({ origin: world.authority, authority: { claimUrl: world.claimUrl ?? '' } })
  await signIn(alice)
  let decided = Promise.resolve()
  const agent = createMemoryWallet({
    seed: SEED,
    ...(scene.tracer && { tracer: scene.tracer }),
    // Not for the interval that the authority asks for: until it was decided.
    wait: () => decided,
  })
  const awaitDecision = (decision: Promise<void>): void => {
    decided = decision
  }
  await proveWorkload(agent, cluster, world)
  await callSigned(world, { agent, alice, awaitDecision })
  await exchangeAndCall(scene, { agent, alice, awaitDecision })
  await callTools(scene, { agent, alice, awaitDecision })
}

/** Somebody is invited, signs in, and is refused with what is not theirs. */
async function signIn(alice: Browser): Promise<void> {
  const bob = await invite(alice, { id: 'bob', name: 'Bob', roles: ['approver'] })
  await bob.send('/api/logout')
  await bob.login()
  await bob.call('/api/logout', { method: 'POST', headers: { 'x-csrf-token': randomSecret() } })
  const mallory = await openBrowser(alice.site)
  await mallory.send('/api/login', { ceremony: 'none', response: { id: 'x', signature: randomSecret() } })
  await mallory.call('/api/me', { headers: { cookie: `session=${randomSecret()}` } })
  await mallory.send('/api/claim/options', { code: randomSecret(), id: 'mallory', name: 'mallory' })
}

/** A cluster that tells where its pods run. */
interface Cluster {
  readonly issuer: WorkloadIssuer
  readonly sign: (claims: object) => Promise<string>
}

async function openCluster(): Promise<Cluster> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwks = parseJson(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }))
  if (!isJsonObject(jwks)) throw new Error('a JWK Set is an object')
  return {
    issuer: { type: 'jwt', issuer: CLUSTER, algorithms: ['ES256'], jwks, binding: 'first-use' },
    sign: (claims) => {
      const now = Math.floor(Date.now() / 1000)
      const payload = { iss: CLUSTER, sub: 'pod-7', iat: now, exp: now + 600, ...claims }
      const bytes = new TextEncoder().encode(JSON.stringify(payload))
      return new CompactSign(bytes).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(privateKey)
    },
  }
}

async function proveWorkload(agent: Wallet, { sign }: Cluster, { authority }: World): Promise<void> {
  const client = agent.authority(authority)
  await client.enrolWorkload({ type: 'jwt', token: await sign({ aud: [authority], jti: randomSecret() }) })
  for (const claims of [
    { aud: ['https://other.example'] },
    { aud: [authority], iss: 'https://other.example' },
  ]) {
    await expectRefusal(client.enrolWorkload({ type: 'jwt', token: await sign(claims) }))
  }
}

interface Actors {
  readonly agent: Wallet
  readonly alice: Browser
  readonly awaitDecision: (decision: Promise<void>) => void
}

/** Asks for a delegation that a person approves with a passkey. */
async function obtain(
  { agent, alice, awaitDecision }: Actors,
  world: World,
  asked: Pick<Parameters<Wallet['requestDelegation']>[0], 'capabilities' | 'maxDelegationDepth'>,
): Promise<HeldDelegation> {
  const failed = new AbortController()
  return agent.requestDelegation({
    authority: world.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Sort new issues',
    signal: failed.signal,
    onPending: ({ id }) => {
      const decision = approve(alice, [{ id, version: 1 }]).then(({ status, text }) => {
        if (status !== 200) failed.abort(new Error(`the approval failed: ${text}`))
      })
      awaitDecision(decision)
    },
    ...asked,
  })
}

/** Signed requests, whose records and evidence the API ships to the authority. */
async function callSigned(world: World, actors: Actors): Promise<void> {
  const { agent } = actors
  const rights = {
    type: 'http',
    locations: [world.api],
    actions: ['GET', 'POST'],
    paths: ['/projects/*'],
  } as const
  await obtain(actors, world, { capabilities: [rights] })
  await expectStatus(
    200,
    agent.fetch(`${world.api}/projects/1?secret=${CANARY}`, { method: 'POST', body: CANARY }),
  )
  await expectRefused(agent.fetch(`${world.api}/elsewhere/${CANARY}`))
}

async function exchangeAndCall(scene: Scene, actors: Actors): Promise<void> {
  const { world } = scene
  const api = await openTokenApi(scene)
  try {
    const { agent } = actors
    const held = await obtain(actors, world, {
      capabilities: [
        { type: 'http', locations: [api.origin], actions: ['GET', 'POST'], paths: ['/projects/**'] },
      ],
      maxDelegationDepth: 1,
    })
    const helper = createMemoryWallet()
    const rights = {
      type: 'http',
      locations: [api.origin],
      actions: ['GET'],
      paths: ['/projects/7'],
    } as const
    await helper.receive(await agent.delegate({ to: helper.did, capabilities: [rights] }))
    const { token } = await agent.exchangeToken({ resource: api.origin })
    await helper.exchangeToken({ resource: api.origin, subjectToken: token })
    await expectStatus(200, agent.tokenFetch(`${api.origin}/projects/7`))
    await expectStatus(403, helper.tokenFetch(`${api.origin}/projects/8`))
    await misuseToken(api.origin, { token, held, signer: createEd25519Signer(SEED) })
    await abuseEndpoints(world.authority, { token, held, signer: createEd25519Signer(SEED) })
    api.fail()
    await expectStatus(503, agent.tokenFetch(`${api.origin}/projects/7`))
    await world.operator.authority(world.authority).revoke({ delegation: held.id })
    await expectRefusal(agent.exchangeToken({ resource: api.origin }))
  } finally {
    await api.end()
  }
}

interface TokenApi {
  readonly origin: string
  /** Its store cannot decide any more, and says so in words that a store may have. */
  readonly fail: () => void
  end(): Promise<void>
}

async function openTokenApi({ world, tracer, meter }: Scene): Promise<TokenApi> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const store = createMemoryReplayStore({ clock: () => Date.now() - 60_000 })
  let isBroken = false
  const verifier = createTokenVerifier({
    origins: [origin],
    audience: origin,
    authorities: [{ issuer: world.authority, did: world.issuer }],
    replayStore: {
      claim: (claimed) => {
        if (isBroken) throw new Error('the store is gone')
        return store.claim(claimed)
      },
    },
    pollSeconds: 0.05,
    ...(tracer && { tracer }),
    ...(meter && { meter }),
  })
  const app = new Hono()
  app.use('/projects/*', protect(verifier))
  app.all('/projects/*', (c) => c.json({ done: true }))
  const server = await listen(app.fetch, port)
  return {
    origin,
    fail: () => {
      isBroken = true
    },
    end: () => server.end(),
  }
}

/** Tools behind an endpoint are called with signed requests and with tokens. */
async function callTools(scene: Scene, actors: Actors): Promise<void> {
  const { world, tracer, meter } = scene
  const { agent } = actors
  const endpoint = await openEndpoint(world, {
    handler: createMcpHandler(createTools).fetch,
    tokens: { authorities: [{ issuer: world.authority, did: world.issuer }], pollSeconds: 0.05 },
    ...(tracer && { tracer }),
    ...(meter && { meter }),
  })
  const { url } = endpoint
  const ask = (body: object, more: object = {}): RequestInit => ({
    method: 'POST',
    headers: { ...JSON_TYPE, accept: 'application/json, text/event-stream', ...more },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
  })
  try {
    const tools = await pinsOfTools(createTools)
    const right = { type: 'mcp', locations: [url], actions: ['tools/call'], tools } as const
    const constraints = { arguments: { project: { enum: ['ACME', CANARY] } } }
    await obtain(actors, world, { capabilities: [{ ...right, constraints }] })
    const client = await createMcpClient(agent, url)
    await client.callTool({ name: 'note', arguments: { project: CANARY } })
    await expectRefusal(client.callTool({ name: 'note', arguments: { project: `${CANARY}-too` } }))
    await client.callTool({ name: 'break', arguments: { project: CANARY } }).catch(() => undefined)
    await client.close()
    const held = await obtain(actors, world, { capabilities: [right] })
    const call = { method: 'tools/call', params: { name: 'note', arguments: { project: CANARY } } }
    await expectStatus(200, agent.tokenFetch(url, { ...ask(call), resource: url, delegation: held.id }))
    const { token } = await agent.exchangeToken({ resource: url, delegation: held.id })
    await expectRefused(fetch(url, ask(call, { authorization: `DPoP ${token}` })))
    await expectRefused(
      fetch(url, ask(call, { authorization: `Bearer ${token}`, 'mcp-session-id': randomSecret() })),
    )
    await world.operator.authority(world.authority).revoke({ delegation: held.id })
    await expectRefusal(agent.exchangeToken({ resource: url, delegation: held.id }))
  } finally {
    await endpoint.end()
  }
}

function createTools(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const inputSchema = z.object({ project: z.string() })
  server.registerTool('note', { inputSchema }, ({ project }) => ({
    content: [{ type: 'text', text: project }],
  }))
  server.registerTool('break', { inputSchema }, ({ project }) => {
    throw new Error(`no ${project}`)
  })
  return server
}

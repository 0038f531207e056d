import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEd25519Signer, type Signer, sha256 } from '@behalf/core'
import {
  type Capability,
  findSuspended,
  parseCapabilities,
  type StatusList,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { createContentDigest, KEY_TAG, serializeSignatureKey, signMessage } from '@behalf/http-signature'
import { type Policy, parsePolicy } from '@behalf/issuer'
import { type AuthorityClient, createMemoryWallet, type Wallet } from '@behalf/wallet'
import { afterEach } from 'vitest'
import { type Authority, type CreateAuthorityOptions, createAuthority } from '../../src/index.ts'
import { checkDocumented } from './check-documented.ts'
import { type RawAnswer, readAnswer } from './read-answer.ts'

export type { RawAnswer } from './read-answer.ts'

export const START = Date.UTC(2026, 10, 24, 12, 0, 0)
/** A policy of one file. */
export function createPolicy(id: string, text: string): Policy {
  return parsePolicy({ id, files: [{ name: `${id}.cedar`, text }] })
}

export const ASK_ALWAYS = createPolicy('ask', 'permit (principal, action == Action::"ask-one", resource);')
export const APPROVE_ENROLLED = createPolicy(
  'enrolled',
  'permit (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource);',
)
export const ALICE = { id: 'acct-42', tenant: 'acme' }
export const READ_ISSUES: readonly Capability[] = parseCapabilities([
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] },
])
export const READ_ONE: readonly Capability[] = parseCapabilities([
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/7'] },
])
export const ASKED = { onBehalfOf: ALICE, capabilities: READ_ISSUES, purpose: 'Sum up the open issues' }

/** A clock that stands still until it is moved. */
export interface TestClock {
  (): number
  advance(seconds: number): void
}

/** A party that signs: by its wallet, or by hand where a wallet would refuse. */
export interface Party {
  readonly wallet: Wallet
  readonly did: string
  readonly client: AuthorityClient
  readonly send: (request: RawRequest) => Promise<RawAnswer>
}

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly signed?: boolean
  readonly nonce?: string
  /** Milliseconds since the epoch; default: now. */
  readonly createdAt?: number
  /** The origin in the signature, when it is not the one the call goes to. */
  readonly signedFor?: string
}

export interface World {
  readonly authority: Authority
  readonly origin: string
  readonly folder: string
  readonly databasePath: string
  readonly clock: TestClock
  readonly operator: Party
  readonly agent: Party
  /** Every line of the log. */
  readonly log: string[]
  /** Runs the heartbeat that the timer would. */
  readonly beat: () => Promise<void>
  /** Looks through the outbox of notices, as the timer would, and resolves when everything due was tried. */
  readonly deliver: () => Promise<void>
  readonly party: (name: string) => Party
  readonly get: (path: string, headers?: Record<string, string>) => Promise<RawAnswer>
  /** Stops the authority and starts it again over the same files. */
  readonly restart: (changes?: WorldOptions) => Promise<World>
  readonly published: () => Promise<Published>
}

/** What a test may want to be different. */
export type WorldOptions = Partial<
  Pick<
    CreateAuthorityOptions,
    | 'attestation'
    | 'dangerouslyLetLoginApprove'
    | 'defaultSeconds'
    | 'heartbeatSeconds'
    | 'limits'
    | 'maxSeconds'
    | 'monotonicClock'
    | 'notices'
    | 'oidc'
    | 'operators'
    | 'page'
    | 'pingSeconds'
    | 'policy'
    | 'random'
    | 'repeat'
    | 'requestSeconds'
    | 'statusStreams'
    | 'workloadIssuers'
    | 'workloadNetwork'
  >
> & { readonly seed?: Uint8Array }

/** What a verifier reads. */
export interface Published {
  readonly sequence: number
  readonly revokedKeys: readonly string[]
  readonly versions: readonly number[]
  readonly isRevoked: (index: string) => boolean
}

/** Where the worlds are whose answers are held to their document. */
const documentedOrigins = new Set<string>()
const plainFetch = globalThis.fetch

// Wallets, clients and tests all come through here, so no answer of an authority gets past the check.
globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? input : undefined
  const url = new URL(input instanceof Request ? input.url : input)
  const response = await plainFetch(input, init)
  if (documentedOrigins.has(url.origin)) {
    const method = init?.method ?? request?.method ?? 'GET'
    await checkDocumented({ url, method }, response, plainFetch)
  }
  return response
}

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** Runs when the test is over, last first. */
export function whenDone(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup)
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-authority-'))
  whenDone(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function createTestClock(start = START): TestClock {
  let now = start
  return Object.assign(() => now, {
    advance: (seconds: number) => {
      now += seconds * 1000
    },
  })
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

export function seedOf(name: string): Uint8Array {
  return sha256(new TextEncoder().encode(name))
}

/** An authority on a free port of this machine, ready for signed calls, with an operator and an agent. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const folder = temporaryFolder()
  const origin = `http://localhost:${await freePort()}`
  return startWorld({ folder, origin, clock: createTestClock(), options })
}

interface WorldSeed {
  readonly folder: string
  readonly origin: string
  readonly clock: TestClock
  readonly options: WorldOptions
}

async function startWorld(seed: WorldSeed): Promise<World> {
  const { folder, origin, clock } = seed
  const { seed: issuerSeed = seedOf('authority'), ...options } = seed.options
  const databasePath = join(folder, 'authority.db')
  const log: string[] = []
  const repeated: (() => Promise<void>)[] = []
  const record = (facts: object, message: string): void =>
    void log.push(JSON.stringify({ ...facts, message }))
  const authority = await createAuthority({
    databasePath,
    issuerSeed,
    origin,
    policy: ASK_ALWAYS,
    operators: [{ did: didOf('operator'), name: 'first operator' }],
    clock,
    log: { info: record, warn: record, error: record },
    repeat: (run) => {
      repeated.push(run)
      return async () => {}
    },
    ...options,
  })
  const port = Number(new URL(origin).port)
  await authority.listen({ host: '127.0.0.1', port })
  whenDone(() => authority.close())
  documentedOrigins.add(origin)
  whenDone(() => void documentedOrigins.delete(origin))
  await checkDocumented(
    { url: new URL('/health', origin), method: 'GET' },
    await plainFetch(`${origin}/health`),
    plainFetch,
  )
  log.splice(0)
  if (clock() < authority.readyAt) clock.advance((authority.readyAt - clock()) / 1000)
  const party = (name: string): Party => createParty(name, origin, clock)
  return {
    authority,
    origin,
    folder,
    databasePath,
    clock,
    operator: party('operator'),
    agent: party('agent'),
    log,
    beat: async () => repeated[0]?.(),
    deliver: async () => repeated[1]?.(),
    party,
    get: (path, headers = {}) => send(origin, { path, headers, signed: false }),
    restart: async (changes = {}) => {
      await authority.close()
      await forgetConnections(origin)
      return startWorld({ ...seed, options: { ...seed.options, ...changes } })
    },
    published: () => readPublished(origin, authority.issuerDid, clock),
  }
}

/** Calls until one finds that nobody listens: by then fetch has dropped the connections that the close has ended. */
async function forgetConnections(origin: string): Promise<void> {
  for (;;) {
    const failure = await fetch(`${origin}/health`).catch((error: Error) => String(error.cause))
    if (typeof failure === 'string' && failure.includes('ECONNREFUSED')) return
  }
}

/** The `id` of an answer. */
export function idOf({ json }: Pick<RawAnswer, 'json'>): string {
  const { id } = json
  if (typeof id !== 'string') throw new Error('the answer has no id')
  return id
}

/** The same name always gives the same key. */
export function didOf(name: string): string {
  return encodeDidKey(createEd25519Signer(seedOf(name)).publicKey)
}

export function createParty(name: string, origin: string, clock: TestClock): Party {
  const signer = createEd25519Signer(seedOf(name))
  const wallet = createMemoryWallet({
    seed: seedOf(name),
    clock,
    wait: async (milliseconds) => clock.advance(milliseconds / 1000),
  })
  return {
    wallet,
    did: wallet.did,
    client: wallet.authority(origin),
    send: (request) => send(origin, request, { signer, clock }),
  }
}

let nonces = 0

async function send(
  origin: string,
  request: RawRequest,
  by?: { readonly signer: Signer; readonly clock: TestClock },
): Promise<RawAnswer> {
  const { method = 'GET', path, body, headers = {}, signed = true } = request
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const fields: Record<string, string> = { ...headers }
  if (bytes) {
    fields['content-type'] ??= 'application/json'
    fields['content-digest'] ??= createContentDigest(bytes)
  }
  if (by && signed)
    Object.assign(
      fields,
      await signFields({ ...request, method }, { ...by, origin: request.signedFor ?? origin, fields }),
    )
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: fields,
    redirect: 'manual',
    ...(bytes && { body: Uint8Array.from(bytes) }),
  })
  return readAnswer(response)
}

async function signFields(
  request: RawRequest & { readonly method: string },
  by: {
    readonly signer: Signer
    readonly clock: TestClock
    readonly origin: string
    readonly fields: Record<string, string>
  },
): Promise<Record<string, string>> {
  const { signer, clock, origin, fields } = by
  nonces += 1
  const created = Math.floor((request.createdAt ?? clock()) / 1000)
  const key = serializeSignatureKey('sig', { scheme: 'hwk', publicKey: signer.publicKey })
  const all = { ...fields, 'signature-key': key }
  const { signatureInput, signature } = await signMessage(
    { kind: 'request', method: request.method, origin, target: request.path, fields: Object.entries(all) },
    {
      signer,
      label: 'sig',
      components: ['@method', '@target-uri', ...Object.keys(all).filter((name) => name !== 'if-none-match')],
      created,
      expires: created + 60,
      nonce: request.nonce ?? `nonce-nonce-nonce-${nonces}`,
      keyid: encodeDidKeyUrl(encodeDidKey(signer.publicKey)),
      tag: KEY_TAG,
    },
  )
  return { 'signature-key': key, 'signature-input': signatureInput, signature }
}

async function readPublished(origin: string, issuer: string, clock: TestClock): Promise<Published> {
  const publicKey = createEd25519Signer(seedOf('authority')).publicKey
  const reading = { issuer, issuers: () => publicKey, now: clock() }
  const heartbeat = verifyHeartbeat(
    (await send(origin, { path: '/status/heartbeat', signed: false })).text,
    reading,
  )
  const lists: StatusList[] = []
  for (const { id, version, digest } of heartbeat.lists) {
    const jws = await (await fetch(id)).text()
    const purpose = findSuspended(id) === undefined ? 'revocation' : 'suspension'
    const list = verifyStatusList(jws, { ...reading, id, purpose })
    if (list.version !== version || list.digest !== digest)
      throw new Error('the heartbeat names another list')
    if (purpose === 'revocation') lists.push(list)
  }
  return {
    sequence: heartbeat.sequence,
    revokedKeys: heartbeat.revokedKeys,
    versions: lists.map((list) => list.version),
    isRevoked: (index) => lists[0]?.isSet(Number(index)) ?? false,
  }
}

import { encodeBase64url } from '@behalf/core'
import {
  type AccessTokenClaims,
  createDpopProof,
  createTokenStatuses,
  type StatusEntry,
  signAccessToken,
  signTokenStatusList,
  tokenKeyId,
  writeTokenStatus,
} from '@behalf/credential'
import type { FieldLines } from '@behalf/http-signature'
import {
  type AuditRecord,
  createMemoryReplayStore,
  createTokenVerifier,
  type EnforcingTokenOptions,
  type Fetch,
  type IncomingRequest,
  type SetTimer,
  type TokenVerifier,
  type VerifierError,
} from '../../src/index.ts'
import { agentA, agentB, agentC, createParty, issuer, type Party } from './agents.ts'
import { freshNonce } from './b0.ts'
import { ITEMS, LIST_URL, NOW } from './chain.ts'

export const AUTHORITY = 'https://authority.test'
export const TOKEN_LIST_URL: string = `${AUTHORITY}/status/token-lists/1`
export const METADATA_URL: string = `${AUTHORITY}/.well-known/oauth-authorization-server`
export const JWKS_URL: string = `${AUTHORITY}/.well-known/jwks.json`
export const tokenParty: Party = createParty(0x40)
export const nextTokenParty: Party = createParty(0x41)

/** The place of the token of {@link makeClaims} in its list. */
export const TOKEN_INDEX = 5

/** A party's key as an authority publishes it. */
export function toJwk({ signer: { publicKey } }: Party): Record<string, string> {
  const x = encodeBase64url(publicKey)
  return { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: tokenKeyId(publicKey), x }
}

/** What an authority serves, by address; tests replace it. */
export interface TokenAuthorityServer {
  readonly answers: Map<string, () => Response | Promise<Response>>
  /** Every address that was asked for. */
  readonly asked: string[]
  readonly fetch: Fetch
  /** Signs a list and serves it. */
  publishList(options?: PublishListOptions): Promise<void>
  publishKeys(...parties: readonly Party[]): void
}

export interface PublishListOptions {
  readonly uri?: string
  readonly status?: number
  readonly now?: number
  readonly expiresAt?: number
  readonly ttlSeconds?: number
  readonly signer?: Party
  readonly issuer?: string
  readonly length?: number
}

/** Answers with JSON. */
export const json =
  (value: unknown): (() => Response) =>
  () =>
    Response.json(value)

/** An authority that serves its metadata, its key and an empty list. */
export async function makeTokenAuthority(): Promise<TokenAuthorityServer> {
  const answers: TokenAuthorityServer['answers'] = new Map()
  const asked: string[] = []
  const server: TokenAuthorityServer = {
    answers,
    asked,
    fetch: async (url) => {
      asked.push(url)
      return (await answers.get(url)?.()) ?? new Response('not here', { status: 404 })
    },
    publishList: async (options = {}) => {
      const { uri = TOKEN_LIST_URL, status = 0, now = NOW, ttlSeconds = 10, signer = tokenParty } = options
      const statuses = createTokenStatuses(2, options.length ?? 1024)
      if (status !== 0) writeTokenStatus(statuses, TOKEN_INDEX, status)
      const jws = await signTokenStatusList({
        uri,
        issuer: options.issuer ?? AUTHORITY,
        statuses,
        now,
        expiresAt: options.expiresAt ?? now + 60_000,
        ttlSeconds,
        signer: signer.signer,
      })
      answers.set(uri, () => new Response(jws))
    },
    publishKeys: (...parties) => {
      answers.set(JWKS_URL, json({ keys: parties.map(toJwk) }))
    },
  }
  answers.set(METADATA_URL, json({ issuer: AUTHORITY, jwks_uri: JWKS_URL, response_types_supported: [] }))
  server.publishKeys(tokenParty)
  await server.publishList()
  return server
}

function statusEntry(index: number): StatusEntry {
  return {
    id: `${LIST_URL}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: LIST_URL,
  }
}

/** Claims of a token for the chain of the baseline request: issuer, A, B, C. */
export function makeClaims(changes: Partial<AccessTokenClaims> = {}): AccessTokenClaims {
  const id = (index: number): string => `urn:uuid:00000000-0000-4000-8000-00000000000${index}`
  return {
    issuer: AUTHORITY,
    principal: { issuer: issuer.did, id: 'person-7', tenant: 'acme' },
    audience: 'https://api.test',
    agent: agentC.did,
    issuedAt: NOW,
    expiresAt: NOW + 60_000,
    id: 'urn:uuid:00000000-0000-4000-8000-000000000099',
    jkt: tokenKeyId(agentC.signer.publicKey),
    actors: [agentC.did, agentB.did, agentA.did],
    capabilities: [ITEMS],
    workflow: { id: 'triage', run: 'run-42' },
    root: id(0),
    delegations: [id(0), id(1), id(2)],
    status: { index: TOKEN_INDEX, uri: TOKEN_LIST_URL },
    delegationStatus: [100, 101, 102].map(statusEntry),
    ...changes,
  }
}

/** A signed token. */
export async function makeToken(
  changes: Partial<AccessTokenClaims> = {},
  signer: Party = tokenParty,
): Promise<string> {
  return await signAccessToken(makeClaims(changes), signer.signer)
}

/** What a test changes in the baseline request with a token. */
export interface TokenRequestChanges {
  readonly token?: string
  readonly method?: string
  readonly target?: string
  readonly body?: Uint8Array
  /** Whose key makes the proof. */
  readonly holder?: Party
  /** Of the proof, where it is not that of the request. */
  readonly htm?: string
  readonly htu?: string
  readonly iat?: number
  readonly nonce?: string
  readonly jti?: string
  /** The token of which the proof speaks; none with `null`. */
  readonly ath?: string | null
  /** Lines in the place of Authorization and DPoP. */
  readonly lines?: (token: string, proof: string) => FieldLines
}

/** GET https://api.test/v1/items/7 by agent C, with a new proof. */
export async function makeTokenRequest(
  changes: TokenRequestChanges = {},
): Promise<IncomingRequest & { readonly body: Uint8Array }> {
  const { method = 'GET', target = '/v1/items/7', body = new Uint8Array(), holder = agentC } = changes
  const token = changes.token ?? (await makeToken())
  const accessToken = changes.ath === undefined ? token : changes.ath
  const proof = await createDpopProof({
    signer: holder.signer,
    method: changes.htm ?? method,
    url: changes.htu ?? `https://api.test${target}`,
    now: changes.iat ?? NOW,
    jti: changes.jti ?? freshNonce(),
    ...(accessToken === null ? {} : { accessToken }),
    ...(changes.nonce === undefined ? {} : { nonce: changes.nonce }),
  })
  const lines =
    changes.lines?.(token, proof) ??
    ([
      ['Authorization', `DPoP ${token}`],
      ['DPoP', proof],
    ] as const)
  const length =
    body.length > 0 || method === 'POST' ? [['Content-Length', String(body.length)] as const] : []
  return { method, target, headers: [['Host', 'api.test'], ...length, ...lines], body }
}

/** A verifier of tokens for https://api.test, its clock, its authority and what it recorded. */
export interface TokenWorld<Account = undefined> {
  readonly verifier: TokenVerifier<Account>
  readonly authority: TokenAuthorityServer
  readonly records: AuditRecord[]
  readonly faults: VerifierError[]
  /** Milliseconds; the verifier's clocks read it. */
  now: number
}

/** Keeps no time: nothing in these tests takes any. */
export const noTimer: SetTimer = () => () => undefined

/** What a verifier of tokens works with that accepts the baseline request, one minute before it is made. */
export async function makeTokenSurroundings(): Promise<{
  readonly world: Omit<TokenWorld, 'verifier'>
  readonly options: EnforcingTokenOptions<never>
}> {
  const authority = await makeTokenAuthority()
  const world = { authority, records: [] as AuditRecord[], faults: [] as VerifierError[], now: NOW - 60_000 }
  const clock = (): number => world.now
  const options: EnforcingTokenOptions<never> = {
    origins: ['https://api.test'],
    audience: 'https://api.test',
    authorities: [{ issuer: AUTHORITY, did: issuer.did }],
    replayStore: createMemoryReplayStore({ clock }),
    auditSink: { record: (entry) => void world.records.push(entry) },
    clock,
    fetch: authority.fetch,
    setTimer: noTimer,
    reportFault: (fault) => void world.faults.push(fault),
  }
  return { world, options }
}

/** Makes a verifier that accepts the baseline request with a token. */
export async function makeTokenWorld<Account = undefined>(
  changes: Partial<EnforcingTokenOptions<Account>> = {},
): Promise<TokenWorld<Account>> {
  const { world, options } = await makeTokenSurroundings()
  const verifier = createTokenVerifier<Account>({ ...options, ...changes })
  world.now = NOW
  return Object.assign(world, { verifier })
}

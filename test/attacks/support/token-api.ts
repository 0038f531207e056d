import { createHash } from 'node:crypto'
import { encodeBase64url } from '@behalf/core'
import { createTokenStatuses, signTokenStatusList, writeTokenStatus } from '@behalf/credential'
import {
  createEitherVerifier,
  createMemoryReplayStore,
  createTokenVerifier,
  type EnforcingTokenOptions,
  type TokenVerifier,
} from '@behalf/verifier'
import { type AdapterName, startServer } from './adapters.ts'
import { ITEMS, LIST_URL, linkId, NOW, signJws } from './chain.ts'
import type { Lab } from './lab.ts'
import { agentA, agentB, agentC, createParty, issuer, type Party } from './party.ts'
import { encodeRequest, freshNonce, type Line, type WireRequest } from './request.ts'
import { type Answer, exchange } from './wire.ts'

const AUTHORITY = 'https://authority.test'
const TOKEN_LIST_URL = `${AUTHORITY}/status/token-lists/1`
const TOKEN_INDEX = 3
/** Whose key the authority publishes. */
export const tokenParty: Party = createParty(0x71)

type Members = Readonly<Record<string, unknown>>

/** The JWK of a party's public key, as the agent shows it. */
export function publicJwk({ publicKey }: Party): Record<string, string> {
  return { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(publicKey) }
}

/** RFC 7638 and RFC 8037, spelled by hand. */
export function thumbprint(party: Party): string {
  return hash(`{"crv":"Ed25519","kty":"OKP","x":"${encodeBase64url(party.publicKey)}"}`)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** How a token differs from the honest one for the baseline chain; undefined removes a member. */
export interface TokenChanges {
  readonly header?: Members
  readonly claims?: Members
  readonly signer?: Party
}

/** A token as the authority writes it, or as it never would. */
export async function createToken(changes: TokenChanges = {}): Promise<string> {
  const { signer = tokenParty } = changes
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: thumbprint(signer), ...changes.header }
  const status = (index: number): Members => ({
    id: `${LIST_URL}#${100 + index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(100 + index),
    statusListCredential: LIST_URL,
  })
  const claims = {
    iss: AUTHORITY,
    sub: 'person-7',
    aud: 'https://api.test',
    client_id: agentC.did,
    iat: NOW / 1000,
    exp: NOW / 1000 + 300,
    jti: 'urn:uuid:00000000-0000-4000-8000-0000000000f1',
    cnf: { jkt: thumbprint(agentC) },
    act: { sub: agentC.did, act: { sub: agentB.did, act: { sub: agentA.did } } },
    authorization_details: [ITEMS],
    principal: { issuer: issuer.did, id: 'person-7' },
    root: linkId(0),
    delegations: [0, 1, 2].map(linkId),
    status: { status_list: { idx: TOKEN_INDEX, uri: TOKEN_LIST_URL } },
    delegation_status: [0, 1, 2].map(status),
    ...changes.claims,
  }
  return await signJws(JSON.stringify(header), JSON.stringify(claims), signer)
}

/** How a proof differs from the honest one. */
export interface ProofChanges {
  readonly header?: Members
  readonly claims?: Members
  readonly signer?: Party
  /** The whole text, after it was signed. */
  readonly jws?: (text: string) => string
}

/** GET https://api.test/v1/items/7 with a token and its proof. */
export interface TokenDraft {
  readonly token: string
  readonly proof?: ProofChanges
  /** In the place of Authorization and DPoP. */
  readonly lines?: (token: string, proof: string) => readonly Line[]
}

/** The request as it goes on the wire. */
export async function drawTokenRequest(draft: TokenDraft): Promise<WireRequest> {
  const { token, proof = {}, lines = honestLines } = draft
  const { signer = agentC, jws = (text: string) => text } = proof
  const header = { typ: 'dpop+jwt', alg: 'EdDSA', jwk: publicJwk(signer), ...proof.header }
  const claims = {
    jti: freshNonce(),
    htm: 'GET',
    htu: 'https://api.test/v1/items/7',
    iat: NOW / 1000,
    ath: hash(token),
    ...proof.claims,
  }
  const text = jws(await signJws(JSON.stringify(header), JSON.stringify(claims), signer))
  return {
    method: 'GET',
    target: '/v1/items/7',
    lines: [['Host', 'api.test'], ...lines(token, text)],
    body: new Uint8Array(),
  }
}

const honestLines = (token: string, proof: string): readonly Line[] => [
  ['Authorization', `DPoP ${token}`],
  ['DPoP', proof],
]

/** An API that takes tokens, on the adapter of the case. */
export interface TokenApi {
  readonly verifier: TokenVerifier<unknown>
  /** Milliseconds; the verifier reads it. */
  now: number
  /** What the authority's list says of the token from now on. */
  tokenStatus: number
  /** Whether the authority answers. */
  isAway: boolean
  send(request: WireRequest): Promise<Answer>
  ask(draft: TokenDraft): Promise<Answer>
}

/** What a case needs to be different in the API. */
export interface TokenApiOptions extends Partial<EnforcingTokenOptions<unknown>> {
  /** Takes signed requests of the lab's world, too. */
  readonly either?: boolean
}

/** Opens such an API for a case, and closes it after it. */
export async function withTokenApi<Result>(
  { adapter, world }: Lab,
  options: TokenApiOptions,
  run: (api: TokenApi) => Promise<Result>,
): Promise<Result> {
  const { either = false, ...tokenOptions } = options
  const state = { now: NOW - 3_600_000, tokenStatus: 0, isAway: false }
  const clock = (): number => state.now
  const verifier = createTokenVerifier<unknown>({
    origins: ['https://api.test'],
    audience: 'https://api.test',
    authorities: [{ issuer: AUTHORITY, did: issuer.did }],
    replayStore: createMemoryReplayStore({ clock }),
    statusSource: {
      read: () => ({
        lists: (url) => (url === LIST_URL ? OPEN_LIST : undefined),
        isKeyRevoked: () => false,
        time: state.now,
        epoch: 1,
        sequence: 1,
      }),
      ready: async () => undefined,
      close: () => undefined,
    },
    clock,
    fetch: async (url) => {
      if (state.isAway) throw new Error('away')
      return await answerAsAuthority(url, state)
    },
    reportFault: () => undefined,
    ...tokenOptions,
  })
  state.now = NOW
  const guard = either ? createEitherVerifier({ signatures: world.verifier, tokens: verifier }) : verifier
  const server = await startCounting(adapter, guard)
  const api: TokenApi = Object.assign(state, {
    verifier,
    send: server.send,
    ask: async (draft: TokenDraft) => await server.send(await drawTokenRequest(draft)),
  })
  try {
    return await run(api)
  } finally {
    await server.close()
  }
}

/** No link is revoked: what of a link is, the cases of signed requests show. */
const OPEN_LIST = {
  id: LIST_URL,
  issuer: issuer.did,
  version: 1,
  digest: '',
  purpose: 'revocation',
  length: 131_072,
  validFrom: NOW - 60_000,
  validUntil: NOW + 86_400_000,
  isSet: () => false,
} as const

async function startCounting(
  adapter: AdapterName,
  verifier: Parameters<typeof startServer>[1]['verifier'],
): Promise<{ send: (request: WireRequest) => Promise<Answer>; close: () => Promise<void> }> {
  let open = 0
  const running = await startServer(adapter, {
    verifier,
    onHandled: () => {
      open += 1
    },
  })
  return {
    send: async (request) => {
      const answer = await exchange({ port: running.port, bytes: encodeRequest(request) })
      if (answer.status === 200) open -= 1
      if (open !== 0) throw new Error('a handler ran for a request that was refused, or the other way round')
      return answer
    },
    close: () => running.close(),
  }
}

async function answerAsAuthority(
  url: string,
  state: { readonly now: number; readonly tokenStatus: number },
): Promise<Response> {
  if (url.endsWith('/oauth-authorization-server')) {
    return Response.json({ issuer: AUTHORITY, jwks_uri: `${AUTHORITY}/.well-known/jwks.json` })
  }
  if (url.endsWith('/jwks.json')) {
    return Response.json({ keys: [{ ...publicJwk(tokenParty), kid: thumbprint(tokenParty), alg: 'EdDSA' }] })
  }
  const statuses = createTokenStatuses(2, 64)
  writeTokenStatus(statuses, TOKEN_INDEX, state.tokenStatus)
  return new Response(
    await signTokenStatusList({
      uri: TOKEN_LIST_URL,
      issuer: AUTHORITY,
      statuses,
      now: state.now,
      expiresAt: state.now + 60_000,
      ttlSeconds: 10,
      signer: tokenParty.signer,
    }),
  )
}

import {
  createEd25519Signer,
  createUuid,
  isJsonObject,
  type JsonObject,
  parseEd25519Jwk,
  systemRandomBytes,
} from '@behalf/core'
import {
  type AccessTokenClaims,
  createDpopProof,
  parseCompactJws,
  type TokenStatusList,
  verifyAccessToken,
  verifyTokenStatusList,
} from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { readText } from '../../src/json-column.ts'
import { ASKED, type RawAnswer, seedOf, type World } from './authority-world.ts'
import { listOf, readAnswer } from './read-answer.ts'

export const API = 'https://api.test'
export const CHAIN = 'urn:behalf:token-type:delegation-chain'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

export type Parameters = Readonly<Record<string, string | undefined>> | readonly (readonly [string, string])[]

/** What may be different about a call. */
export interface CallOptions {
  /** Whose key makes the proof. Default: the agent's. */
  readonly by?: string
  /** Default: the one that the authority gives. */
  readonly nonce?: string
  /** Sent instead of a proof that is made; null sends none. */
  readonly proof?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** An approved delegation of the agent, asked for with its wallet. */
export async function obtain(world: World, more: Record<string, unknown> = {}): Promise<HeldDelegation> {
  const decisions: Promise<unknown>[] = []
  const held = await world.agent.wallet.requestDelegation({
    ...ASKED,
    authority: world.origin,
    onPending: ({ id }) => void decisions.push(world.operator.client.approve(id, { version: 1 })),
    ...more,
  })
  await Promise.all(decisions)
  return held
}

/** A chain as a parameter. */
export function spellChain(chain: readonly string[]): string {
  return chain.map((link) => `"${link}"`).join(', ')
}

/** What an exchange of a chain says. */
export function exchangeOf(chain: readonly string[]): Record<string, string> {
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: spellChain(chain),
    subject_token_type: CHAIN,
    resource: API,
  }
}

/** What an exchange of a token, with the chain that goes on from it, says. */
export function hopOf(token: string, chain: readonly string[]): Record<string, string> {
  return {
    ...exchangeOf(chain),
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    actor_token: spellChain(chain),
    actor_token_type: CHAIN,
  }
}

/** The nonce that the authority gives out now. */
export async function nonceOf(world: World): Promise<string> {
  const { headers } = await fetch(`${world.origin}/token`, { method: 'POST' })
  return headers.get('dpop-nonce') ?? ''
}

/** A proof for a call. */
export async function proofFor(
  world: World,
  options: {
    readonly by?: string
    readonly path?: string
    readonly nonce?: string
    readonly now?: number
    readonly jti?: string
  },
): Promise<string> {
  const { by = 'agent', path = '/token', nonce = await nonceOf(world), now = world.clock(), jti } = options
  return createDpopProof({
    signer: createEd25519Signer(seedOf(by)),
    method: 'POST',
    url: `${world.origin}${path}`,
    nonce,
    now,
    jti: jti ?? createUuid(systemRandomBytes),
  })
}

/** A form sent with a DPoP proof. */
export async function post(
  world: World,
  path: string,
  parameters: Parameters,
  options: CallOptions = {},
): Promise<RawAnswer> {
  const { by, nonce, headers } = options
  const proof =
    options.proof === undefined
      ? await proofFor(world, {
          path,
          ...(by !== undefined && { by }),
          ...(nonce !== undefined && { nonce }),
        })
      : options.proof
  return readAnswer(
    await fetch(`${world.origin}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(proof !== null && { dpop: proof }),
        ...headers,
      },
      body: spellForm(parameters),
    }),
  )
}

export function spellForm(parameters: Parameters): string {
  const entries = Array.isArray(parameters) ? parameters : Object.entries(parameters)
  const present = entries.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return new URLSearchParams(present).toString()
}

/** The token in an answer. */
export function tokenOf({ json, text }: RawAnswer): string {
  const token = json['access_token']
  if (typeof token !== 'string') throw new Error(`the answer has no token: ${text}`)
  return token
}

/** The keys that an authority publishes, by their names. */
export async function readKeys(world: World): Promise<ReadonlyMap<string, Uint8Array>> {
  const { json } = await world.get('/.well-known/jwks.json')
  return new Map(
    listOf(json, 'keys').map(({ kid, kty, crv, x }) => [readText(kid), parseEd25519Jwk({ kty, crv, x })]),
  )
}

/** What a token says, verified with the published keys alone. */
export async function readToken(
  world: World,
  token: string,
  audience: string = API,
): Promise<AccessTokenClaims> {
  const keys = await readKeys(world)
  return verifyAccessToken(token, {
    issuer: world.origin,
    audience,
    keys: (kid) => keys.get(kid),
    now: world.clock(),
  })
}

/** The list that a token names, verified. */
export async function readList(world: World, { status }: AccessTokenClaims): Promise<TokenStatusList> {
  const keys = await readKeys(world)
  const response = await fetch(status.uri)
  return verifyTokenStatusList(await response.text(), {
    uri: status.uri,
    issuer: world.origin,
    keys: (kid) => keys.get(kid),
    now: world.clock(),
  })
}

/** The payload of a token, whatever it says. */
export function payloadOf(token: string): JsonObject {
  const { payload } = parseCompactJws(token, { maxBytes: token.length })
  if (!isJsonObject(payload)) throw new Error('no payload')
  return payload
}

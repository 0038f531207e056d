import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '@behalf/core'
import { createTokenVerifier } from '@behalf/verifier'
import { protect } from '@behalf/verifier/express'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { createMemoryWallet, type HeldDelegation, type Wallet } from '@behalf/wallet'
import express from 'express'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { oldVerifierFile } from '../support/old-verifier-file.ts'
import { openWorld, type World } from '../support/world.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const CHAIN = 'urn:behalf:token-type:delegation-chain'
const INSECURE = { [oauth.allowInsecureRequests]: true } as const

/** An agent whose key the library made, and the wallet that asked for its delegation. */
interface Peer {
  readonly keys: oauth.CryptoKeyPair
  readonly wallet: Wallet
  readonly held: HeldDelegation
}

describe('oauth4webapi exchanges at an authority and calls an API, over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-peers-'))
  const ends: (() => void)[] = []
  let world: World
  let api: string
  let server: oauth.AuthorizationServer

  beforeAll(async () => {
    world = await openWorld()
    api = `http://127.0.0.1:${await freePort()}`
    const database = openVerifierDatabase(oldVerifierFile(join(folder, 'verifier.sqlite')))
    const verifier = createTokenVerifier({
      origins: [api],
      audience: api,
      authorities: [{ issuer: world.authority, did: world.issuer }],
      replayStore: database.replayStore,
      pollSeconds: 0.05,
    })
    const app = express()
    app.use(protect(verifier))
    app.get('/issues/:id', (request, response) => void response.json({ agent: request.behalf?.agent }))
    const listening = createServer(app)
    await new Promise<void>((resolve) => listening.listen(Number(new URL(api).port), '127.0.0.1', resolve))
    ends.push(
      () => database.close(),
      () => listening.closeAllConnections(),
      () => void listening.close(),
    )
    const issuer = new URL(world.authority)
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...INSECURE })
    server = await oauth.processDiscoveryResponse(issuer, discovered)
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) end()
    await world.end()
    rmSync(folder, { recursive: true })
  })

  async function makePeer(): Promise<Peer> {
    const keys = await oauth.generateKeyPair('Ed25519', { extractable: true })
    const { d = '' } = await crypto.subtle.exportKey('jwk', keys.privateKey)
    const wallet = createMemoryWallet({ seed: Uint8Array.from(Buffer.from(d, 'base64url')) })
    const asking = wallet.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Sort new issues',
      capabilities: [{ type: 'http', locations: [api], actions: ['GET'], paths: ['/issues/*'] }],
    })
    const [held] = await Promise.all([asking, world.approveNext()])
    return { keys, wallet, held }
  }

  /** One exchange, and once more with the nonce that the first answer gives. */
  async function exchange(
    { keys, wallet, held }: Peer,
    more: Readonly<Record<string, string>> = {},
  ): Promise<oauth.TokenEndpointResponse> {
    const client = { client_id: wallet.did }
    const DPoP = oauth.DPoP({}, keys)
    const subject_token = held.chain.map((link) => `"${link}"`).join(', ')
    const parameters = { subject_token, subject_token_type: CHAIN, resource: api, ...more }
    const ask = async (): Promise<oauth.TokenEndpointResponse> => {
      const options = { DPoP, ...INSECURE }
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        oauth.None(),
        GRANT,
        parameters,
        options,
      )
      return oauth.processGenericTokenEndpointResponse(server, client, response)
    }
    const refusal: unknown = await ask().catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(refusal)).toBe(true)
    return ask()
  }

  const call = ({ keys }: Peer, token: string): Promise<Response> =>
    oauth.protectedResourceRequest(token, 'GET', new URL(`${api}/issues/7`), undefined, undefined, {
      DPoP: oauth.DPoP({}, keys),
      ...INSECURE,
    })

  /** Shows the key with a DPoP proof, as `prove-client` wants it; the library itself adds none at these endpoints. */
  const withProof =
    ({ keys }: Peer, address: string, nonce?: string): oauth.ClientAuth =>
    async (_server, client, body, headers) => {
      const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey)
      const { kty = '', crv = '', x = '' } = jwk
      const claims = { htm: 'POST', htu: address, jti: crypto.randomUUID(), ...(nonce && { nonce }) }
      const proof = await new jose.SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: { kty, crv, x } })
        .setIssuedAt()
        .sign(keys.privateKey)
      headers.set('dpop', proof)
      body.set('client_id', client.client_id)
    }

  /** Once without a nonce, and once with the one that the answer brings. */
  async function ask(
    peer: Peer,
    address: string,
    send: (authentication: oauth.ClientAuth) => Promise<Response>,
  ): Promise<Response> {
    const first = await send(withProof(peer, address))
    return await send(withProof(peer, address, first.headers.get('dpop-nonce') ?? ''))
  }

  test('and asks what a token says, and takes it back', async () => {
    const peer = await makePeer()
    const client = { client_id: peer.wallet.did }
    const { access_token: token } = await exchange(peer)
    const { introspection_endpoint: asking = '', revocation_endpoint: revoking = '' } = server
    const introspect = async (): Promise<oauth.IntrospectionResponse> => {
      const response = await ask(peer, asking, (authentication) =>
        oauth.introspectionRequest(server, client, authentication, token, INSECURE),
      )
      return oauth.processIntrospectionResponse(server, client, response)
    }
    const takeBack = async (what: string): Promise<void> => {
      const response = await ask(peer, revoking, (authentication) =>
        oauth.revocationRequest(server, client, authentication, what, INSECURE),
      )
      await oauth.processRevocationResponse(response)
    }
    expect(await introspect()).toMatchObject({ active: true, sub: 'alice', client_id: peer.wallet.did })
    await takeBack('not a token at all')
    expect(await introspect()).toMatchObject({ active: true })
    await takeBack(token)
    expect(await introspect()).toEqual({ active: false })
    expect((await exchange(peer)).token_type).toBe('dpop')
  })

  test('and both end with the delegation', async () => {
    const peer = await makePeer()
    const { access_token: token, token_type: type, authorization_details: details } = await exchange(peer)
    expect(type).toBe('dpop')
    expect(details).toEqual([{ type: 'http', locations: [api], actions: ['GET'], paths: ['/issues/*'] }])
    expect(await (await call(peer, token)).json()).toEqual({ agent: peer.wallet.did })
    await world.operator.authority(world.authority).revoke({ delegation: peer.held.id })
    const again: unknown = await exchange(peer).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(oauth.ResponseBodyError)
    expect(again).toMatchObject({ error: 'invalid_grant', cause: { code: 'credential_revoked' } })
    const refused = (): Promise<boolean> =>
      call(peer, token).then(
        () => false,
        (error: unknown) => error instanceof oauth.WWWAuthenticateChallengeError,
      )
    await expect.poll(refused, { timeout: 20_000, interval: 100 }).toBe(true)
  })

  test('not with another key than that of the delegation', async () => {
    const peer = await makePeer()
    const thief = { ...peer, keys: await oauth.generateKeyPair('Ed25519'), wallet: createMemoryWallet() }
    const refusal: unknown = await exchange(thief).catch((error: unknown) => error)
    // It says who it is in client_id, and its key is another.
    expect(refusal).toMatchObject({ status: 401, cause: [{ parameters: { error: 'invalid_client' } }] })
  })

  test('jose verifies what it got by what the metadata names', async () => {
    const peer = await makePeer()
    const { access_token: token } = await exchange(peer)
    const keys = jose.createRemoteJWKSet(new URL(server.jwks_uri ?? ''))
    const expected = { issuer: world.authority, audience: api, typ: 'at+jwt', algorithms: ['EdDSA'] }
    const { payload } = await jose.jwtVerify<JsonObject>(token, keys, expected)
    expect(payload).toMatchObject({ sub: 'alice', client_id: peer.wallet.did, act: { sub: peer.wallet.did } })
    const jwk = await crypto.subtle.exportKey('jwk', peer.keys.publicKey)
    expect(payload['cnf']).toEqual({ jkt: await jose.calculateJwkThumbprint(jwk as jose.JWK) })
  })

  test('a wallet does the same by itself', async () => {
    const { wallet } = await makePeer()
    const response = await wallet.tokenFetch(`${api}/issues/7`)
    expect(await response.json()).toEqual({ agent: wallet.did })
  })
})

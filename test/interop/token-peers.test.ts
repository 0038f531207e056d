import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEd25519Signer, encodeBase64url, type Signer } from '@behalf/core'
import {
  type AccessTokenClaims,
  createDpopNonces,
  createDpopProof,
  createTokenStatuses,
  type DpopNonces,
  signAccessToken,
  signTokenStatusList,
  tokenKeyId,
} from '@behalf/credential'
import { encodeDidKey } from '@behalf/did'
import { createMemoryReplayStore, createTokenVerifier } from '@behalf/verifier'
import { protect } from '@behalf/verifier/express'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

// The libraries read the clock of the machine, so it stands still for them.
const NOW = Date.UTC(2026, 10, 24, 12)
const AUTHORITY = 'https://authority.test'
const AUDIENCE = 'https://api.test'
const LIST_URL = `${AUTHORITY}/status/token-lists/1`
const [authority, issuer, agent, other] = [1, 2, 3, 4].map((byte) =>
  createEd25519Signer(new Uint8Array(32).fill(byte)),
) as [Signer, Signer, Signer, Signer]

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
})
afterAll(() => {
  vi.useRealTimers()
})

/** A token for whoever has the key. */
async function makeToken(publicKey: Uint8Array, changes: Partial<AccessTokenClaims> = {}): Promise<string> {
  const did = encodeDidKey(publicKey)
  const id = 'urn:uuid:00000000-0000-4000-8000-000000000000'
  return await signAccessToken(
    {
      issuer: AUTHORITY,
      principal: { issuer: encodeDidKey(issuer.publicKey), id: 'person-7' },
      audience: AUDIENCE,
      agent: did,
      issuedAt: NOW,
      expiresAt: NOW + 60_000,
      id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
      jkt: tokenKeyId(publicKey),
      actors: [did],
      capabilities: [
        { type: 'http', locations: ['http://127.0.0.1'], actions: ['GET'], paths: ['/items/*'] },
      ],
      root: id,
      delegations: [id],
      status: { index: 0, uri: LIST_URL },
      delegationStatus: [
        {
          id: `${AUTHORITY}/status/lists/1#0`,
          type: 'BitstringStatusListEntry',
          statusPurpose: 'revocation',
          statusListIndex: '0',
          statusListCredential: `${AUTHORITY}/status/lists/1`,
        },
      ],
      ...changes,
    },
    authority,
  )
}

/** What the authority publishes. */
const METADATA = {
  issuer: AUTHORITY,
  jwks_uri: `${AUTHORITY}/.well-known/jwks.json`,
  response_types_supported: [],
}
const JWKS = {
  keys: [
    {
      kty: 'OKP',
      crv: 'Ed25519',
      use: 'sig',
      alg: 'EdDSA',
      kid: tokenKeyId(authority.publicKey),
      x: encodeBase64url(authority.publicKey),
    },
  ],
}

async function fetchFromAuthority(url: string): Promise<Response> {
  if (url.endsWith('/oauth-authorization-server')) return Response.json(METADATA)
  if (url.endsWith('/jwks.json')) return Response.json(JWKS)
  if (url !== LIST_URL) return new Response('not here', { status: 404 })
  return new Response(
    await signTokenStatusList({
      uri: LIST_URL,
      issuer: AUTHORITY,
      statuses: createTokenStatuses(2, 8),
      now: NOW,
      expiresAt: NOW + 60_000,
      ttlSeconds: 10,
      signer: authority,
    }),
  )
}

/** Starts a server on this machine, and ends it after the work. */
async function withServer(
  listen: (origin: () => string) => express.Express,
  work: (origin: string) => Promise<void>,
): Promise<void> {
  const port: { now?: number } = {}
  const server: Server = createServer(listen(() => `http://127.0.0.1:${port.now}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port.now = (server.address() as AddressInfo).port
  try {
    await work(`http://127.0.0.1:${port.now}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

let proofs = 0
const proofFor = async (signer: Signer, accessToken: string, url: string): Promise<string> => {
  proofs += 1
  return await createDpopProof({
    signer,
    method: 'GET',
    url,
    accessToken,
    now: NOW,
    jti: `proof-number-${proofs + 1000}`,
  })
}

describe('jose', () => {
  const keys = jose.createRemoteJWKSet(new URL(METADATA.jwks_uri), {
    [jose.customFetch]: (url) => fetchFromAuthority(url),
  })
  const options = { issuer: AUTHORITY, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['EdDSA'] }

  test('verifies a token by the published keys alone', async () => {
    const { payload } = await jose.jwtVerify(await makeToken(agent.publicKey), keys, options)
    expect(payload).toMatchObject({
      client_id: encodeDidKey(agent.publicKey),
      cnf: { jkt: tokenKeyId(agent.publicKey) },
    })
  })

  test('refuses what we refuse: another audience, an end, another key', async () => {
    const token = await makeToken(agent.publicKey)
    const elsewhere = jose.jwtVerify(token, keys, { ...options, audience: 'https://other.test' })
    await expect(elsewhere).rejects.toThrow(jose.errors.JWTClaimValidationFailed)
    const later = jose.jwtVerify(token, keys, { ...options, currentDate: new Date(NOW + 61_000) })
    await expect(later).rejects.toThrow(jose.errors.JWTExpired)
    const [header, payload] = token.split('.')
    const forged = `${header}.${payload}.${encodeBase64url(new Uint8Array(64))}`
    await expect(jose.jwtVerify(forged, keys, options)).rejects.toThrow(
      jose.errors.JWSSignatureVerificationFailed,
    )
  })

  test('verifies our proof with the key in it', async () => {
    const proof = await proofFor(agent, 'token', `${AUDIENCE}/items/7`)
    const { payload, protectedHeader } = await jose.jwtVerify(proof, jose.EmbeddedJWK, { typ: 'dpop+jwt' })
    expect(payload).toMatchObject({ htm: 'GET', htu: `${AUDIENCE}/items/7` })
    const { jwk } = protectedHeader
    expect(jwk && (await jose.calculateJwkThumbprint(jwk))).toBe(tokenKeyId(agent.publicKey))
  })
})

describe('express-oauth2-jwt-bearer, a DPoP middleware', () => {
  const listen = (): express.Express => {
    const app = express()
    app.get('/.well-known/jwks.json', (_, response) => void response.json(JWKS))
    const guard = express.Router()
    guard.use((request, response, next) => {
      const jwksUri = `http://${request.headers.host}/.well-known/jwks.json`
      const options = { issuer: AUTHORITY, jwksUri, audience: AUDIENCE, strict: true }
      auth({ ...options, dpop: { enabled: true, required: true } })(request, response, next)
    })
    guard.get('/items/:id', (request, response) => void response.json(request.auth?.payload))
    app.use(guard)
    app.use(((error: { status?: number }, _request, response, _next) => {
      response.status(error.status ?? 500).end()
    }) satisfies express.ErrorRequestHandler)
    return app
  }
  const ask = async (url: string, headers: Record<string, string>): Promise<Response> =>
    await fetch(url, { headers })

  test('takes our token and our proof unchanged, and reads the same in it', async () => {
    await withServer(listen, async (origin) => {
      const url = `${origin}/items/7`
      const token = await makeToken(agent.publicKey)
      const answer = await ask(`${url}?a=1`, {
        authorization: `DPoP ${token}`,
        dpop: await proofFor(agent, token, url),
      })
      expect(answer.status).toBe(200)
      expect(await answer.json()).toMatchObject({
        sub: 'person-7',
        act: { sub: encodeDidKey(agent.publicKey) },
      })
    })
  })

  test('refuses it from another key, for another path, and as Bearer', async () => {
    await withServer(listen, async (origin) => {
      const url = `${origin}/items/7`
      const token = await makeToken(agent.publicKey)
      const authorization = `DPoP ${token}`
      const answers = [
        await ask(url, { authorization, dpop: await proofFor(other, token, url) }),
        await ask(url, { authorization, dpop: await proofFor(agent, token, `${origin}/items/8`) }),
        await ask(url, { authorization: `Bearer ${token}` }),
      ]
      expect(answers.map(({ status }) => status)).not.toContain(200)
    })
  })
})

describe('oauth4webapi', () => {
  /** An agent whose key the library made, and calls with. */
  async function makeClient(): Promise<{
    readonly keys: oauth.CryptoKeyPair
    readonly publicKey: Uint8Array
  }> {
    const keys = await oauth.generateKeyPair('Ed25519', { extractable: true })
    return { keys, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)) }
  }

  const serve =
    (nonces?: DpopNonces) =>
    (origin: () => string): express.Express => {
      const app = express()
      const time = { now: NOW - 60_000 }
      const replayStore = createMemoryReplayStore({ clock: () => time.now })
      time.now = NOW
      let guard: express.RequestHandler | undefined
      app.use((request, response, next) => {
        guard ??= protect(
          createTokenVerifier({
            origins: [origin()],
            audience: AUDIENCE,
            authorities: [{ issuer: AUTHORITY, did: encodeDidKey(issuer.publicKey) }],
            replayStore,
            clock: () => time.now,
            fetch: fetchFromAuthority,
            ...(nonces === undefined ? {} : { nonces }),
          }),
        )
        return guard(request, response, next)
      })
      app.get('/items/:id', (request, response) => void response.json({ agent: request.behalf?.agent }))
      return app
    }

  const allowedAt = (origin: string): Partial<AccessTokenClaims> => ({
    capabilities: [{ type: 'http', locations: [origin], actions: ['GET'], paths: ['/items/*'] }],
  })

  test('calls our API with DPoP', async () => {
    const { keys, publicKey } = await makeClient()
    await withServer(serve(), async (origin) => {
      const token = await makeToken(publicKey, allowedAt(origin))
      const call = async (): Promise<Response> =>
        await oauth.protectedResourceRequest(
          token,
          'GET',
          new URL(`${origin}/items/7?a=1`),
          undefined,
          undefined,
          {
            DPoP: oauth.DPoP({}, keys),
            [oauth.allowInsecureRequests]: true,
          },
        )
      for (const answer of [await call(), await call()]) {
        expect(await answer.json()).toEqual({ agent: encodeDidKey(publicKey) })
      }
    })
  })

  test('understands that our API wants a nonce, and calls again', async () => {
    const { keys, publicKey } = await makeClient()
    const nonces = createDpopNonces({ secret: new Uint8Array(32).fill(9) })
    await withServer(serve(nonces), async (origin) => {
      const token = await makeToken(publicKey, allowedAt(origin))
      const handle = oauth.DPoP({}, keys)
      const call = async (): Promise<Response> =>
        await oauth.protectedResourceRequest(
          token,
          'GET',
          new URL(`${origin}/items/7`),
          undefined,
          undefined,
          {
            DPoP: handle,
            [oauth.allowInsecureRequests]: true,
          },
        )
      const refusal = await call().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(oauth.isDPoPNonceError(refusal)).toBe(true)
      expect((await call()).status).toBe(200)
      expect((await call()).status).toBe(200)
    })
  })

  test('understands why our API refuses', async () => {
    const { keys } = await makeClient()
    await withServer(serve(), async (origin) => {
      const token = await makeToken(agent.publicKey, allowedAt(origin))
      const call = oauth.protectedResourceRequest(
        token,
        'GET',
        new URL(`${origin}/items/7`),
        undefined,
        undefined,
        {
          DPoP: oauth.DPoP({}, keys),
          [oauth.allowInsecureRequests]: true,
        },
      )
      const refusal: unknown = await call.catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(oauth.WWWAuthenticateChallengeError)
      expect(refusal instanceof oauth.WWWAuthenticateChallengeError && refusal.cause).toMatchObject([
        { scheme: 'dpop', parameters: { error: 'invalid_token', algs: 'EdDSA' } },
      ])
    })
  })

  test('takes our token and our proof as an API of its own', async () => {
    const token = await makeToken(agent.publicKey)
    const url = `${AUDIENCE}/items/7`
    const request = async (signer: Signer): Promise<Request> =>
      new Request(url, {
        headers: { authorization: `DPoP ${token}`, dpop: await proofFor(signer, token, url) },
      })
    const options = {
      requireDPoP: true,
      signingAlgorithms: ['EdDSA'],
      [oauth.customFetch]: (address: string) => fetchFromAuthority(address),
    }
    const claims = await oauth.validateJwtAccessToken(METADATA, await request(agent), AUDIENCE, options)
    expect(claims.client_id).toBe(encodeDidKey(agent.publicKey))
    await expect(
      oauth.validateJwtAccessToken(METADATA, await request(other), AUDIENCE, options),
    ).rejects.toThrow()
  })
})

import {
  createEd25519Signer,
  digestSha256,
  encodeEd25519Jwk,
  encodeUtf8,
  type JsonObject,
  type Signer,
} from '@behalf/core'
import {
  CredentialError,
  createBitstring,
  createDelegationPayload,
  type DelegationTerms,
  parseCompactJws,
  parseDelegation,
  signDelegation,
  signHeartbeat,
  signStatusList,
  verifyDelegationChain,
  verifyStatusList,
} from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import * as jose from 'jose'
import { describe, expect, test } from 'vitest'

const NOW = Date.UTC(2026, 10, 24)
const AT = new Date(NOW)
const LIST_URL = 'https://authority.test/status/lists/1'

interface Party {
  readonly signer: Signer
  readonly did: string
  readonly kid: string
  /** Our key as another library holds it. */
  readonly publicKey: Promise<jose.CryptoKey | Uint8Array>
  readonly privateKey: Promise<jose.CryptoKey | Uint8Array>
}

const issuer = createParty(1)
const agent = createParty(2)
const subAgent = createParty(3)
const issuers = (did: string, kid: string): Uint8Array | undefined =>
  did === issuer.did && kid === issuer.kid ? issuer.signer.publicKey : undefined

function createParty(number: number): Party {
  const seed = new Uint8Array(32).fill(number)
  const signer = createEd25519Signer(seed)
  const did = encodeDidKey(signer.publicKey)
  const { kty, crv, x } = encodeEd25519Jwk(signer.publicKey)
  const d = Buffer.from(seed).toString('base64url')
  return {
    signer,
    did,
    kid: encodeDidKeyUrl(did),
    publicKey: jose.importJWK({ kty, crv, x }, 'EdDSA'),
    privateKey: jose.importJWK({ kty, crv, x, d }, 'EdDSA'),
  }
}

function createPayload(index: number, changes: Partial<DelegationTerms>): JsonObject {
  const terms: DelegationTerms = {
    id: `urn:uuid:00000000-0000-4000-8000-00000000000${index}`,
    issuer: issuer.did,
    subject: agent.did,
    onBehalfOf: { id: 'p' },
    capabilities: [{ type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/**'] }],
    maxDelegationDepth: 1 - index,
    validFrom: NOW,
    validUntil: NOW + 600_000,
    status: {
      id: `${LIST_URL}#${index}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: String(index),
      statusListCredential: LIST_URL,
    },
    ...changes,
  }
  return createDelegationPayload(terms, NOW)
}

async function signWithJose(payload: JsonObject, party: Party, alg = 'EdDSA'): Promise<string> {
  return await new jose.SignJWT({ ...payload })
    .setProtectedHeader({ alg, typ: 'vc+jwt', kid: party.kid })
    .sign(await party.privateKey)
}

const root = await signDelegation(createPayload(0, {}), { signer: issuer.signer, kid: issuer.kid })

describe('jose reads ours', () => {
  test('a delegation, with its claims and explicit type', async () => {
    const { payload, protectedHeader } = await jose.jwtVerify(root, await issuer.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'vc+jwt',
      issuer: issuer.did,
      subject: agent.did,
      requiredClaims: ['iss', 'sub', 'jti', 'nbf', 'exp', 'iat', 'cnf'],
      currentDate: AT,
    })
    expect(protectedHeader.kid).toBe(issuer.kid)
    expect(payload).toEqual(createPayload(0, {}))
  })

  test('and says when it has expired', async () => {
    const later = { currentDate: new Date(NOW + 600_000) }
    await expect(jose.jwtVerify(root, await issuer.publicKey, later)).rejects.toThrow(jose.errors.JWTExpired)
  })

  test('and refuses it under another key', async () => {
    await expect(jose.jwtVerify(root, await agent.publicKey, { currentDate: AT })).rejects.toThrow(
      jose.errors.JWSSignatureVerificationFailed,
    )
  })

  test('the confirmed key is a JWK that it imports and gives our thumbprint', async () => {
    const { payload } = await jose.jwtVerify(root, await issuer.publicKey, { currentDate: AT })
    const { jwk } = Object(payload['cnf'])
    const jws = await new jose.CompactSign(encodeUtf8('proof'))
      .setProtectedHeader({ alg: 'Ed25519' })
      .sign(await agent.privateKey)
    const { payload: proven } = await jose.compactVerify(jws, await jose.importJWK(jwk))
    expect(proven).toEqual(encodeUtf8('proof'))
  })

  test('a status list and a heartbeat', async () => {
    const list = await signStatusList({
      id: LIST_URL,
      issuer: issuer.did,
      kid: issuer.kid,
      purpose: 'revocation',
      bits: createBitstring(),
      version: 3,
      now: NOW,
      validUntil: NOW + 600_000,
      signer: issuer.signer,
    })
    const read = await jose.jwtVerify(list, await issuer.publicKey, {
      typ: 'vc+jwt',
      issuer: issuer.did,
      currentDate: AT,
    })
    expect(read.payload['version']).toBe(3)
    const { digest } = verifyStatusList(list, { id: LIST_URL, issuer: issuer.did, issuers, now: NOW })
    const heartbeat = await signHeartbeat({
      issuer: issuer.did,
      kid: issuer.kid,
      epoch: 1,
      sequence: 2,
      now: NOW + 7,
      lists: [{ id: LIST_URL, version: 3, digest }],
      revokedKeys: [],
      signer: issuer.signer,
    })
    const { payload } = await jose.jwtVerify(heartbeat, await issuer.publicKey, {
      typ: 'behalf-heartbeat+jwt',
      issuer: issuer.did,
      maxTokenAge: '30 s',
      currentDate: new Date(NOW + 30_000),
    })
    expect(payload).toMatchObject({ epoch: 1, sequence: 2, iat_ms: NOW + 7 })
  })
})

describe('we read what jose signs', () => {
  test.each(['EdDSA', 'Ed25519'])('a root and a child, under the name %s', async (alg) => {
    const signedRoot = await signWithJose(createPayload(0, {}), issuer, alg)
    const { id, digest } = parseDelegation(signedRoot)
    expect(digest).toBe(digestSha256(signedRoot))
    const child = { issuer: agent.did, subject: subAgent.did, parent: { id, digest } }
    const links = [signedRoot, await signWithJose(createPayload(1, child), agent, alg)]
    const { leaf } = verifyDelegationChain(links, { issuers, now: NOW })
    expect(leaf.subject).toBe(subAgent.did)
  })

  test('the bytes are the same where the JSON is', async () => {
    const { payload } = parseCompactJws(root, { maxBytes: root.length })
    const again = await new jose.CompactSign(Buffer.from(root.split('.')[1] ?? '', 'base64url'))
      .setProtectedHeader({ alg: 'EdDSA', kid: issuer.kid, typ: 'vc+jwt' })
      .sign(await issuer.privateKey)
    expect(again).toBe(root)
    expect(payload['jti']).toBe('urn:uuid:00000000-0000-4000-8000-000000000000')
  })

  test('but neither its unsecured tokens nor those under a shared secret', async () => {
    const claims = { ...createPayload(0, {}) }
    const unsecured = new jose.UnsecuredJWT(claims).encode()
    const shared = await new jose.SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'vc+jwt', kid: issuer.kid })
      .sign(issuer.signer.publicKey)
    for (const jws of [unsecured, shared]) {
      expect(codeOf(() => verifyDelegationChain([jws], { issuers, now: NOW }))).toBe('algorithm_unsupported')
    }
  })

  test('nor a token with a key in its header, or one that is not encoded', async () => {
    const claims = { ...createPayload(0, {}) }
    const header = { alg: 'EdDSA', typ: 'vc+jwt', kid: issuer.kid }
    const embedded = await new jose.SignJWT(claims)
      .setProtectedHeader({ ...header, jwk: await jose.exportJWK(await agent.publicKey) })
      .sign(await agent.privateKey)
    expect(codeOf(() => verifyDelegationChain([embedded], { issuers, now: NOW }))).toBe('issuer_untrusted')
    const critical = await new jose.CompactSign(encodeUtf8(JSON.stringify(claims)))
      .setProtectedHeader({ ...header, b64: true, crit: ['b64'] })
      .sign(await issuer.privateKey)
    expect(codeOf(() => verifyDelegationChain([critical], { issuers, now: NOW }))).toBe(
      'credential_malformed',
    )
  })
})

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof CredentialError) return error.code
    throw error
  }
}

import { canonicalizeJson, createEd25519Signer, type Signer, verifyEd25519 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { createDelegationPayload, parseCompactJws, parseDelegation, signDelegation } from '../src/index.ts'
import { agent, issuer, NOW, otherIssuer } from './support/actors.ts'
import { rootPayload, rootTerms, withMember } from './support/delegations.ts'
import { codeOfAsync } from './support/refusal.ts'

const options = { signer: issuer.signer, kid: issuer.kid }

describe('createDelegationPayload', () => {
  test('is the payload of the design, claim by claim', () => {
    const { x } = Object(Object(rootPayload()['cnf'])['jwk'])
    expect(rootPayload({ maxUses: 5, purpose: 'p', workflow: { id: 'w' } })).toEqual({
      '@context': ['https://www.w3.org/ns/credentials/v2', 'https://behalf.dev/ns/delegation/v1'],
      id: 'urn:uuid:00000000-0000-4000-8000-000000000000',
      type: ['VerifiableCredential', 'DelegationCredential'],
      issuer: issuer.did,
      validFrom: '2026-11-24T11:59:00Z',
      validUntil: '2026-11-24T12:10:00Z',
      credentialSubject: {
        id: agent(0).did,
        onBehalfOf: { id: 'principal-1' },
        capabilities: [
          { type: 'http', locations: ['https://api.test'], actions: ['GET', 'POST'], paths: ['/v1/**'] },
        ],
        maxUses: 5,
        maxDelegationDepth: 7,
        purpose: 'p',
        workflow: { id: 'w' },
      },
      credentialStatus: {
        id: 'https://authority.test/status/lists/1#0',
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: '0',
        statusListCredential: 'https://authority.test/status/lists/1',
      },
      iss: issuer.did,
      sub: agent(0).did,
      jti: 'urn:uuid:00000000-0000-4000-8000-000000000000',
      nbf: NOW / 1000 - 60,
      exp: NOW / 1000 + 600,
      iat: NOW / 1000,
      cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519', x } },
    })
    expect(x).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('cuts times down to seconds, all the same way', () => {
    const payload = createDelegationPayload(
      rootTerms({ validFrom: NOW + 999, validUntil: NOW + 1999 }),
      NOW + 999,
    )
    expect(payload).toMatchObject({ nbf: NOW / 1000, exp: NOW / 1000 + 1, iat: NOW / 1000 })
    expect(payload).toMatchObject({ validFrom: '2026-11-24T12:00:00Z', validUntil: '2026-11-24T12:00:01Z' })
  })

  test('refuses terms that cannot be written', () => {
    expect(() => rootPayload({ subject: 'did:web:example.com' })).toThrow()
    expect(() => rootPayload({ validUntil: Number.NaN })).toThrow(TypeError)
  })
})

describe('signDelegation', () => {
  test('signs what parseDelegation accepts', async () => {
    const jws = await signDelegation(rootPayload(), options)
    const { header, signingInput, signature } = parseCompactJws(jws, { maxBytes: jws.length })
    expect(header).toEqual({ alg: 'EdDSA', kid: issuer.kid, typ: 'vc+jwt' })
    expect(verifyEd25519(issuer.publicKey, signingInput, signature)).toBe(true)
    expect(parseDelegation(jws).id).toBe(rootTerms().id)
  })

  test('signs the canonical form of the payload', async () => {
    const jws = await signDelegation(rootPayload(), options)
    const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()
    expect(payload).toBe(canonicalizeJson(rootPayload()))
  })

  test('refuses to sign what it would not accept, without calling the signer', async () => {
    let calls = 0
    const signer: Signer = {
      publicKey: issuer.publicKey,
      sign: (message) => {
        calls += 1
        return createEd25519Signer(new Uint8Array(32)).sign(message)
      },
    }
    const attempt = (path: string, value: string | undefined, kid = issuer.kid): Promise<string> =>
      codeOfAsync(() => signDelegation(withMember(rootPayload(), path, value), { signer, kid }))
    expect(await attempt('exp', undefined)).toBe('credential_malformed')
    expect(await attempt('iss', otherIssuer.did)).toBe('format_mismatch')
    expect(await attempt('credentialSubject.capabilities', '*')).toBe('scope_malformed')
    expect(await attempt('credentialSubject.purpose', 'x'.repeat(12_000))).toBe('credential_too_large')
    expect(await attempt('credentialSubject.purpose', '\ud800')).toBe('json_ambiguous')
    expect(await attempt('credentialSubject.purpose', 'p', otherIssuer.kid)).toBe('issuer_mismatch')
    expect(calls).toBe(0)
    expect(await attempt('credentialSubject.purpose', 'p')).toBe('ok')
    expect(calls).toBe(1)
  })
})

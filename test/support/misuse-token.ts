import {
  createEd25519Signer,
  createUuid,
  encodeBase64url,
  type Signer,
  systemRandomBytes,
} from '@behalf/core'
import { createDpopProof } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { expectRefused, expectStatus } from './expect-answer.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const CHAIN = 'urn:behalf:token-type:delegation-chain'
const JSON_TYPE = { 'content-type': 'application/json' }

/** As long as a secret, and known to nobody. */
export const randomSecret = (): string => encodeBase64url(systemRandomBytes(32))

/** A token in wrong hands, and the right key. */
export interface Stolen {
  readonly token: string
  readonly held: HeldDelegation
  readonly signer: Signer
}

/** A token is shown as it must not be. */
export async function misuseToken(origin: string, { token, signer }: Stolen): Promise<void> {
  const url = `${origin}/projects/7`
  const prove = (more: object = {}): Promise<string> =>
    createDpopProof({
      signer,
      method: 'GET',
      url,
      accessToken: token,
      now: Date.now(),
      jti: createUuid(systemRandomBytes),
      ...more,
    })
  const proof = await prove()
  const stranger = await prove({ signer: createEd25519Signer(systemRandomBytes(32)) })
  const headersOf: readonly Record<string, string>[] = [
    { authorization: `Bearer ${token}` },
    { authorization: `DPoP ${token}` },
    { authorization: `DPoP ${token}`, dpop: stranger },
    { authorization: `DPoP ${token.slice(0, -6)}AAAAAA`, dpop: proof },
    { authorization: `DPoP ${token}`, dpop: `${proof}, ${proof}` },
    { authorization: `DPoP ${token}`, dpop: await prove({ method: 'POST' }) },
    { authorization: `DPoP ${token}`, dpop: await prove({ accessToken: 'another' }) },
  ]
  for (const headers of headersOf) await expectRefused(fetch(url, { headers }))
}

/** The endpoints of OAuth, with a proof that holds and with some that do not. */
export async function abuseEndpoints(authority: string, stolen: Stolen): Promise<void> {
  const { token, held } = stolen
  const chain = held.chain.map((link) => `"${link}"`).join(', ')
  const exchange = {
    grant_type: GRANT,
    subject_token: chain,
    subject_token_type: CHAIN,
    resource: 'https://no.example',
  }
  const post = async (path: string, form: Record<string, string>, given?: string): Promise<Response> => {
    const proof = given ?? (await proveCall(authority, path, stolen.signer))
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(proof !== '' && { dpop: proof }),
    }
    const response = await fetch(`${authority}${path}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(form),
    })
    await response.clone().text()
    return response
  }
  await expectStatus(200, post('/introspect', { token }))
  await expectStatus(200, post('/introspect', { token: `${token.slice(0, -6)}AAAAAA` }))
  const used = await proveCall(authority, '/introspect', stolen.signer)
  await expectStatus(200, post('/introspect', { token: randomSecret() }, used))
  await expectRefused(post('/introspect', { token }, used))
  await expectRefused(post('/introspect', { token }, ''))
  await expectRefused(post('/token', exchange))
  await expectRefused(post('/token', { ...exchange, subject_token: `${chain.slice(0, -8)}AAAAAA"` }))
  await expectRefused(
    post('/token', { ...exchange, subject_token: randomSecret(), subject_token_type: 'odd' }),
  )
  await expectRefused(post('/token', exchange, `${used}x`))
  const bad = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ subject_token: chain }) }
  await expectRefused(fetch(`${authority}/token`, bad))
  await expectRefused(
    fetch(`${authority}/token?subject_token=${encodeURIComponent(chain)}`, { method: 'POST' }),
  )
  await expectStatus(200, post('/revoke', { token }))
}

async function proveCall(authority: string, path: string, signer: Signer): Promise<string> {
  const url = `${authority}${path}`
  const nonce = (await fetch(url, { method: 'POST' })).headers.get('dpop-nonce')
  return createDpopProof({
    signer,
    method: 'POST',
    url,
    ...(nonce !== null && { nonce }),
    now: Date.now(),
    jti: createUuid(systemRandomBytes),
  })
}

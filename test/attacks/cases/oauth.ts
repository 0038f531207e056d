import { encodeBase64url } from '@behalf/core'
import { parseCompactJws } from '@behalf/credential'
import { createMemoryWallet } from '@behalf/wallet'
import { expect } from 'vitest'
import { type CaseGroup, call, invariantOnce, own } from '../support/attack-case.ts'
import { operator, walletAgent } from '../support/authority.ts'
import {
  ACCESS_TOKEN,
  type Exchange,
  type ExchangeForm,
  type ProofChanges,
  RESOURCE,
  readRefusal,
  withExchange,
} from '../support/token-exchange.ts'

/** Every form must be refused with the same code, which is the case's. */
function refusing(...forms: readonly ((exchange: Exchange) => ExchangeForm)[]): Promise<string> {
  return withExchange(async (exchange) => {
    const codes = new Set<string>()
    for (const form of forms) codes.add(await readRefusal(await exchange.ask(form(exchange))))
    expect(await readRefusal(await exchange.ask(exchange.form))).toBe('ok')
    return [...codes].join()
  })
}

/** Every proof must be refused with the same code, which is the case's. */
function refusingProofs(...proofs: readonly ((exchange: Exchange) => ProofChanges)[]): Promise<string> {
  return withExchange(async (exchange) => {
    const codes = new Set<string>()
    for (const proof of proofs) {
      codes.add(await readRefusal(await exchange.ask(exchange.form, await exchange.prove(proof(exchange)))))
    }
    expect(await readRefusal(await exchange.ask(exchange.form))).toBe('ok')
    return [...codes].join()
  })
}

const tokenOf = async (exchange: Exchange): Promise<string> => {
  const { access_token: token }: { access_token?: unknown } = JSON.parse(
    await (await exchange.ask(exchange.form)).text(),
  )
  return String(token)
}

const omit = ({ form }: Exchange, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(form).filter(([other]) => other !== name))

/** OAuth at the authority: the exchange, and the proofs that it takes. */
export const oauth: CaseGroup = {
  name: 'OAuth token exchange and DPoP',
  catalogue: {
    'OA-001': call(() => withExchange(async ({ ask, form }) => readRefusal(await ask(form, null)))),
    'OA-003': call(() => refusing(({ form }) => ({ ...form, scope: 'admin' }))),
    'OA-004': call(() =>
      refusing(
        ({ form }) => ({ ...form, resource: 'https://other.test' }),
        (exchange) => ({ ...omit(exchange, 'resource'), audience: 'https://other.test' }),
        ({ form }) => ({ ...form, audience: 'https://other.test' }),
      ),
    ),
    'OA-006': call(() =>
      refusing(
        (exchange) => omit(exchange, 'subject_token'),
        ({ form }) => ({ ...form, subject_token: '' }),
        ({ form }) => [...Object.entries(form), ['subject_token', form['subject_token'] ?? '']],
      ),
    ),
    'OA-007': call(() =>
      refusing(
        ({ form }) => ({ ...form, subject_token_type: ACCESS_TOKEN }),
        ({ form, held }) => ({
          ...form,
          subject_token_type: ACCESS_TOKEN,
          subject_token: held.chain[0] ?? '',
        }),
        ({ form }) => ({
          ...form,
          subject_token_type: ACCESS_TOKEN,
          subject_token: `${encodeBase64url(new TextEncoder().encode('{"alg":"EdDSA","typ":"logout+jwt"}'))}.e30.AA`,
        }),
      ),
    ),
    'OA-009': call(() =>
      withExchange(async (exchange) => {
        const subject_token = await tokenOf(exchange)
        const again = { ...exchange.form, subject_token, subject_token_type: ACCESS_TOKEN }
        return readRefusal(await exchange.ask(again))
      }),
    ),
    'OA-010': invariantOnce(() =>
      withExchange(
        async (exchange) => {
          exchange.running.now += 30_000
          const token = await tokenOf(exchange)
          const { exp } = parseCompactJws(token, { maxBytes: token.length }).payload
          expect(exp).toBe(exchange.held.leaf.validUntil / 1000)
        },
        { validForSeconds: 60 },
      ),
    ),
    'OA-024': invariantOnce(() =>
      withExchange(async ({ running, held }) => {
        const asked: string[] = []
        const wallet = createMemoryWallet({
          seed: new Uint8Array(32).fill(0xa9),
          clock: () => running.now,
          fetch: async (url, init) => {
            asked.push(url)
            if (new URL(url).origin === running.origin) return fetch(url, init)
            const challenge = 'DPoP error="invalid_token", resource_metadata="https://evil.test/metadata"'
            return new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
          },
        })
        await wallet.receive(held.chain)
        expect((await wallet.tokenFetch(`${RESOURCE}/v1/items`)).status).toBe(401)
        expect(asked).toEqual([`${running.origin}/token`, `${RESOURCE}/v1/items`])
      }),
    ),
  },
  own: {
    'OA-own-21': own(
      'credential_revoked',
      'A chain that was revoked is exchanged by whoever still holds it',
      call(() =>
        withExchange(async ({ running, held, ask, form }) => {
          await running.operatorWallet.authority(running.origin).revoke({ delegation: held.id })
          return readRefusal(await ask(form))
        }),
      ),
    ),
    'OA-own-22': own(
      'credential_too_large',
      'A subject token that is too large: nobody’s own rights are used in its place',
      call(() => refusing(({ form }) => ({ ...form, subject_token: `"${'A'.repeat(12_001)}"` }))),
    ),
    'OA-own-23': own(
      'invalid_grant',
      'A delegation whose uses are counted becomes a token that counts none',
      call(() => withExchange(async ({ ask, form }) => readRefusal(await ask(form)), { maxUses: 2 })),
    ),
    'OA-own-24': own(
      'invalid_client',
      'client_id names somebody else, whose key is not proven',
      call(() => refusing(({ form }) => ({ ...form, client_id: operator.did }))),
    ),
    'OA-own-25': own(
      'ok',
      'One proof, sent twenty times at once, is one exchange',
      invariantOnce(() =>
        withExchange(async ({ ask, form, prove }) => {
          const proof = await prove()
          const answers = await Promise.all(Array.from({ length: 20 }, () => ask(form, proof)))
          const codes = await Promise.all(answers.map(readRefusal))
          expect(codes.filter((code) => code === 'ok')).toHaveLength(1)
          expect(new Set(codes)).toEqual(new Set(['ok', 'invalid_dpop_proof']))
        }),
      ),
    ),
    'OA-own-26': own(
      'invalid_dpop_proof',
      'A proof for another address of the authority',
      call(() => refusingProofs(({ running }) => ({ payload: { htu: `${running.origin}/revoke` } }))),
    ),
    'OA-own-27': own(
      'invalid_dpop_proof',
      'A proof for another method at the authority',
      call(() => refusingProofs(() => ({ payload: { htm: 'GET' } }))),
    ),
    'OA-own-28': own(
      'invalid_dpop_proof',
      'A proof that was used at the authority',
      call(() =>
        withExchange(async ({ ask, form, prove }) => {
          const proof = await prove()
          expect(await readRefusal(await ask(form, proof))).toBe('ok')
          return readRefusal(await ask(form, proof))
        }),
      ),
    ),
    'OA-own-29': own(
      'invalid_dpop_proof',
      'A proof that was made long ago, or will be made, at the authority',
      call(() =>
        refusingProofs(
          ({ running }) => ({ payload: { iat: Math.floor(running.now / 1000) - 301 } }),
          ({ running }) => ({ payload: { iat: Math.floor(running.now / 1000) + 301 } }),
        ),
      ),
    ),
    'OA-own-30': own(
      'invalid_dpop_proof',
      'A proof with the private key in it at the authority',
      call(() => {
        const x = encodeBase64url(walletAgent.publicKey)
        const d = encodeBase64url(new Uint8Array(32).fill(0xa9))
        return refusingProofs(() => ({ header: { jwk: { kty: 'OKP', crv: 'Ed25519', x, d } } }))
      }),
    ),
    'OA-own-31': own(
      'invalid_dpop_proof',
      'A proof with a symmetric algorithm or none at the authority',
      call(() =>
        refusingProofs(
          () => ({ header: { alg: 'HS256' } }),
          () => ({ header: { alg: 'none' } }),
        ),
      ),
    ),
    'OA-own-32': own(
      'use_dpop_nonce',
      'A proof with a nonce of somebody else at the authority',
      call(() =>
        withExchange(async ({ ask, form, prove }) => {
          const response = await ask(form, await prove({ payload: { nonce: 'of-somebody-else' } }))
          expect(response.headers.get('dpop-nonce')).toMatch(/^[\w-]{20,}$/u)
          return readRefusal(response)
        }),
      ),
    ),
  },
}

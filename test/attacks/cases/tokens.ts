import { createHmac } from 'node:crypto'
import { createDpopNonces } from '@behalf/credential'
import { expect } from 'vitest'
import { type AttackCase, type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { encodeText, NOW } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import { agentB, agentC, otherIssuer, stranger } from '../support/party.ts'
import { addLines, baseline, sign } from '../support/request.ts'
import {
  createToken,
  drawTokenRequest,
  type ProofChanges,
  publicJwk,
  type TokenApi,
  type TokenApiOptions,
  type TokenChanges,
  type TokenDraft,
  thumbprint,
  tokenParty,
  withTokenApi,
} from '../support/token-api.ts'
import type { Answer } from '../support/wire.ts'

/** Runs against an API that takes tokens, after it took an honest one. */
const atApi = (
  run: (api: TokenApi, token: string) => Promise<Answer | readonly Answer[]>,
  options: TokenApiOptions = {},
): AttackCase =>
  http((lab) =>
    withTokenApi(lab, options, async (api) => {
      const token = await createToken()
      if (options.nonces === undefined) expectAnswer(await api.ask({ token }), 'ok')
      return await run(api, token)
    }),
  )

/** One request with another proof. */
const proof = (...proofs: readonly ProofChanges[]): AttackCase =>
  atApi((api, token) => inTurn(proofs, (changes) => api.ask({ token, proof: changes })))

/** One request with another token, and an honest proof for it. */
const token = (...tokens: readonly TokenChanges[]): AttackCase =>
  atApi((api) => inTurn(tokens, async (changes) => api.ask({ token: await createToken(changes) })))

/** The token shown in another way. */
const shown = (lines: TokenDraft['lines'], options: TokenApiOptions = {}): AttackCase =>
  atApi((api, honest) => api.ask({ token: honest, ...(lines === undefined ? {} : { lines }) }), options)

async function inTurn<Change>(
  changes: readonly Change[],
  ask: (change: Change) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const change of changes) answers.push(await ask(change))
  return answers
}

const SECONDS = NOW / 1000

/** A proof whose signature is an HMAC with the public key as its secret. */
const symmetric = (text: string): string => {
  const [, payload = ''] = text.split('.')
  const input = `${encodeText(JSON.stringify({ typ: 'dpop+jwt', alg: 'HS256', jwk: publicJwk(agentC) }))}.${payload}`
  return `${input}.${createHmac('sha256', agentC.publicKey).update(input).digest('base64url')}`
}

/** Access tokens at an API: the half of the group that an API decides. */
export const tokens: CaseGroup = {
  name: 'OAuth token exchange and DPoP',
  catalogue: {
    'OA-012': proof(
      { claims: { htu: 'https://api.test/v1/items/8' } },
      { claims: { htu: 'https://api.test/v1/items/' } },
    ),
    'OA-013': proof({ claims: { htm: 'POST' } }, { claims: { htm: 'get' } }),
    'OA-015': atApi(async (api, honest) => {
      const request = await drawTokenRequest({ token: honest })
      expectAnswer(await api.send(request), 'ok')
      return [await api.send(request), await api.send(request)]
    }),
    'OA-016': proof({ claims: { iat: SECONDS - 301 } }, { claims: { iat: SECONDS + 301 } }),
    'OA-018': proof({ header: { jwk: { ...publicJwk(agentC), d: 'wQ'.repeat(21) } } }),
    'OA-019': proof(
      { jws: symmetric },
      { header: { alg: 'none' } },
      { header: { alg: 'none' }, jws: (text) => text.replace(/[^.]*$/u, '') },
    ),
    'OA-021': shown((text) => [['Authorization', `Bearer ${text}`]]),
    'OA-022': atApi(
      async (api, honest) => {
        const refused = await api.ask({ token: honest })
        const nonce = refused.header('dpop-nonce')
        expect(refused.header('www-authenticate')).toContain('error="use_dpop_nonce"')
        expectAnswer(await api.ask({ token: honest, proof: { claims: { nonce } } }), 'ok')
        return [refused, await api.ask({ token: honest, proof: { claims: { nonce: `${nonce}x` } } })]
      },
      { nonces: createDpopNonces({ secret: new Uint8Array(32).fill(5) }) },
    ),
  },
  own: {
    'OA-own-51': own(
      'key_mismatch',
      'A copied token with a proof by another key, whoever has it',
      proof({ signer: stranger }, { signer: agentB }),
    ),
    'OA-own-52': own(
      'invalid_dpop_proof',
      'A copied proof beside another token of the same agent',
      atApi(async (api, honest) => {
        const other = await createToken({ claims: { jti: 'urn:uuid:00000000-0000-4000-8000-0000000000f2' } })
        return api.ask({
          token: honest,
          lines: (_, text) => [
            ['Authorization', `DPoP ${other}`],
            ['DPoP', text],
          ],
        })
      }),
    ),
    'OA-own-53': own(
      'invalid_dpop_proof',
      'No proof, two proofs, or a delegation in its place',
      atApi(async (api, honest) => {
        const authorization = ['Authorization', `DPoP ${honest}`] as const
        return [
          await api.ask({ token: honest, lines: () => [authorization] }),
          await api.ask({
            token: honest,
            lines: (_, text) => [authorization, ['DPoP', text], ['DPoP', text]],
          }),
          await api.ask({ token: honest, lines: () => [authorization, ['DPoP', honest]] }),
        ]
      }),
    ),
    'OA-own-54': own(
      'invalid_token',
      'A token signed by somebody else, of another type, or that brings its own key',
      token(
        { signer: stranger },
        { signer: stranger, header: { kid: thumbprint(tokenParty) } },
        { signer: stranger, header: { kid: undefined, jwk: publicJwk(stranger) } },
        { signer: stranger, header: { jku: 'https://evil.test/jwks.json' } },
        { header: { typ: 'JWT' } },
        { header: { typ: 'dpop+jwt' } },
        { header: { crit: ['exp'] } },
        { header: { alg: 'none' } },
      ),
    ),
    'OA-own-55': own(
      'invalid_token',
      'A token without its binding, or bound to another key than its agent’s',
      token(
        { claims: { cnf: undefined } },
        { claims: { cnf: {} } },
        { claims: { cnf: { jkt: thumbprint(stranger) } } },
        { claims: { client_id: agentB.did } },
      ),
    ),
    'OA-own-56': own(
      'invalid_token',
      'A token that has ended, lives too long, or is from the future',
      token(
        { claims: { iat: SECONDS - 60, exp: SECONDS } },
        { claims: { exp: SECONDS + 301 } },
        { claims: { iat: SECONDS + 6, exp: SECONDS + 60 } },
        { claims: { exp: undefined } },
      ),
    ),
    'OA-own-57': own(
      'audience_mismatch',
      'A token for another API',
      token({ claims: { aud: 'https://other.test' } }, { claims: { aud: 'https://api.test.evil.test' } }),
    ),
    'OA-own-58': own(
      'issuer_untrusted',
      'A token of another authority, or one that speaks of another issuer’s principals',
      token(
        { claims: { iss: 'https://evil.test' } },
        { claims: { principal: { issuer: otherIssuer.did, id: 'person-7' } } },
      ),
    ),
    'OA-own-59': own(
      'credential_revoked',
      'A token that was taken before, after it was revoked',
      atApi(async (api, honest) => {
        api.tokenStatus = 1
        api.now += 10_000
        return api.ask({ token: honest, proof: { claims: { iat: SECONDS + 10 } } })
      }),
    ),
    'OA-own-60': own(
      'status_unavailable',
      'A token while nothing fresh is known of its status',
      atApi(async (api, honest) => {
        api.isAway = true
        api.now += 31_000
        return api.ask({ token: honest, proof: { claims: { iat: SECONDS + 31 } } })
      }),
    ),
    'OA-own-61': own(
      'header_ambiguous',
      'A signed request with a token beside it, at an API that takes both',
      http((lab) =>
        withTokenApi(lab, { either: true }, async (api) => {
          expectAnswer(await api.send(await sign(baseline())), 'ok')
          const { lines } = await drawTokenRequest({ token: await createToken() })
          const added = lines.filter(([name]) => name !== 'Host')
          return api.send(addLines(await sign(baseline()), ...added))
        }),
      ),
    ),
    'OA-own-62': own(
      'invalid_token',
      'A token as Bearer at an API that takes signatures as well',
      shown((text) => [['Authorization', `Bearer ${text}`]], { either: true }),
    ),
    'OA-own-63': own(
      'ok',
      'Of eight copies of one request at the same time one is served',
      invariant((lab) =>
        withTokenApi(lab, {}, async (api) => {
          const request = await drawTokenRequest({ token: await createToken() })
          const answers = await Promise.all(Array.from({ length: 8 }, () => api.send(request)))
          expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
          for (const answer of answers.filter(({ status }) => status !== 200)) {
            expectAnswer(answer, 'invalid_dpop_proof')
          }
        }),
      ),
    ),
  },
}

import { encodeUtf8 } from '@behalf/core'
import { createDpopNonces, type HttpCapability, type StatusList } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  type AuditRecord,
  createTokenVerifier,
  type EnforcingTokenOptions,
  type IncomingRequest,
  type StatusSnapshot,
  type TokenVerifierOptions,
  VerifierError,
} from '../src/index.ts'
import { agentA, agentB, agentC, issuer, otherIssuer, stranger } from './support/agents.ts'
import { makeRequest } from './support/b0.ts'
import { ITEMS, makeChain, NOW } from './support/chain.ts'
import {
  makeClaims,
  makeToken,
  makeTokenRequest,
  makeTokenSurroundings,
  makeTokenWorld,
  nextTokenParty,
  type TokenRequestChanges,
  type TokenWorld,
} from './support/tokens.ts'
import { makeList, makeStatusSource, makeWorld, refusalOf } from './support/world.ts'

/** The code with which a verifier refuses, or `ok`. */
async function codeOf(request: IncomingRequest, world: TokenWorld<unknown>): Promise<string> {
  try {
    await world.verifier.verify(request)
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

/** The code for a changed request, at a new verifier. */
async function codeFor(
  changes: TokenRequestChanges,
  options: Partial<EnforcingTokenOptions<undefined>> = {},
): Promise<string> {
  return await codeOf(await makeTokenRequest(changes), await makeTokenWorld(options))
}

/** The answer to a refused request. */
async function answerTo(
  changes: TokenRequestChanges,
  options: Partial<EnforcingTokenOptions<undefined>> = {},
): Promise<{
  readonly status: number
  readonly challenge: string | undefined
  readonly nonce: string | undefined
}> {
  const { verifier } = await makeTokenWorld(options)
  const refusal = await refusalOf(verifier.verify(await makeTokenRequest(changes)))
  const { status, headers } = verifier.refuse(refusal, 'r')
  const read = (name: string): string | undefined => headers.find(([other]) => other === name)?.[1]
  return { status, challenge: read('WWW-Authenticate'), nonce: read('DPoP-Nonce') }
}

describe('createTokenVerifier', () => {
  test('tells of a request with a token what it tells of a signed one', async () => {
    const signed = await makeWorld().verifier.verify(
      await makeRequest(await makeChain(), { method: 'GET', target: '/v1/items/7', body: '' }),
    )
    const approval = signed.approval
    const token = await makeToken(approval === undefined ? {} : { approval })
    const world = await makeTokenWorld()
    const verified = await world.verifier.verify(await makeTokenRequest({ token }))
    const { principal, agent, capability, workflow, body, account, context } = signed
    expect(verified).toMatchObject({ principal, agent, capability, workflow, body, approval })
    expect([verified.account, verified.context]).toEqual([account, context])
    const facts = ({ chain }: Pick<typeof verified, 'chain'>): unknown => [
      chain.links.map(({ id, subject, status }) => [id, subject, status]),
      [chain.root.issuer, chain.root.onBehalfOf, chain.root.approval],
      [chain.leaf.id, chain.leaf.subject, chain.leaf.capabilities, chain.leaf.workflow],
    ]
    expect(facts(verified)).toEqual(facts(signed))
    expect(verified.chain.links.map(({ subject }) => subject)).toEqual([agentA.did, agentB.did, agentC.did])
    expect(verified.token.id).toBe(makeClaims().id)
  })

  test('gives what is frozen, and can be given on', async () => {
    const verified = await (await makeTokenWorld()).verifier.verify(await makeTokenRequest())
    for (const part of [
      verified,
      verified.principal,
      verified.chain,
      verified.chain.links,
      verified.chain.links[0],
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(verified.chain.root.onBehalfOf) && Object.isFrozen(verified.chain.leaf)).toBe(true)
  })

  test('wants one token and one proof, in their one spelling', async () => {
    const shown = async (lines: TokenRequestChanges['lines']): Promise<string> =>
      await codeFor(lines === undefined ? {} : { lines })
    expect(
      await shown((token, proof) => [
        ['authorization', `dpop ${token}`],
        ['dpop', proof],
      ]),
    ).toBe('ok')
    expect(await shown((_, proof) => [['DPoP', proof]])).toBe('credential_missing')
    expect(
      await shown((_, proof) => [
        ['Authorization', 'Basic YTpi'],
        ['DPoP', proof],
      ]),
    ).toBe('credential_missing')
    for (const scheme of ['Bearer', 'bearer']) {
      expect(
        await shown((token, proof) => [
          ['Authorization', `${scheme} ${token}`],
          ['DPoP', proof],
        ]),
      ).toBe('invalid_token')
      expect(await shown((token) => [['Authorization', `${scheme} ${token}`]])).toBe('invalid_token')
    }
    for (const value of ['DPoP', 'DPoP ', 'DPoP  x', 'DPoP x y', 'DPoP "x"']) {
      expect(
        await shown((_, proof) => [
          ['Authorization', value],
          ['DPoP', proof],
        ]),
      ).toBe('invalid_token')
    }
    expect(await shown((token) => [['Authorization', `DPoP ${token}`]])).toBe('invalid_dpop_proof')
    expect(
      await shown((token, proof) => [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
        ['DPoP', proof],
      ]),
    ).toBe('invalid_dpop_proof')
    expect(
      await shown((token, proof) => [
        ['Authorization', `DPoP ${token}`],
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
      ]),
    ).toBe('header_ambiguous')
    for (const name of ['Signature-Key', 'Delegation-Chain']) {
      expect(
        await shown((token, proof) => [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', proof],
          [name, 'x'],
        ]),
      ).toBe('header_ambiguous')
    }
  })

  test('does not read a token from the query', async () => {
    const token = await makeToken()
    const target = `/v1/items/7?access_token=${token}`
    expect(await codeFor({ token, target, lines: (_, proof) => [['DPoP', proof]] })).toBe(
      'credential_missing',
    )
  })

  test.each<[string, TokenRequestChanges]>([
    ['another method', { htm: 'POST' }],
    ['another path', { htu: 'https://api.test/v1/items/8' }],
    ['another host', { htu: 'https://other.test/v1/items/7' }],
    ['plain http', { htu: 'http://api.test/v1/items/7' }],
    ['no token', { ath: null }],
    ['another token', { ath: 'a.b.c' }],
    ['a time long ago', { iat: NOW - 61_000 }],
    ['a time to come', { iat: NOW + 6000 }],
  ])('refuses a proof for %s', async (_, changes) => {
    expect(await codeFor(changes)).toBe('invalid_dpop_proof')
  })

  test('holds a proof to the path without the query, and for as long as it is told', async () => {
    expect(await codeFor({ target: '/v1/items/7?a=1', htu: 'https://api.test/v1/items/7' })).toBe('ok')
    expect(await codeFor({ iat: NOW - 60_000 })).toBe('invalid_dpop_proof')
    const world = await makeTokenWorld({ maxProofAgeSeconds: 10 })
    world.now = NOW + 10_000
    await world.authority.publishList({ now: world.now })
    expect(await codeOf(await makeTokenRequest(), world)).toBe('ok')
    world.now = NOW + 10_001
    expect(await codeOf(await makeTokenRequest(), world)).toBe('invalid_dpop_proof')
  })

  test('refuses a proof by another key than the token’s, whoever made it', async () => {
    expect(await codeFor({ holder: stranger })).toBe('key_mismatch')
    expect(await codeFor({ holder: agentB })).toBe('key_mismatch')
  })

  test('takes each jti once, for its key', async () => {
    const world = await makeTokenWorld()
    const request = await makeTokenRequest({ jti: 'jti-jti-jti-jti-1' })
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(request, world)))
    expect(codes.toSorted()).toEqual([...Array<string>(7).fill('invalid_dpop_proof'), 'ok'])
    expect(await codeOf(await makeTokenRequest({ jti: 'jti-jti-jti-jti-2' }), world)).toBe('ok')
  })

  test('remembers a jti until no copy of its proof can be accepted, and apart from the nonces of signatures', async () => {
    const claims: unknown[] = []
    const replayStore = {
      claim: (claim: unknown) => {
        claims.push(claim)
        return true
      },
    }
    await codeFor({ jti: 'jti-jti-jti-jti-1' }, { replayStore })
    expect(claims).toEqual([
      {
        key: `dpop ${makeClaims().jkt}`,
        nonce: 'jti-jti-jti-jti-1',
        created: NOW,
        keepUntil: NOW + (60 + 2 * 30 + 1) * 1000,
      },
    ])
  })

  test('refuses when the store cannot tell, or does not say yes', async () => {
    const fails = (): never => {
      throw new Error('down')
    }
    expect(await codeFor({}, { replayStore: { claim: fails } })).toBe('replay_store_unavailable')
    // @ts-expect-error: only true is yes
    expect(await codeFor({}, { replayStore: { claim: () => 'yes' } })).toBe('invalid_dpop_proof')
  })

  test('claims nothing for a request that fails another check', async () => {
    let claims = 0
    const replayStore = {
      claim: () => {
        claims += 1
        return true
      },
    }
    expect(await codeFor({ method: 'DELETE' }, { replayStore })).toBe('scope_exceeded')
    expect(await codeFor({ holder: stranger }, { replayStore })).toBe('key_mismatch')
    expect(claims).toBe(0)
  })

  test('wants a nonce of its own where it is told to, and offers the next', async () => {
    const nonces = createDpopNonces({ secret: new Uint8Array(32).fill(3), lifetimeSeconds: 60 })
    const foreign = createDpopNonces({ secret: new Uint8Array(32).fill(4) }).issue(NOW)
    const current = nonces.issue(NOW)
    expect(await codeFor({}, { nonces })).toBe('use_dpop_nonce')
    expect(await codeFor({ nonce: foreign }, { nonces })).toBe('use_dpop_nonce')
    expect(await codeFor({ nonce: nonces.issue(NOW - 120_000) }, { nonces })).toBe('use_dpop_nonce')
    const { status, challenge, nonce } = await answerTo({}, { nonces })
    expect([status, nonce]).toEqual([401, current])
    expect(challenge).toBe('DPoP realm="api.test", error="use_dpop_nonce", algs="EdDSA"')
    const answerHeaders = async (used: string): Promise<unknown> => {
      const { verifier } = await makeTokenWorld({ nonces })
      return (await verifier.verify(await makeTokenRequest({ nonce: used }))).answerHeaders
    }
    expect(await answerHeaders(current)).toEqual([])
    expect(await answerHeaders(nonces.issue(NOW - 60_000))).toEqual([['DPoP-Nonce', current]])
  })

  test('takes tokens for this API alone, of this authority and its issuer', async () => {
    expect(await codeFor({ token: await makeToken({ audience: 'https://api.test/' }) })).toBe(
      'audience_mismatch',
    )
    expect(await codeFor({ token: await makeToken({ issuer: 'https://other.test' }) })).toBe(
      'issuer_untrusted',
    )
    expect(await codeFor({ token: await makeToken({}, nextTokenParty) })).toBe('invalid_token')
    const principal = { issuer: otherIssuer.did, id: 'person-7' }
    expect(await codeFor({ token: await makeToken({ principal }) })).toBe('issuer_untrusted')
    const [delegation = ''] = await makeChain([{}])
    expect(await codeFor({ token: delegation })).toBe('issuer_untrusted')
    for (const token of ['x', 'a.b.c', `${await makeToken()}x`]) {
      expect(await codeFor({ token })).toBe('invalid_token')
    }
  })

  test('takes a token until it ends, also one that was verified before', async () => {
    const token = await makeToken({ expiresAt: NOW + 20_000 })
    const world = await makeTokenWorld()
    for (const [now, code] of [
      [NOW, 'ok'],
      [NOW + 19_999, 'ok'],
      [NOW + 20_000, 'invalid_token'],
    ] as const) {
      world.now = now
      expect(await codeOf(await makeTokenRequest({ token, iat: now }), world)).toBe(code)
    }
    expect(await codeFor({ token: await makeToken({ issuedAt: NOW + 6000 }) })).toBe('invalid_token')
  })

  test('looks at the end again after the stores and the callback', async () => {
    const token = await makeToken({ expiresAt: NOW + 20_000 })
    const { world, options } = await makeTokenSurroundings()
    const verifier = createTokenVerifier({
      ...options,
      mapPrincipal: async () => {
        world.now = NOW + 20_000
        return undefined
      },
      auditSink: {
        record: () => {
          world.now = NOW + 20_000
        },
      },
    })
    world.now = NOW
    expect((await refusalOf(verifier.verify(await makeTokenRequest({ token })))).code).toBe('forbidden')
    world.now = NOW
    const patient = createTokenVerifier({
      ...options,
      auditSink: {
        record: ({ code }) => {
          if (code === 'ok') world.now = NOW + 20_000
        },
      },
    })
    world.now = NOW
    expect((await refusalOf(patient.verify(await makeTokenRequest({ token })))).code).toBe('invalid_token')
  })

  test('allows what a capability of the token allows, and says what would be needed', async () => {
    expect(await codeFor({ method: 'POST', target: '/v1/items', body: encodeUtf8('{}') })).toBe('ok')
    expect(await codeFor({ token: await makeToken({ capabilities: [] }) })).toBe('scope_exceeded')
    const elsewhere: HttpCapability = { ...ITEMS, locations: ['https://other.test'] }
    expect(await codeFor({ token: await makeToken({ capabilities: [elsewhere] }) })).toBe('audience_mismatch')
    const { status, challenge } = await answerTo({ method: 'DELETE' })
    expect([status, challenge]).toEqual([
      403,
      'DPoP realm="api.test", error="insufficient_scope", scope="DELETE https://api.test/v1/items/7", algs="EdDSA"',
    ])
  })

  test('does not let a header ask for another method', async () => {
    const request = await makeTokenRequest({ method: 'POST', target: '/v1/items' })
    const headers = [...request.headers, ['X-HTTP-Method-Override', 'DELETE'] as const]
    expect(await codeOf({ ...request, headers }, await makeTokenWorld())).toBe('scope_exceeded')
  })

  test('maps the principal to an account, and refuses one that has none', async () => {
    const world = await makeTokenWorld<string>({
      mapPrincipal: ({ id, issuer: by }, { token, agent }) =>
        id === 'person-7' && by === issuer.did && token.agent === agent ? 'account-7' : undefined,
    })
    expect((await world.verifier.verify(await makeTokenRequest())).account).toBe('account-7')
    expect(await codeFor({}, { mapPrincipal: () => undefined })).toBe('forbidden')
  })

  test('wants the approval of a person where it is told to', async () => {
    const requireHumanApproval = 'claimed'
    const digest = `sha-256:${'A'.repeat(43)}`
    for (const [method, code] of [
      ['passkey', 'ok'],
      ['software-passkey', 'approval_required'],
      ['operator', 'approval_required'],
    ] as const) {
      const token = await makeToken({ approval: { method, digest } })
      expect(await codeFor({ token }, { requireHumanApproval })).toBe(code)
    }
    expect(await codeFor({}, { requireHumanApproval })).toBe('approval_required')
  })

  test('refuses tokens of an issuer that is trusted no more', async () => {
    const world = await makeTokenWorld()
    expect(await codeOf(await makeTokenRequest(), world)).toBe('ok')
    world.verifier.distrustIssuer(issuer.did)
    expect(await codeOf(await makeTokenRequest(), world)).toBe('issuer_untrusted')
  })

  test('sees what its status source says of every link and every key', async () => {
    const token = await makeToken()
    for (const index of [100, 101, 102]) {
      const statusSource = makeStatusSource(await makeList([index]))
      const { verifier } = await makeTokenWorld({ statusSource })
      const refusal = await refusalOf(verifier.verify(await makeTokenRequest({ token })))
      expect([refusal.code, refusal.link]).toEqual(['credential_revoked', index - 100])
    }
    for (const agent of [agentA, agentB, agentC]) {
      const statusSource = makeStatusSource(await makeList(), [agent.did])
      expect(await codeFor({ token }, { statusSource })).toBe('key_revoked')
    }
    expect(await codeFor({ token }, { statusSource: makeStatusSource(await makeList()) })).toBe('ok')
    expect(await codeFor({ token }, { statusSource: makeStatusSource(undefined) })).toBe('status_invalid')
    const ofAnother = await makeList([], undefined, otherIssuer)
    expect(await codeFor({ token }, { statusSource: makeStatusSource(ofAnother) })).toBe('status_invalid')
  })

  test('sees a link that is revoked while stores are asked', async () => {
    const lists = { now: await makeList() }
    const revoked = await makeList([101])
    const statusSource = {
      ...makeStatusSource(undefined),
      read: () => makeStatusSource(lists.now).read(issuer.did),
    }
    const auditSink = {
      record: () => {
        lists.now = revoked
      },
    }
    expect(await codeFor({}, { statusSource, auditSink })).toBe('credential_revoked')
  })

  test('records what it decides, with what proves it', async () => {
    const world = await makeTokenWorld()
    const request = await makeTokenRequest()
    const { requestId } = await world.verifier.verify(request)
    const [, , [, proof]] = request.headers as readonly [unknown, unknown, readonly [string, string]]
    const [record] = world.records
    expect(record).toMatchObject({
      requestId,
      decision: 'accepted',
      code: 'ok',
      method: 'GET',
      origin: 'https://api.test',
      path: '/v1/items/7',
      agent: agentC.did,
      principal: { issuer: issuer.did, id: 'person-7' },
      delegations: makeClaims().delegations,
      workflow: { id: 'triage', run: 'run-42' },
    })
    expect(record?.evidence).toEqual({
      credentials: [await makeToken()],
      signatureBase: proof.slice(0, proof.lastIndexOf('.')),
      signature: proof.slice(proof.lastIndexOf('.') + 1),
    })
    await refusalOf(world.verifier.verify(await makeTokenRequest({ method: 'DELETE' })))
    await refusalOf(world.verifier.verify(await makeTokenRequest({ holder: stranger })))
    expect(world.records.slice(1).map(({ code, decision, agent }) => [code, decision, agent])).toEqual([
      ['scope_exceeded', 'refused', agentC.did],
      ['key_mismatch', 'refused', undefined],
    ])
  })

  test('records what was known of revocations, also when that refused', async () => {
    const recordOf = async (list: StatusList, heartbeat: string): Promise<AuditRecord | undefined> => {
      const read = (): StatusSnapshot => ({ ...makeStatusSource(list).read(issuer.did), heartbeat })
      const world = await makeTokenWorld({ statusSource: { ...makeStatusSource(list), read } })
      await world.verifier.verify(await makeTokenRequest()).catch(() => undefined)
      return world.records.at(-1)
    }
    const [alive, dead] = [await makeList(), await makeList([101])]
    const records = [
      await recordOf(alive, 'a.b.c'),
      await recordOf(dead, 'd.e.f'),
      await recordOf(alive, 'g'.repeat(16_385)),
    ]
    expect(records.map((record) => [record?.code, record?.evidence?.heartbeat])).toEqual([
      ['ok', 'a.b.c'],
      ['credential_revoked', 'd.e.f'],
      ['ok', undefined],
    ])
  })

  test('does not act when it cannot record', async () => {
    const auditSink = {
      record: () => {
        throw new Error('full')
      },
    }
    expect(await codeFor({}, { auditSink })).toBe('audit_unavailable')
  })

  test('does not believe a clock that stepped', async () => {
    const world = await makeTokenWorld({ monotonicClock: () => 0 })
    expect(await codeOf(await makeTokenRequest(), world)).toBe('ok')
    world.now += 6000
    expect(await codeOf(await makeTokenRequest({ iat: world.now }), world)).toBe('clock_unsynchronized')
  })

  test('bounds body and headers before anything else', async () => {
    expect(await codeFor({ method: 'POST', body: new Uint8Array(9) }, { maxBodyBytes: 8 })).toBe(
      'request_too_large',
    )
    expect(await codeFor({}, { maxHeaderBytes: 100 })).toBe('header_too_large')
    expect(await codeFor({ target: '/v1/../items' })).toBe('target_ambiguous')
  })

  test('answers in the words of OAuth, with our code in the body', async () => {
    const answers = [
      await answerTo({ lines: () => [] }),
      await answerTo({ holder: stranger }),
      await answerTo({ htm: 'POST' }),
      await answerTo({}, { authorities: [{ issuer: 'https://other.test', did: issuer.did }] }),
    ]
    expect(answers.map(({ status, challenge }) => [status, challenge])).toEqual([
      [401, 'DPoP realm="api.test", algs="EdDSA"'],
      [401, 'DPoP realm="api.test", error="invalid_token", algs="EdDSA"'],
      [401, 'DPoP realm="api.test", error="invalid_dpop_proof", algs="EdDSA"'],
      [401, 'DPoP realm="api.test", error="invalid_token", algs="EdDSA"'],
    ])
    const { verifier } = await makeTokenWorld({
      resourceMetadata: 'https://api.test/.well-known/oauth-protected-resource',
    })
    const problem = verifier.refuse(new VerifierError('invalid_token', 'for the log'), 'r')
    expect(new Map(problem.headers).get('WWW-Authenticate')).toContain(
      'resource_metadata="https://api.test/.well-known/oauth-protected-resource"',
    )
    expect(problem.headers.map(([name]) => name)).not.toContain('Accept-Signature')
    expect(JSON.parse(problem.body)).toMatchObject({
      code: 'invalid_token',
      type: 'urn:behalf:error:invalid_token',
    })
  })

  test('refuses nothing while it observes, and takes nothing from one that enforces', async () => {
    const { world, options } = await makeTokenSurroundings()
    const reported: string[] = []
    const observer = createTokenVerifier({
      ...options,
      mode: 'observe',
      reportObservation: ({ code, evidence }) => void reported.push(`${code} ${evidence === undefined}`),
    })
    const enforcing = createTokenVerifier(options)
    world.now = NOW
    const request = await makeTokenRequest()
    expect((await observer.verify(request)).verified?.agent).toBe(agentC.did)
    expect((await observer.verify(request)).refusal?.code).toBe('invalid_dpop_proof')
    expect((await enforcing.verify(request)).agent).toBe(agentC.did)
    expect(reported).toEqual(['invalid_dpop_proof true'])
  })

  test.each<[string, Partial<TokenVerifierOptions<undefined>>]>([
    ['no origin', { origins: [] }],
    ['no authority', { authorities: [] }],
    ['an authority with a path', { authorities: [{ issuer: 'https://authority.test/', did: issuer.did }] }],
    ['an authority without TLS', { authorities: [{ issuer: 'http://authority.test', did: issuer.did }] }],
    ['an authority without a DID', { authorities: [{ issuer: 'https://authority.test', did: 'x' }] }],
    [
      'an authority twice',
      {
        authorities: [issuer.did, otherIssuer.did].map((did) => ({ issuer: 'https://authority.test', did })),
      },
    ],
    ['an audience that is no URL', { audience: 'api' }],
    ['an audience with a fragment', { audience: 'https://api.test#a' }],
    ['a proof of no age', { maxProofAgeSeconds: 0 }],
    ['a pause of nothing', { pollSeconds: 0 }],
    ['no staleness', { maxStalenessSeconds: Number.NaN }],
    ['no time to answer', { timeoutSeconds: -1 }],
    ['a cache of nothing', { tokenCache: { maxEntries: 0 } }],
    ['metadata without TLS', { resourceMetadata: 'http://api.test/x' }],
    ['metadata with a quotation mark', { resourceMetadata: 'https://api.test/"x' }],
  ])('does not begin with %s', async (_, changes) => {
    const { options } = await makeTokenSurroundings()
    expect(() => createTokenVerifier({ ...options, ...changes })).toThrow(TypeError)
  })

  test('does not begin with a mode or a requirement that is none', async () => {
    const { options } = await makeTokenSurroundings()
    // @ts-expect-error: no such requirement
    expect(() => createTokenVerifier({ ...options, requireHumanApproval: 'proven' })).toThrow(TypeError)
    // @ts-expect-error: no such mode
    expect(() => createTokenVerifier({ ...options, mode: 'off' })).toThrow(TypeError)
  })
})

import { createEd25519Signer, digestSha256, encodeBase64url, type JsonObject } from '@behalf/core'
import { type Capability, parseCapabilities, signAccessToken, tokenKeyId } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { readText } from '../src/json-column.ts'
import {
  createWorld,
  didOf,
  READ_ISSUES,
  READ_ONE,
  START,
  seedOf,
  type World,
} from './support/authority-world.ts'
import {
  ACCESS_TOKEN,
  API,
  CHAIN,
  exchangeOf,
  hopOf,
  obtain,
  type Parameters,
  payloadOf,
  post,
  proofFor,
  readKeys,
  readToken,
  spellForm,
  tokenOf,
} from './support/exchange-calls.ts'

const OTHER_API = 'https://other.test'

async function begin(
  more: Record<string, unknown> = {},
  options = {},
): Promise<{ readonly world: World; readonly held: HeldDelegation }> {
  const world = await createWorld(options)
  return { world, held: await obtain(world, more) }
}

/** The code with which an exchange is refused, or `ok`. */
async function codeOf(world: World, parameters: Parameters, by?: string): Promise<string> {
  const { status, code = 'none' } = await post(world, '/token', parameters, by === undefined ? {} : { by })
  return status === 200 ? 'ok' : code
}

/** A chain of this many links: the agent, then those who got a part of it handed on. */
async function obtainChain(
  world: World,
  links: number,
): Promise<{ readonly chain: readonly string[]; readonly by: string }> {
  const purpose = `A chain of ${links} links`
  const held = await obtain(world, { maxDelegationDepth: links - 1, purpose })
  let last = { chain: held.chain, id: held.id, by: 'agent' }
  for (let link = 1; link < links; link += 1) {
    const to = `agent ${link}`
    const bundle = await party(world, last.by).wallet.delegate({
      to: didOf(to),
      parent: last.id,
      maxDelegationDepth: links - 1 - link,
    })
    const received = await party(world, to).wallet.receive(bundle)
    last = { chain: received.chain, id: received.id, by: to }
  }
  return last
}

const parties = new WeakMap<World, Map<string, ReturnType<World['party']>>>()

/** The same wallet for the same name, so that it holds what it received. */
function party(world: World, name: string): ReturnType<World['party']> {
  const known = parties.get(world) ?? new Map<string, ReturnType<World['party']>>()
  parties.set(world, known)
  const made = known.get(name) ?? (name === 'agent' ? world.agent : world.party(name))
  known.set(name, made)
  return made
}

describe('a chain is exchanged for a token', () => {
  test('by a signed request, for what the delegation says', async () => {
    const { world, held } = await begin({ workflow: { id: 'triage', run: '7' } })
    const answer = await world.agent.send({
      method: 'POST',
      path: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: spellForm(exchangeOf(held.chain)),
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toEqual({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'DPoP',
      expires_in: 60,
      authorization_details: READ_ISSUES,
    })
    const { leaf } = held
    expect(await readToken(world, tokenOf(answer))).toEqual({
      issuer: world.origin,
      principal: { issuer: world.authority.issuerDid, ...leaf.onBehalfOf },
      audience: API,
      agent: world.agent.did,
      issuedAt: Math.floor(world.clock() / 1000) * 1000,
      expiresAt: Math.floor(world.clock() / 1000) * 1000 + 60_000,
      id: expect.stringMatching(/^urn:uuid:/u),
      jkt: tokenKeyId(leaf.publicKey),
      actors: [world.agent.did],
      capabilities: READ_ISSUES,
      workflow: { id: 'triage', run: '7' },
      policy: leaf.policy,
      approval: leaf.approval,
      root: leaf.id,
      delegations: [leaf.id],
      status: { index: expect.any(Number), uri: `${world.origin}/status/token-lists/1` },
      delegationStatus: [leaf.status],
    })
  })

  test('with DPoP, and it stands in the record', async () => {
    const { world, held } = await begin()
    const answer = await post(world, '/token', exchangeOf(held.chain))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('dpop-nonce')).toBeTruthy()
    const claims = await readToken(world, tokenOf(answer))
    const events = await world.operator.client.listEvents()
    const [[kid, publicKey] = ['', new Uint8Array()]] = await readKeys(world)
    expect(events.at(-1)).toMatchObject({
      type: 'token_exchanged',
      data: {
        jti: claims.id,
        token: digestSha256(tokenOf(answer)),
        kid,
        key: encodeBase64url(publicKey),
        delegation: held.id,
        root: held.id,
        subject: world.agent.did,
        audience: API,
        principal: claims.principal,
        policy: held.leaf.policy?.digest,
      },
    })
  })

  test('and is found by the run of its chain', async () => {
    const { world, held } = await begin({ workflow: { id: 'triage', run: 'monday' } })
    await post(world, '/token', exchangeOf(held.chain))
    const found = await world.operator.client.listLogEntries({ about: 'run:monday' })
    const types = found.map(({ record }) => (JSON.parse(record) as { type: string }).type)
    expect(types).toContain('token_exchanged')
  })

  test('of four hops, each of them an actor', async () => {
    const { world } = await begin()
    const { chain, by } = await obtainChain(world, 4)
    const token = tokenOf(await post(world, '/token', exchangeOf(chain), { by }))
    const claims = await readToken(world, token)
    const agents = ['agent 3', 'agent 2', 'agent 1', 'agent'].map(didOf)
    expect(claims.actors).toEqual(agents)
    expect(claims.delegationStatus).toHaveLength(4)
    const act = agents
      .toReversed()
      .reduce<JsonObject | undefined>((inner, sub) => (inner ? { sub, act: inner } : { sub }), undefined)
    expect(payloadOf(token)['act']).toEqual(act)
  })

  test('the one resource of a delegation need not be said', async () => {
    const { world, held } = await begin()
    expect(await codeOf(world, { ...exchangeOf(held.chain), resource: undefined })).toBe('ok')
    expect(await codeOf(world, { ...exchangeOf(held.chain), resource: undefined, audience: API })).toBe('ok')
    const requested_token_type = 'urn:ietf:params:oauth:token-type:jwt'
    expect(await codeOf(world, { ...exchangeOf(held.chain), requested_token_type })).toBe('ok')
    expect(await codeOf(world, { ...exchangeOf(held.chain), client_id: world.agent.did, unknown: '' })).toBe(
      'ok',
    )
  })

  test('never longer than a link, and never longer than the configured time', async () => {
    const { world, held } = await begin({ validForSeconds: 40 }, { tokenSeconds: 300 })
    const claims = await readToken(world, tokenOf(await post(world, '/token', exchangeOf(held.chain))))
    expect(claims.expiresAt).toBe(held.leaf.validUntil)
  })
})

describe('what a token may say', () => {
  const BOTH: readonly Capability[] = parseCapabilities([
    { type: 'http', locations: [API, OTHER_API], actions: ['GET', 'POST'], paths: ['/issues/**'] },
    {
      type: 'http',
      locations: [OTHER_API],
      actions: ['PUT'],
      paths: ['/issues/*'],
      constraints: { body: { text: { maxLength: 5 } } },
    },
  ])
  const ask = (
    chain: readonly string[],
    details: unknown,
    more: Record<string, string> = {},
  ): Parameters => ({
    ...exchangeOf(chain),
    authorization_details: typeof details === 'string' ? details : JSON.stringify(details),
    ...more,
  })

  test('is narrowed to its resource, and to what was asked for', async () => {
    const { world, held } = await begin({ capabilities: BOTH })
    const whole = await readToken(world, tokenOf(await post(world, '/token', exchangeOf(held.chain))))
    expect(whole.capabilities).toEqual([
      { type: 'http', locations: [API], actions: ['GET', 'POST'], paths: ['/issues/**'] },
    ])
    const part = await readToken(world, tokenOf(await post(world, '/token', ask(held.chain, READ_ONE))))
    expect(part.capabilities).toEqual(READ_ONE)
  })

  const TOO_MUCH: readonly (readonly [string, unknown])[] = [
    ['another action', [{ ...READ_ONE[0], actions: ['DELETE'] }]],
    ['another path', [{ ...READ_ONE[0], paths: ['/admin'] }]],
    ['another resource', [{ ...READ_ONE[0], locations: [OTHER_API] }]],
    ['one resource more', [{ ...READ_ONE[0], locations: [API, OTHER_API] }]],
    ['an unknown type', [{ type: 'payment', locations: [API] }]],
    ['an unknown constraint', [{ ...READ_ONE[0], constraints: { moon: 'full' } }]],
    ['nothing', []],
    ['no list', {}],
    ['no JSON', '[}'],
    ['a member twice', '[{"type":"http","type":"mcp"}]'],
  ]

  test('is never more than that', async () => {
    const { world, held } = await begin({ capabilities: BOTH })
    for (const [what, details] of TOO_MUCH) {
      expect([what, await codeOf(world, ask(held.chain, details))]).toEqual([what, 'invalid_scope'])
    }
  })

  test('no constraint that a proof of the key does not cover', async () => {
    const { world, held } = await begin({ capabilities: BOTH })
    const refused = await post(world, '/token', { ...exchangeOf(held.chain), resource: OTHER_API })
    expect(refused).toMatchObject({ status: 400, code: 'invalid_scope' })
    expect(refused.json['error_description']).toContain('ask for capabilities without them')
    const constrained = [{ ...BOTH[1], locations: [OTHER_API] }]
    expect(await codeOf(world, ask(held.chain, constrained, { resource: OTHER_API }))).toBe('invalid_scope')
    const without = [{ type: 'http', locations: [OTHER_API], actions: ['PUT'], paths: ['/issues/*'] }]
    expect(await codeOf(world, ask(held.chain, without, { resource: OTHER_API }))).toBe('invalid_scope')
    const other = [{ ...READ_ONE[0], locations: [OTHER_API] }]
    expect(await codeOf(world, ask(held.chain, other, { resource: OTHER_API }))).toBe('ok')
  })

  test('no scope, no resource that is not named, not two', async () => {
    const { world, held } = await begin({ capabilities: BOTH })
    const exchange = exchangeOf(held.chain)
    expect(await codeOf(world, { ...exchange, scope: 'admin' })).toBe('invalid_scope')
    expect(await codeOf(world, { ...exchange, resource: 'https://evil.test' })).toBe('invalid_target')
    expect(await codeOf(world, { ...exchange, resource: `${API}/` })).toBe('invalid_target')
    expect(await codeOf(world, { ...exchange, audience: OTHER_API })).toBe('invalid_target')
    expect(await codeOf(world, { ...exchange, resource: undefined })).toBe('invalid_target')
    const twice = [...Object.entries(exchange), ['resource', OTHER_API] as const]
    expect(await codeOf(world, twice)).toBe('invalid_target')
  })

  test('nothing of a delegation whose uses are counted', async () => {
    const { world, held } = await begin({ maxUses: 3 })
    expect(await codeOf(world, exchangeOf(held.chain))).toBe('invalid_grant')
  })
})

describe('who may exchange', () => {
  test('only the key of the last delegation', async () => {
    const { world, held } = await begin({ maxDelegationDepth: 1 })
    expect(await codeOf(world, exchangeOf(held.chain), 'thief')).toBe('invalid_grant')
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    expect(await codeOf(world, exchangeOf(chain))).toBe('invalid_grant')
    expect(await codeOf(world, exchangeOf(chain), 'agent 1')).toBe('ok')
  })

  test('nobody without a proof, or with a signature that is wrong', async () => {
    const { world, held } = await begin()
    const unproven = await post(world, '/token', exchangeOf(held.chain), { proof: null })
    expect(unproven).toMatchObject({ status: 400, code: 'invalid_dpop_proof' })
    expect(unproven.json['error']).toBe('invalid_dpop_proof')
    const signed = await world.agent.send({
      method: 'POST',
      path: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: spellForm(exchangeOf(held.chain)),
      signedFor: 'https://evil.test',
    })
    expect(signed).toMatchObject({ status: 401, code: 'signature_invalid' })
    expect(signed.json['error']).toBe('invalid_client')
    expect(signed.headers.get('content-type')).toBe('application/json')
  })

  test('not as somebody else', async () => {
    const { world, held } = await begin()
    const said = { ...exchangeOf(held.chain), client_id: didOf('somebody') }
    expect(await post(world, '/token', said)).toMatchObject({ status: 401, code: 'invalid_client' })
  })

  test('a proof holds once, for one address, and with a nonce that was just given', async () => {
    const { world, held } = await begin()
    const exchange = exchangeOf(held.chain)
    const proof = await proofFor(world, {})
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(world, '/token', exchange, { proof })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ code }) => code === 'invalid_dpop_proof')).toHaveLength(3)
    const elsewhere = await proofFor(world, { path: '/introspect' })
    expect(await post(world, '/token', exchange, { proof: elsewhere })).toMatchObject({
      code: 'invalid_dpop_proof',
    })
    const early = await proofFor(world, { now: world.clock() - 301_000 })
    expect(await post(world, '/token', exchange, { proof: early })).toMatchObject({
      code: 'invalid_dpop_proof',
    })
    const wrong = await post(world, '/token', exchange, { nonce: 'of-somebody-else' })
    expect(wrong).toMatchObject({ status: 400, code: 'use_dpop_nonce' })
    expect(wrong.json['error']).toBe('use_dpop_nonce')
    const given = wrong.headers.get('dpop-nonce') ?? ''
    expect(await post(world, '/token', exchange, { nonce: given })).toMatchObject({ status: 200 })
    world.clock.advance(241)
    expect(await post(world, '/token', exchange, { nonce: given })).toMatchObject({ code: 'use_dpop_nonce' })
  })

  test('no revoked key', async () => {
    const { world, held } = await begin()
    await world.operator.client.revoke({ agent: world.agent.did })
    expect(await post(world, '/token', exchangeOf(held.chain))).toMatchObject({
      status: 401,
      code: 'key_revoked',
    })
  })
})

describe('what cannot be exchanged', () => {
  const WRONG: readonly (readonly [string, (exchange: Record<string, string>) => Parameters])[] = [
    ['no grant', (all) => ({ ...all, grant_type: undefined })],
    ['another grant', (all) => ({ ...all, grant_type: 'client_credentials' })],
    ['no subject token', (all) => ({ ...all, subject_token: undefined })],
    ['an empty one', (all) => ({ ...all, subject_token: '' })],
    ['two of them', (all) => [...Object.entries(all), ['subject_token', 'x']]],
    [
      'none and an empty one',
      (all) => [...Object.entries({ ...all, subject_token: '' }), ['subject_token', '']],
    ],
    ['no type', (all) => ({ ...all, subject_token_type: undefined })],
    ['an unknown type', (all) => ({ ...all, subject_token_type: 'urn:x' })],
    [
      'a chain as an access token',
      (all) => ({
        ...all,
        subject_token_type: ACCESS_TOKEN,
        actor_token: all['subject_token'],
        actor_token_type: CHAIN,
      }),
    ],
    [
      'a link as an access token',
      (all) => ({
        ...all,
        subject_token: all['subject_token']?.slice(1, -1),
        subject_token_type: ACCESS_TOKEN,
        actor_token: all['subject_token'],
        actor_token_type: CHAIN,
      }),
    ],
    ['a link that is not quoted', (all) => ({ ...all, subject_token: all['subject_token']?.slice(1, -1) })],
    ['an actor beside a chain', (all) => ({ ...all, actor_token: 'x' })],
    [
      'another kind of token',
      (all) => ({ ...all, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }),
    ],
  ]

  test('what is said in another way than the standard has it', async () => {
    const { world, held } = await begin()
    const exchange = exchangeOf(held.chain)
    for (const [what, change] of WRONG) {
      expect([what, await codeOf(world, change(exchange))]).toEqual([what, 'invalid_request'])
    }
    expect(await codeOf(world, exchangeOf(['a.b.c']))).toBe('credential_malformed')
    expect(await codeOf(world, exchange)).toBe('ok')
  })

  test('a body that is no form', async () => {
    const { world, held } = await begin()
    const headers = { 'content-type': 'application/json' }
    expect(await post(world, '/token', exchangeOf(held.chain), { headers })).toMatchObject({
      status: 400,
      code: 'invalid_request',
    })
  })

  test('a chain that is too large is refused, and nothing else is used in its place', async () => {
    const { world, held } = await begin()
    const link = held.chain[0] ?? ''
    const long = `${link}${'A'.repeat(12_001 - link.length)}`
    const refused = await post(world, '/token', exchangeOf([long]))
    expect(refused).toMatchObject({ status: 400, code: 'credential_too_large' })
    expect(refused.json['error']).toBe('invalid_request')
    const huge = await post(world, '/token', exchangeOf([`${link}${'A'.repeat(66_000)}`]))
    expect(huge).toMatchObject({ status: 413, code: 'request_too_large' })
    expect(huge.json['error']).toBe('invalid_request')
    const events = await world.operator.client.listEvents()
    expect(events.filter(({ type }) => type === 'token_exchanged')).toEqual([])
  })

  test('a chain of another issuer, one that has ended, one whose signature is wrong', async () => {
    const { world, held } = await begin({ validForSeconds: 60 })
    const [link = ''] = held.chain
    const broken = `${link.slice(0, -4)}${link.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    const refused = await post(world, '/token', exchangeOf([broken]))
    expect(refused.json).toMatchObject({ error: 'invalid_grant', code: 'credential_signature_invalid' })
    world.clock.advance(61)
    const ended = await post(world, '/token', exchangeOf(held.chain))
    expect(ended.json).toMatchObject({ error: 'invalid_grant', code: 'credential_expired' })
    expect(ended.status).toBe(400)
    const other = await createWorld({ seed: seedOf('another authority') })
    const foreign = await post(other, '/token', exchangeOf((await obtain(world)).chain))
    expect(foreign.json).toMatchObject({ error: 'invalid_grant', code: 'issuer_untrusted' })
  })
})

describe('a chain that was revoked mints nothing', () => {
  test.each(['root', 'middle', 'leaf'])('whichever link: %s', async (which) => {
    const { world } = await begin()
    const { chain, by } = await obtainChain(world, 3)
    expect(await codeOf(world, exchangeOf(chain), by)).toBe('ok')
    const ids = chain.map((link) => readText(payloadOf(link)['id']))
    const delegation = ids[['root', 'middle', 'leaf'].indexOf(which)] ?? ''
    await world.operator.client.revoke({ delegation })
    expect(await codeOf(world, exchangeOf(chain), by)).toBe('credential_revoked')
  })

  test('nor one with a revoked key in it, nor one of a revoked issuer', async () => {
    const { world } = await begin()
    const { chain, by } = await obtainChain(world, 3)
    await world.operator.client.revoke({ agent: didOf('agent 1') })
    expect(await codeOf(world, exchangeOf(chain), by)).toBe('key_revoked')
    const again = await obtain(world)
    await world.operator.client.revoke({ issuer_key: again.leaf.kid })
    expect(await codeOf(world, exchangeOf(again.chain))).toBe('key_revoked')
  })

  test('however many ask while it is revoked', async () => {
    const { world, held } = await begin()
    const ask = (): Promise<string> => codeOf(world, exchangeOf(held.chain))
    const before = Array.from({ length: 8 }, ask)
    const revoked = world.operator.client.revoke({ delegation: held.id })
    const codes = await Promise.all(before)
    await revoked
    expect(codes.every((code) => code === 'ok' || code === 'credential_revoked')).toBe(true)
    expect(await ask()).toBe('credential_revoked')
    const events = await world.operator.client.listEvents()
    const types = events.map(({ type }) => type)
    expect(types.lastIndexOf('token_exchanged')).toBeLessThan(types.indexOf('delegation_revoked'))
  })
})

describe('a token is exchanged further', () => {
  /** A token of the agent, and the chain that goes on from it to another agent. */
  async function beginHop(more: Record<string, unknown> = {}): Promise<{
    readonly world: World
    readonly token: string
    readonly chain: readonly string[]
  }> {
    const { world, held } = await begin({ maxDelegationDepth: 1, ...more })
    const token = tokenOf(await post(world, '/token', exchangeOf(held.chain)))
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    return { world, token, chain }
  }

  test('by whom its agent delegated to, and no longer than it lives', async () => {
    const { world, token, chain } = await beginHop()
    world.clock.advance(20)
    const answer = await post(world, '/token', hopOf(token, chain), { by: 'agent 1' })
    expect(answer.json['expires_in']).toBe(40)
    const claims = await readToken(world, tokenOf(answer))
    expect(claims.actors).toEqual([didOf('agent 1'), world.agent.did])
  })

  test('not alone: there is no second life', async () => {
    const { world, token } = await beginHop()
    const alone = { ...hopOf(token, []), actor_token: undefined, actor_token_type: undefined }
    expect(await codeOf(world, alone)).toBe('invalid_request')
    expect(await codeOf(world, { ...exchangeOf([token]) })).toBe('credential_type_mismatch')
  })

  test('not with a chain that does not go on from it', async () => {
    const { world, token, chain } = await beginHop()
    const other = await obtain(world, { purpose: 'Another one', maxDelegationDepth: 1 })
    const beside = await world.agent.wallet.delegate({ to: didOf('agent 1'), parent: other.id })
    expect(await codeOf(world, hopOf(token, beside.chain), 'agent 1')).toBe('invalid_grant')
    expect(await codeOf(world, hopOf(token, chain.slice(0, 1)))).toBe('invalid_grant')
    expect(await codeOf(world, hopOf(token, chain), 'agent')).toBe('invalid_grant')
    const typed = { ...hopOf(token, chain), actor_token_type: ACCESS_TOKEN }
    expect(await codeOf(world, typed, 'agent 1')).toBe('invalid_request')
  })

  test('not one that has ended or was revoked, was signed by another or is for another', async () => {
    const { world, token, chain } = await beginHop()
    const claims = await readToken(world, token)
    const forged = await signAccessToken(claims, createEd25519Signer(seedOf('thief')))
    expect(await codeOf(world, hopOf(forged, chain), 'agent 1')).toBe('invalid_token')
    await post(world, '/revoke', { token })
    expect(await codeOf(world, hopOf(token, chain), 'agent 1')).toBe('invalid_grant')
    const again = await beginHop()
    again.world.clock.advance(61)
    expect(await codeOf(again.world, hopOf(again.token, again.chain), 'agent 1')).toBe('invalid_token')
  })

  test('not for more at its resource than it said', async () => {
    const { world, held } = await begin({ maxDelegationDepth: 1 })
    const narrow = { ...exchangeOf(held.chain), authorization_details: JSON.stringify(READ_ONE) }
    const token = tokenOf(await post(world, '/token', narrow))
    const { chain } = await world.agent.wallet.delegate({ to: didOf('agent 1') })
    expect(await codeOf(world, hopOf(token, chain), 'agent 1')).toBe('invalid_scope')
    const same = { ...hopOf(token, chain), authorization_details: JSON.stringify(READ_ONE) }
    expect(await codeOf(world, same, 'agent 1')).toBe('ok')
  })
})

describe('what is published', () => {
  test('metadata', async () => {
    const world = await createWorld()
    const { json } = await world.get('/.well-known/oauth-authorization-server')
    expect(json).toMatchObject({
      issuer: world.origin,
      authorization_endpoint: `${world.origin}/requests`,
      token_endpoint: `${world.origin}/token`,
      jwks_uri: `${world.origin}/.well-known/jwks.json`,
      dpop_signing_alg_values_supported: ['EdDSA', 'Ed25519'],
      response_types_supported: [],
    })
  })

  test('the next key before it signs, and the last one as long as its tokens live', async () => {
    const { world, held } = await begin({ validForSeconds: 3600 })
    const [first = '', second = ''] = [...(await readKeys(world)).keys()]
    expect((await readKeys(world)).size).toBe(2)
    const rotate = (): Promise<{ status: number; json: JsonObject; code: string | undefined }> =>
      world.operator.send({ method: 'POST', path: '/token-keys' })
    const told = START
    const { client } = world.operator
    expect(await client.listTokenKeys()).toEqual({
      keys: [
        { kid: first, state: 'signing', publishedAt: told },
        { kid: second, state: 'next', publishedAt: told },
      ],
      rotatableAt: told + 300_000,
    })
    expect(await rotate()).toMatchObject({ status: 429, code: 'rate_limited' })
    world.clock.advance((told + 299_000 - world.clock()) / 1000)
    await expect(client.rotateTokenKeys()).rejects.toMatchObject({ code: 'rate_limited' })
    world.clock.advance(1)
    const before = tokenOf(await post(world, '/token', exchangeOf(held.chain)))
    expect(await rotate()).toMatchObject({ status: 201, json: { kid: second } })
    const kids = [...(await readKeys(world)).keys()]
    expect(kids).toHaveLength(3)
    expect(kids.slice(0, 1)).toEqual([second])
    const rotated = told + 300_000
    expect(await client.listTokenKeys()).toEqual({
      keys: [
        { kid: second, state: 'signing', publishedAt: told },
        {
          kid: first,
          state: 'retired',
          publishedAt: told,
          retiredAt: rotated,
          publishedUntil: rotated + 305_000,
        },
        { kid: kids.at(-1), state: 'next', publishedAt: rotated },
      ],
      rotatableAt: rotated + 300_000,
    })
    const after = tokenOf(await post(world, '/token', exchangeOf(held.chain)))
    const kidOf = (token: string): unknown =>
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
    expect([before, after].map(kidOf)).toEqual([first, second])
    await readToken(world, before)
    await readToken(world, after)
    world.clock.advance(304)
    expect([...(await readKeys(world)).keys()]).toContain(first)
    world.clock.advance(1)
    expect([...(await readKeys(world)).keys()]).not.toContain(first)
    expect((await client.listTokenKeys()).keys.map(({ kid }) => kid)).not.toContain(first)
    const events = await world.operator.client.listEvents()
    expect(events.find(({ type }) => type === 'token_key_rotated')).toMatchObject({
      data: { retired: first, kid: second, by: world.operator.did },
    })
  })

  test('the same keys after a restart, and none of another authority', async () => {
    const world = await createWorld()
    const before = [...(await readKeys(world)).keys()]
    expect([...(await readKeys(await world.restart())).keys()]).toEqual(before)
    const other = await createWorld({ seed: seedOf('another authority') })
    expect([...(await readKeys(other)).keys()].some((kid) => before.includes(kid))).toBe(false)
    expect(before).not.toContain(tokenKeyId(createEd25519Signer(seedOf('authority')).publicKey))
  })

  test('keys are rotated and listed by operators alone', async () => {
    const world = await createWorld()
    expect((await world.agent.send({ path: '/token-keys' })).code).toBe('forbidden')
    expect(await world.agent.send({ method: 'POST', path: '/token-keys' })).toMatchObject({
      code: 'forbidden',
    })
  })
})

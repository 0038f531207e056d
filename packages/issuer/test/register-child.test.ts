import type { JsonObject } from '@behalf/core'
import { type DelegationTerms, parseDelegation, verifyDelegationChain } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { checkCapabilities } from '../src/check-terms.ts'
import {
  createParty,
  createWorld,
  delegate,
  idOf,
  ORIGIN,
  type Party,
  proposeChild,
  READ_ALL,
  READ_ONE,
  START,
  signChild,
  type World,
} from './support/issuer-world.ts'

const refused = (code: string, more: Record<string, unknown> = {}): unknown =>
  expect.objectContaining({ code, ...more })
const SUB = createParty('sub-agent')
const THIRD = createParty('third agent')

interface Setting {
  readonly world: World
  readonly chain: readonly string[]
}

async function createSetting(depth = 2): Promise<Setting> {
  const world = await createWorld()
  const { chain } = await world.obtain({ maxDelegationDepth: depth, workflow: { id: 'triage', run: '7' } })
  return { world, chain }
}

interface Attempt {
  readonly child?: JsonObject
  readonly changes?: Partial<DelegationTerms>
  readonly to?: Party
  readonly caller?: Party
  readonly chain?: readonly string[]
  readonly delegationId?: string
}

function register({ world, chain }: Setting, attempt: Attempt = {}): Promise<unknown> {
  const { to = SUB, changes = {}, caller = world.agent } = attempt
  return world.issuer.registerChild({
    caller: caller.did,
    delegationId: attempt.delegationId ?? idOf(chain.at(-1) ?? ''),
    chain: attempt.chain ?? chain,
    child: attempt.child ?? proposeChild(world, { chain, to, changes }),
  })
}

describe('registering a child', () => {
  test('gives a status entry with which the chain verifies', async () => {
    const { world, chain } = await createSetting()
    const whole = await delegate(world, { chain, from: world.agent, to: SUB })
    const verified = verifyDelegationChain(whole, {
      issuers: () => world.authority.signer.publicKey,
      now: START,
    })
    expect(verified.leaf).toMatchObject({ issuer: world.agent.did, subject: SUB.did })
    expect(verified.leaf.status).toMatchObject({
      statusPurpose: 'revocation',
      statusListCredential: `${ORIGIN}/status/lists/1`,
    })
    expect(verified.leaf.status.statusListIndex).not.toBe(verified.root.status.statusListIndex)
  })

  test('is on record, with the proposal as it will be signed', async () => {
    const { world, chain } = await createSetting()
    const whole = await delegate(world, { chain, from: world.agent, to: SUB })
    const [root, leaf] = whole.map(parseDelegation)
    expect(world.store.state().delegations.get(leaf?.id ?? '')).toMatchObject({
      parentId: root?.id,
      rootId: root?.id,
      delegator: world.agent.did,
      subject: SUB.did,
      payload: { id: leaf?.id, credentialStatus: leaf?.status },
    })
    expect(world.store.state().events.at(-1)).toMatchObject({
      type: 'sub_delegated',
      data: { delegation: leaf?.id, parent: root?.id, issuer: world.agent.did, subject: SUB.did },
    })
  })

  test('works at every depth that the chain allows', async () => {
    const { world, chain } = await createSetting()
    const second = await delegate(world, { chain, from: world.agent, to: SUB })
    const third = await delegate(world, { chain: second, from: SUB, to: THIRD })
    const [root, , leaf] = third.map(parseDelegation)
    expect(world.store.state().delegations.get(leaf?.id ?? '')).toMatchObject({ rootId: root?.id })
    const tooDeep = register(
      { world, chain: third },
      { caller: THIRD, to: createParty('fourth'), changes: { maxDelegationDepth: 0 } },
    )
    await expect(tooDeep).rejects.toThrow(refused('delegation_not_permitted'))
  })

  test('may be narrower in everything', async () => {
    const setting = await createSetting()
    const changes = {
      capabilities: checkCapabilities(READ_ONE, 'capabilities'),
      maxUses: 1,
      maxDelegationDepth: 0,
      validUntil: START + 60_000,
      purpose: 'Only this one',
    }
    await expect(register(setting, { changes })).resolves.toHaveProperty('credentialStatus')
  })

  test.each<[string, Partial<DelegationTerms>, string, string]>([
    [
      'wider paths',
      { capabilities: checkCapabilities(READ_ALL, 'c') },
      'attenuation_violation',
      'capabilities',
    ],
    ['the same depth', { maxDelegationDepth: 2 }, 'attenuation_violation', 'maxDelegationDepth'],
    ['a later end', { validUntil: START + 601_000 }, 'attenuation_violation', 'validUntil'],
    ['an earlier beginning', { validFrom: START - 1000 }, 'attenuation_violation', 'validFrom'],
    ['another principal', { onBehalfOf: { id: 'acct-43', tenant: 'acme' } }, 'chain_broken', 'onBehalfOf'],
    ['no tenant', { onBehalfOf: { id: 'acct-42' } }, 'chain_broken', 'onBehalfOf'],
    ['another workflow', { workflow: { id: 'other' } }, 'chain_broken', 'workflow'],
    [
      'another parent',
      {
        parent: { id: 'urn:uuid:00000000-0000-4000-8000-000000000000', digest: `sha-256:${'A'.repeat(43)}` },
      },
      'chain_broken',
      'parent',
    ],
    [
      'an unknown type',
      { capabilities: [{ type: 'unknown', value: { type: 'smtp' } }] },
      'policy_unknown',
      'capabilities',
    ],
  ])('is refused with %s', async (_name, changes, code, field) => {
    const setting = await createSetting()
    await expect(register(setting, { changes })).rejects.toThrow(refused(code, { field, link: 1 }))
    expect(setting.world.store.state().positions.size).toBe(1)
  })

  test('is refused when the parent may not delegate', async () => {
    const setting = await createSetting(0)
    const attempt = register(setting, { changes: { maxDelegationDepth: 0 } })
    await expect(attempt).rejects.toThrow(refused('delegation_not_permitted'))
  })

  test('is refused when it has ended already', async () => {
    const setting = await createSetting()
    const child = proposeChild(setting.world, {
      chain: setting.chain,
      to: SUB,
      changes: { validUntil: START + 10_000 },
    })
    setting.world.advance(10)
    await expect(register(setting, { child })).rejects.toThrow(
      refused('input_invalid', { field: 'child.validUntil' }),
    )
  })

  test('is refused with a purpose that hides something', async () => {
    const setting = await createSetting()
    const attempt = register(setting, { changes: { purpose: 'a\u202Eb' } })
    await expect(attempt).rejects.toThrow(refused('input_invalid', { field: 'child.purpose' }))
  })

  test('is refused with a status entry of its own choice', async () => {
    const setting = await createSetting()
    const child = proposeChild(setting.world, { chain: setting.chain, to: SUB })
    const attempt = register(setting, { child: { ...child, credentialStatus: {} } })
    await expect(attempt).rejects.toThrow(refused('input_invalid', { field: 'child.credentialStatus' }))
  })

  test.each<[string, (child: JsonObject) => JsonObject, string]>([
    ['a claim that disagrees', (child) => ({ ...child, exp: 1 }), 'format_mismatch'],
    ['a member nobody knows', (child) => ({ ...child, extra: true }), 'credential_malformed'],
    ['another type', (child) => ({ ...child, type: ['VerifiableCredential'] }), 'credential_type_mismatch'],
    ['no payload at all', () => ({}), 'credential_type_mismatch'],
    [
      'an issuer that is not the caller',
      (child) => ({ ...child, issuer: THIRD.did, iss: THIRD.did }),
      'issuer_mismatch',
    ],
  ])('is refused with %s, as a verifier would', async (_name, change, code) => {
    const setting = await createSetting()
    const child = change(proposeChild(setting.world, { chain: setting.chain, to: SUB }))
    await expect(register(setting, { child })).rejects.toThrow(refused(code))
  })

  test('is refused for an agent that the chain has passed', async () => {
    const { world, chain } = await createSetting()
    const second = await delegate(world, { chain, from: world.agent, to: SUB })
    for (const to of [world.agent, SUB, world.authority]) {
      await expect(register({ world, chain: second }, { caller: SUB, to })).rejects.toThrow(
        refused('chain_cycle'),
      )
    }
  })

  test('is refused with an id that is taken', async () => {
    const setting = await createSetting()
    const child = proposeChild(setting.world, { chain: setting.chain, to: SUB })
    await register(setting, { child })
    const before = setting.world.store.state().positions.size
    await expect(register(setting, { child })).rejects.toThrow(
      refused('input_invalid', { field: 'child.id' }),
    )
    expect(setting.world.store.state().positions.size).toBe(before)
  })

  test('is refused under a chain that is too long', async () => {
    const setting = await createSetting()
    const chain = Array.from({ length: 9 }, () => setting.chain[0] ?? '')
    await expect(register(setting, { chain })).rejects.toThrow(refused('chain_too_deep'))
  })

  test('is refused at last when every agent delegates on: a chain has an end', async () => {
    const world = await createWorld()
    let { chain } = await world.obtain({ maxDelegationDepth: 7 })
    let from = world.agent
    const grow = async (): Promise<void> => {
      for (let link = 1; link < 8; link += 1) {
        const to = createParty(`agent ${link}`)
        chain = await delegate(world, { chain, from, to })
        from = to
      }
    }
    await expect(grow()).rejects.toThrow(refused('credential_too_large'))
    expect(chain.join('').length).toBeGreaterThan(9000)
    expect(chain.join('').length).toBeLessThanOrEqual(12_000)
  })

  test('is refused when it makes the chain too large', async () => {
    const setting = await createSetting()
    const paths = Array.from({ length: 500 }, (_, index) => `/issues/${index}/comments`)
    const capabilities = checkCapabilities(
      [{ type: 'http', locations: ['https://api.test'], actions: ['GET'], paths }],
      'capabilities',
    )
    await expect(register(setting, { changes: { capabilities } })).rejects.toThrow(
      refused('credential_too_large'),
    )
  })

  test('is refused beyond the limit of children', async () => {
    const world = await createWorld({ limits: { childrenPerDelegation: 2 } })
    const { chain } = await world.obtain({ maxDelegationDepth: 1 })
    await register({ world, chain })
    await register({ world, chain })
    await expect(register({ world, chain })).rejects.toThrow(refused('rate_limited'))
  })
})

describe('who may register a child', () => {
  test('only the subject of the last link: to anybody else it is not there', async () => {
    const setting = await createSetting()
    for (const caller of [SUB, setting.world.operator, setting.world.authority]) {
      await expect(register(setting, { caller })).rejects.toThrow(refused('not_found'))
    }
  })

  test('not under another delegation than the one named', async () => {
    const setting = await createSetting()
    const other = await setting.world.obtain({ maxDelegationDepth: 1 })
    const attempt = register(setting, { delegationId: idOf(other.delegation) })
    await expect(attempt).rejects.toThrow(refused('not_found'))
  })

  test('not under a chain of another issuer', async () => {
    const setting = await createSetting()
    const other = await createWorld({
      signer: SUB.signer,
      did: SUB.did,
      kid: SUB.kid,
    })
    const { chain } = await other.obtain({ maxDelegationDepth: 2 })
    const child = proposeChild(other, { chain, to: THIRD })
    const attempt = register(setting, { chain, child, delegationId: idOf(chain[0] ?? '') })
    await expect(attempt).rejects.toThrow(refused('issuer_untrusted'))
  })

  test('not under a chain whose signature is wrong', async () => {
    const setting = await createSetting()
    const [root = ''] = setting.chain
    const [header, payload] = root.split('.')
    const forged = [`${header}.${payload}.${'A'.repeat(86)}`]
    await expect(register(setting, { chain: forged })).rejects.toThrow(
      refused('credential_signature_invalid'),
    )
  })

  test('not under an expired chain', async () => {
    const setting = await createSetting()
    const child = proposeChild(setting.world, { chain: setting.chain, to: SUB })
    setting.world.advance(606)
    await expect(register(setting, { child })).rejects.toThrow(refused('credential_expired', { link: 0 }))
  })

  test('not under no chain', async () => {
    await expect(register(await createSetting(), { chain: [] })).rejects.toThrow(
      refused('credential_missing'),
    )
  })
})

describe('a child of a dead chain', () => {
  test.each([0, 1])('is refused when link %i is revoked', async (link) => {
    const { world, chain } = await createSetting()
    const whole = await delegate(world, { chain, from: world.agent, to: SUB })
    const caller = { did: world.operator.did, operator: true }
    await world.issuer.revokeDelegation({ id: idOf(whole[link] ?? ''), caller })
    const attempt = register({ world, chain: whole }, { caller: SUB, to: THIRD })
    await expect(attempt).rejects.toThrow(refused('credential_revoked', { link }))
  })

  test.each<[string, (world: World) => Party, number]>([
    ['the agent above', (world) => world.agent, 0],
    ['the caller', () => SUB, 1],
    ['the new agent', () => THIRD, 2],
  ])('is refused when the key of %s is revoked', async (_name, pick, link) => {
    const { world, chain } = await createSetting()
    const whole = await delegate(world, { chain, from: world.agent, to: SUB })
    await world.issuer.revokeKey({ agent: pick(world).did, operator: world.operator.did })
    const attempt = register({ world, chain: whole }, { caller: SUB, to: THIRD })
    await expect(attempt).rejects.toThrow(refused('key_revoked', { link }))
  })

  test('is refused below a link that was never registered', async () => {
    const { world, chain } = await createSetting()
    const child = proposeChild(world, { chain, to: SUB })
    const status = { ...parseDelegation(chain[0] ?? '').status, statusListIndex: '7' }
    const whole = [...chain, await signChild(child, { from: world.agent, status })]
    const attempt = register({ world, chain: whole }, { caller: SUB, to: THIRD })
    await expect(attempt).rejects.toThrow(refused('status_invalid', { link: 1 }))
  })

  test('is refused below a link that carries another entry than it was given', async () => {
    const { world, chain } = await createSetting()
    const child = proposeChild(world, { chain, to: SUB })
    const { credentialStatus } = await world.issuer.registerChild({
      caller: world.agent.did,
      delegationId: idOf(chain[0] ?? ''),
      chain,
      child,
    })
    const other = (Number(credentialStatus.statusListIndex) + 1) % 131_072
    for (const status of [
      { ...credentialStatus, statusListIndex: String(other) },
      { ...credentialStatus, statusListCredential: `${ORIGIN}/status/lists/2` },
    ]) {
      const whole = [...chain, await signChild(child, { from: world.agent, status })]
      const attempt = register({ world, chain: whole }, { caller: SUB, to: THIRD })
      await expect(attempt).rejects.toThrow(refused('status_invalid', { link: 1 }))
    }
  })
})

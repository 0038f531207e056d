import { verifyDelegationChain } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { didKeyIssuers } from '../src/check-chain.ts'
import type { HeldDelegation } from '../src/held-delegation.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { last } from './support/fake-api.ts'
import { json, problem } from './support/fake-authority.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import {
  AGENT,
  API,
  AUTHORITY,
  createKey,
  issueChild,
  issueRoot,
  NOW,
  READ_ISSUES,
  SUB_AGENT,
  statusEntry,
} from './support/world.ts'

const TO = { to: SUB_AGENT.did }

let world: TestWallet
let parent: HeldDelegation

beforeEach(async () => {
  world = createTestWallet()
  parent = await world.wallet.receive([
    await issueRoot({ workflow: { id: 'triage', run: 'run-7' }, maxDelegationDepth: 2 }),
  ])
})

describe('passing on a delegation', () => {
  test('gives a bundle that the other agent can receive and use', async () => {
    const bundle = await world.wallet.delegate(TO)
    const other = createTestWallet({ seed: SUB_AGENT.seed })
    await other.wallet.receive(JSON.parse(JSON.stringify(bundle)))
    await other.wallet.fetch(`${API}/issues/7`)
    expect(other.api.lastProof().chain).toEqual(bundle.chain)
    expect(bundle.chain[0]).toBe(parent.chain[0])
  })

  test('says by default what the parent says, with no right to pass it on', async () => {
    const { chain } = await world.wallet.delegate(TO)
    const { leaf } = verifyDelegationChain(chain, { issuers: didKeyIssuers, now: NOW })
    expect(leaf).toMatchObject({
      issuer: AGENT.did,
      subject: SUB_AGENT.did,
      onBehalfOf: parent.leaf.onBehalfOf,
      workflow: parent.leaf.workflow,
      capabilities: parent.leaf.capabilities,
      purpose: parent.leaf.purpose,
      maxDelegationDepth: 0,
      parent: { id: parent.id, digest: parent.leaf.digest },
      validFrom: NOW,
      validUntil: parent.leaf.validUntil,
      issuedAt: NOW,
    })
    expect(leaf.maxUses).toBeUndefined()
  })

  test('says what the caller says, within the parent', async () => {
    const capabilities = [{ ...READ_ISSUES, actions: ['GET'] }]
    const { chain } = await world.wallet.delegate({
      ...TO,
      capabilities,
      validForSeconds: 60,
      maxUses: 3,
      maxDelegationDepth: 1,
      purpose: 'Read one issue',
    })
    const { leaf } = verifyDelegationChain(chain, { issuers: didKeyIssuers, now: NOW })
    expect(leaf).toMatchObject({
      capabilities,
      validUntil: NOW + 60_000,
      maxUses: 3,
      maxDelegationDepth: 1,
      purpose: 'Read one issue',
    })
  })

  test('ends with its parent, however long was asked for', async () => {
    const { chain } = await world.wallet.delegate({ ...TO, validForSeconds: 10_000 })
    const { leaf } = verifyDelegationChain(chain, { issuers: didKeyIssuers, now: NOW })
    expect(leaf.validUntil).toBe(parent.leaf.validUntil)
  })

  test('begins with its parent when our clock is behind', async () => {
    const late = createTestWallet()
    await late.wallet.receive([await issueRoot({ validFrom: NOW + 5_000 })])
    const { chain } = await late.wallet.delegate(TO)
    const { leaf } = verifyDelegationChain(chain, { issuers: didKeyIssuers, now: NOW + 5_000 })
    expect(leaf.validFrom).toBe(NOW + 5_000)
  })

  test('registers with the authority of the parent first: the chain, and the payload without a status', async () => {
    const { chain } = await world.wallet.delegate(TO)
    const { route, agent, json: body, sent } = last(world.authority.calls)
    expect(route).toBe(`POST /delegations/${parent.id}/children`)
    expect(sent.url.startsWith(AUTHORITY)).toBe(true)
    expect(agent).toBe(AGENT.did)
    expect(body['chain']).toEqual(parent.chain)
    const signed = JSON.parse(Buffer.from(chain.at(-1)?.split('.')[1] ?? '', 'base64url').toString())
    expect(body['child']).toEqual({ ...signed, credentialStatus: undefined })
    expect(body['child']).not.toHaveProperty('credentialStatus')
    expect(body['child']).toMatchObject({ credentialSubject: { parent: { id: parent.id } } })
  })

  test('has the status entry that the authority gave', async () => {
    const credentialStatus = statusEntry()
    world.authority.answer(`POST /delegations/${parent.id}/children`, json(201, { credentialStatus }))
    const { chain } = await world.wallet.delegate(TO)
    expect(verifyDelegationChain(chain, { issuers: didKeyIssuers, now: NOW }).leaf.status).toEqual(
      credentialStatus,
    )
  })

  test('is remembered', async () => {
    const { chain } = await world.wallet.delegate(TO)
    expect(world.wallet.issued().map((issued) => issued.chain)).toEqual([chain])
    expect(world.wallet.delegations()).toEqual([parent])
  })

  test('works from link to link, until verifiers would read no more', async () => {
    let chain: readonly string[] = [await issueRoot({ subject: createKey(20).did, maxDelegationDepth: 9 })]
    let refusal: unknown
    for (let link = 1; refusal === undefined; link += 1) {
      const { wallet } = createTestWallet({ seed: createKey(19 + link).seed })
      await wallet.receive(chain)
      const options = { to: createKey(20 + link).did, maxDelegationDepth: 9 - link, capabilities: [] }
      const bundle = await wallet.delegate(options).catch((error: unknown) => {
        refusal = error
        expect(wallet.issued()).toEqual([])
        return { chain }
      })
      chain = bundle.chain
    }
    expect(refusal).toMatchObject({ code: expect.stringMatching(/^(chain_too_deep|credential_too_large)$/) })
    expect(chain.length).toBeGreaterThan(4)
  })
})

describe('the parent', () => {
  test('is the one the caller names', async () => {
    await world.wallet.receive([await issueRoot()])
    const { chain } = await world.wallet.delegate({ ...TO, parent: parent.id })
    expect(chain[0]).toBe(parent.chain[0])
  })

  test('is else the newest that may be passed on and covers what is asked', async () => {
    const labels = { ...READ_ISSUES, paths: ['/labels/*'] }
    await world.wallet.receive([await issueRoot({ capabilities: [labels] })])
    await world.wallet.receive([await issueRoot({ maxDelegationDepth: 0 })])
    expect((await world.wallet.delegate({ ...TO, capabilities: [READ_ISSUES] })).chain[0]).toBe(
      parent.chain[0],
    )
    expect((await world.wallet.delegate(TO)).chain[0]).toBe(world.wallet.delegations()[1]?.chain[0])
  })

  test('that is not held is refused', async () => {
    await expectRefusal(world.wallet.delegate({ ...TO, parent: 'urn:uuid:none' }), 'credential_missing')
    await expectRefusal(createTestWallet().wallet.delegate(TO), 'credential_missing')
  })

  test('that ended is refused', async () => {
    world.clock.advance(600)
    await expectRefusal(world.wallet.delegate(TO), 'credential_expired')
    await expectRefusal(world.wallet.delegate({ ...TO, parent: parent.id }), 'credential_expired')
    expect(world.authority.calls).toEqual([])
  })

  test('that ended is passed over for an older one that did not', async () => {
    await world.wallet.receive([await issueRoot({ validUntil: NOW + 60_000 })])
    world.clock.advance(60)
    expect((await world.wallet.delegate(TO)).chain[0]).toBe(parent.chain[0])
  })

  test('that may not be passed on is refused', async () => {
    const { wallet, authority } = createTestWallet()
    await wallet.receive([await issueRoot({ maxDelegationDepth: 0 })])
    await expectRefusal(wallet.delegate(TO), 'delegation_not_permitted')
    expect(authority.calls).toEqual([])
  })
})

describe('what a verifier would refuse is never handed out:', () => {
  const refused = async (
    options: Parameters<typeof world.wallet.delegate>[0],
    code: Parameters<typeof expectRefusal>[1],
  ): Promise<void> => {
    await expectRefusal(world.wallet.delegate(options), code)
    expect(world.wallet.issued()).toEqual([])
  }

  test('capabilities that the parent does not cover, without asking the authority', async () => {
    await refused({ ...TO, capabilities: [{ ...READ_ISSUES, paths: ['/**'] }] }, 'attenuation_violation')
    expect(world.authority.calls).toEqual([])
  })

  test('a constraint that is not understood', async () => {
    const unknown = JSON.parse('{"moon":{"phase":"full"}}')
    await refused({ ...TO, capabilities: [{ ...READ_ISSUES, constraints: unknown }] }, 'policy_unknown')
  })

  test('a depth that does not go down', async () => {
    await refused({ ...TO, maxDelegationDepth: 2 }, 'attenuation_violation')
  })

  test('an agent that is in the chain already', async () => {
    await refused({ to: AGENT.did }, 'chain_cycle')
  })

  test('a status entry that the parent has, too', async () => {
    const credentialStatus = parent.leaf.status
    world.authority.answer(`POST /delegations/${parent.id}/children`, json(201, { credentialStatus }))
    await refused(TO, 'status_invalid')
  })

  test('a status index that is not canonical', async () => {
    const credentialStatus = { ...statusEntry(), statusListIndex: '007' }
    world.authority.answer(`POST /delegations/${parent.id}/children`, json(201, { credentialStatus }))
    await refused(TO, 'status_index_invalid')
  })

  test('a status list of another origin', async () => {
    for (const origin of ['https://evil.test', 'nonsense']) {
      const credentialStatus = statusEntry(origin)
      world.authority.answer(`POST /delegations/${parent.id}/children`, json(201, { credentialStatus }))
      await refused(TO, 'authority_response_invalid')
    }
  })

  test('a key that is none', async () => {
    await refused({ to: 'did:key:zNotAKey' }, 'key_invalid')
    await refused({ to: 'did:web:agent.example' }, 'keyid_unsupported')
    expect(world.authority.calls).toEqual([])
  })

  test('a chain longer than verifiers read', async () => {
    const capabilities = Array.from({ length: 60 }, (_, index) => ({
      ...READ_ISSUES,
      paths: [`/issues/${'p'.repeat(50)}${index}`],
    }))
    await refused({ ...TO, capabilities }, 'credential_too_large')
  })

  test('a validity below a second', async () => {
    for (const validForSeconds of [0, -1, 0.5, Number.NaN]) {
      await expect(world.wallet.delegate({ ...TO, validForSeconds })).rejects.toThrow(TypeError)
    }
  })
})

describe('the refusal of the authority', () => {
  test('is told, and nothing is handed out', async () => {
    world.authority.answer(`POST /delegations/${parent.id}/children`, problem(401, 'credential_revoked'))
    await expectRefusal(world.wallet.delegate(TO), 'credential_revoked')
    expect(world.wallet.issued()).toEqual([])
  })

  test('comes from the one the caller names', async () => {
    await expectRefusal(
      world.wallet.delegate({ ...TO, authority: 'https://other.test' }),
      'authority_response_invalid',
    )
    expect(last(world.api.sent).url).toBe(`https://other.test/delegations/${parent.id}/children`)
  })
})

describe('revoking', () => {
  test('what was passed on asks its authority', async () => {
    const { chain } = await world.wallet.delegate(TO)
    const child = world.wallet.issued()[0]
    expect(child?.chain).toEqual(chain)
    const answer = await world.wallet.revoke(child?.id ?? '', { reason: 'done' })
    expect(answer).toEqual({ revoked: child?.id, sequence: 7, time: NOW })
    expect(last(world.authority.calls)).toMatchObject({
      route: 'POST /revocations',
      agent: AGENT.did,
      json: { delegation: child?.id, reason: 'done' },
    })
  })

  test('one’s own delegation keeps it in the wallet, so that the API is heard', async () => {
    await world.wallet.revoke(parent.id)
    expect(last(world.authority.calls).json).toEqual({ delegation: parent.id })
    expect(world.wallet.delegations()).toEqual([parent])
  })

  test('what is unknown needs the name of an authority', async () => {
    await expectRefusal(world.wallet.revoke('urn:uuid:other'), 'not_found')
    await world.wallet.revoke('urn:uuid:other', { authority: AUTHORITY })
    expect(last(world.authority.calls).json).toEqual({ delegation: 'urn:uuid:other' })
  })

  test('tells the refusal of the authority', async () => {
    world.authority.answer('POST /revocations', problem(403, 'forbidden'))
    await expectRefusal(world.wallet.revoke(parent.id), 'forbidden')
  })

  test('a child of a chain from another agent asks the authority of the root', async () => {
    const root = await issueRoot({ subject: SUB_AGENT.did })
    const status = statusEntry('https://evil.test')
    const held = await world.wallet.receive(
      await issueChild([root], SUB_AGENT, { subject: AGENT.did, status }),
    )
    await world.wallet.revoke(held.id)
    expect(last(world.authority.calls).sent.url).toBe(`${AUTHORITY}/revocations`)
    expect(world.api.sent).toEqual([])
  })
})

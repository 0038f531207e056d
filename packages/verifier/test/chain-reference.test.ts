import { digestDelegationChain } from '@behalf/credential'
import { serializeSignatureKey } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import type { IncomingRequest, StatusSource, VerifiedRequest } from '../src/index.ts'
import { agentA, agentB, agentC, issuer, type Party } from './support/agents.ts'
import { makeRequest, type RequestChanges, replaceLine } from './support/b0.ts'
import { LIST_URL, makeChain, NOW } from './support/chain.ts'
import { codeOf, makeList, makeStatusSource, makeWorld, refusalOf, type World } from './support/world.ts'

const chain = await makeChain()
const name = digestDelegationChain(chain)
/** The status index of the root of the baseline chain; the links below follow. */
const FIRST_INDEX = 100
const leafOf = (links: readonly string[]): string => links.at(-1) ?? ''

/** The baseline request that shows its chain and asks for a name of it. */
const shown = (links = chain, changes: RequestChanges = {}): Promise<IncomingRequest> => {
  const signatureKey = serializeSignatureKey('sig', { scheme: 'jwt', jwt: leafOf(links), cache: true })
  return makeRequest(links, { signatureKey, ...changes })
}

/** The baseline request that names a chain. */
const named = (cid = name, changes: RequestChanges = {}): Promise<IncomingRequest> =>
  makeRequest(chain, {
    signatureKey: serializeSignatureKey('sig', { scheme: 'cached', cid }),
    without: ['delegation-chain'],
    ...changes,
  })

/** A world in which the chain was shown and accepted. */
async function worldThatHolds(changes: Parameters<typeof makeWorld>[0] = {}): Promise<World<unknown>> {
  const world = makeWorld({ chainCache: { offerReferences: true }, ...changes })
  expect(await codeOf(await shown(), world)).toBe('ok')
  return world
}

const accept = async (world: World<unknown>, request: IncomingRequest): Promise<VerifiedRequest<unknown>> =>
  world.verifier.verify(request)

describe('the offer of a name', () => {
  test('is made to an agent that asks, with the end of the shortest link', async () => {
    const links = await makeChain([{}, { validUntil: NOW + 500_000 }, { validUntil: NOW + 400_000 }])
    const world = makeWorld({ chainCache: { offerReferences: true } })
    const { answerHeaders } = await accept(world, await shown(links))
    const cid = digestDelegationChain(links)
    const expires = NOW / 1000 + 400
    expect(answerHeaders).toEqual([
      [
        'Signature-Key-Cache',
        `sig="${cid}";jti="urn:uuid:00000000-0000-4000-8000-000000000002";expires=${expires}`,
      ],
    ])
  })

  test('is made again for a chain that is held already', async () => {
    const world = await worldThatHolds()
    expect((await accept(world, await shown())).answerHeaders).toHaveLength(1)
  })

  test.each<[string, Parameters<typeof makeWorld>[0], () => Promise<IncomingRequest>]>([
    ['that does not ask', { chainCache: { offerReferences: true } }, () => makeRequest(chain)],
    ['of a verifier that does not offer it', {}, shown],
    ['of a verifier that keeps nothing', { chainCache: 'off' }, shown],
    ['whose chain is too long to be kept', { chainCache: { offerReferences: true, maxBytes: 100 } }, shown],
  ])('is not made to a request %s', async (_title, options, request) => {
    expect((await accept(makeWorld(options), await request())).answerHeaders).toEqual([])
  })

  test('is not made to a request that names its chain', async () => {
    const world = await worldThatHolds()
    expect((await accept(world, await named())).answerHeaders).toEqual([])
  })
})

describe('a request that names its chain', () => {
  test('is accepted as if it had shown it', async () => {
    const world = await worldThatHolds()
    const { chain: found, ...verified } = await accept(world, await named())
    expect(found.links.map(({ jws }) => jws)).toEqual(chain)
    expect(verified).toMatchObject({
      agent: agentC.did,
      principal: { issuer: issuer.did, id: 'person-7', tenant: 'acme' },
    })
    expect(world.records.at(-1)).toMatchObject({ decision: 'accepted', agent: agentC.did })
  })

  test('is accepted when the chain was shown without asking for a name', async () => {
    const world = makeWorld()
    expect(await codeOf(await makeRequest(chain), world)).toBe('ok')
    expect(await codeOf(await named(), world)).toBe('ok')
  })

  test('may do no more than the chain allows, and once', async () => {
    const world = await worldThatHolds()
    expect(await codeOf(await named(name, { target: '/v1/admin' }), world)).toBe('scope_exceeded')
    const request = await named()
    expect(await codeOf(request, world)).toBe('ok')
    expect(await codeOf(request, world)).toBe('nonce_replayed')
  })

  test('uses up what the chain limits', async () => {
    const links = await makeChain([{}, {}, { maxUses: 2 }])
    const world = makeWorld()
    expect(await codeOf(await shown(links), world)).toBe('ok')
    expect(await codeOf(await named(digestDelegationChain(links)), world)).toBe('ok')
    expect(await codeOf(await named(digestDelegationChain(links)), world)).toBe('budget_exceeded')
  })

  test.each<[string, string]>([
    ['of nothing', 'A'.repeat(43)],
    ['in other letters', name.toLowerCase()],
    ['with padding', `${name}=`],
    ['with the prefix of a digest', `sha-256:${name}`],
    ['of the leaf alone', digestDelegationChain([leafOf(chain)])],
    ['of the links in another order', digestDelegationChain(chain.toReversed())],
    ['of the links joined', digestDelegationChain([chain.join('')])],
    ['with the trust of the day in front', `0 ${name}`],
    ['of a member of every object', '__proto__'],
  ])('misses with the name %s', async (_title, cid) => {
    expect(await codeOf(await named(cid), await worldThatHolds())).toBe('cache_miss')
  })

  test('misses where nothing is kept, and a miss tells what to do', async () => {
    const world = makeWorld({ chainCache: 'off' })
    expect(await codeOf(await shown(), world)).toBe('ok')
    const refusal = await refusalOf(world.verifier.verify(await named()))
    expect(refusal.code).toBe('cache_miss')
    const { status, headers, body } = world.verifier.refuse(refusal, 'r')
    expect(status).toBe(401)
    expect(new Map(headers).get('Signature-Error')).toBe('error=cache_miss')
    expect(JSON.parse(body)).toMatchObject({ code: 'cache_miss', detail: 'Send the whole chain, once.' })
  })

  test('misses when the chain gave way to another', async () => {
    const world = await worldThatHolds({ chainCache: { maxEntries: 1 } })
    const other = await makeChain([{}, { purpose: 'another' }, {}])
    expect(await codeOf(await shown(other), world)).toBe('ok')
    expect(await codeOf(await named(), world)).toBe('cache_miss')
    expect(await codeOf(await named(digestDelegationChain(other)), world)).toBe('ok')
  })

  test('misses once its issuer lost the trust, and is not told more than that', async () => {
    const world = await worldThatHolds()
    world.verifier.distrustIssuer(issuer.did)
    expect(await codeOf(await named(), world)).toBe('cache_miss')
    expect(await codeOf(await shown(), world)).toBe('issuer_untrusted')
  })

  test('misses for a chain that was refused', async () => {
    const world = makeWorld()
    const forged = [
      ...chain.slice(0, 2),
      `${leafOf(chain).slice(0, leafOf(chain).lastIndexOf('.'))}.${'A'.repeat(86)}`,
    ]
    expect(await codeOf(await shown(forged), world)).toBe('credential_signature_invalid')
    expect(await codeOf(await named(digestDelegationChain(forged)), world)).toBe('cache_miss')
  })

  test.each<[string, Party]>([
    ['an agent above', agentA],
    ['the agent that passed it on', agentB],
    ['the issuer', issuer],
  ])('is refused to %s, whose chain it is not', async (_title, signer) => {
    expect(await codeOf(await named(name, { signer }), await worldThatHolds())).toBe('key_mismatch')
  })

  test('is refused when somebody on the way put another name of the same agent', async () => {
    const world = await worldThatHolds()
    const other = await makeChain([{}, { purpose: 'another' }, {}])
    expect(await codeOf(await shown(other), world)).toBe('ok')
    const swapped = replaceLine(
      await named(),
      'signature-key',
      serializeSignatureKey('sig', { scheme: 'cached', cid: digestDelegationChain(other) }),
    )
    expect(await codeOf(swapped, world)).toBe('signature_invalid')
  })

  test('is malformed together with a chain, whether or not it is held', async () => {
    const world = await worldThatHolds()
    expect(await codeOf(await named(name, { without: [] }), world)).toBe('request_malformed')
    expect(await codeOf(await named('A'.repeat(43), { without: [] }), world)).toBe('request_malformed')
  })

  test('is looked up only after the signature is known to be in time', async () => {
    const late = { created: NOW / 1000 - 91, expires: NOW / 1000 - 31 }
    expect(await codeOf(await named('A'.repeat(43), late), await worldThatHolds())).toBe('signature_expired')
  })
})

describe('what can have changed since the chain was shown', () => {
  test('is its end', async () => {
    const world = await worldThatHolds()
    world.now = NOW + 86_400_000
    const created = world.now / 1000
    expect(await codeOf(await named(name, { created }), world)).toBe('credential_expired')
  })

  test.each([0, 1, 2])('is the status of link %i', async (link) => {
    const { source, revoke } = await makeChangingStatus()
    const world = await worldThatHolds({ statusSource: source })
    await revoke(link)
    const refusal = await refusalOf(world.verifier.verify(await named()))
    expect(refusal).toMatchObject({ code: 'credential_revoked', link })
  })

  test.each([agentA, agentB, agentC])('is the key of an agent', async ({ did }) => {
    let revoked: readonly string[] = []
    const base = makeStatusSource(await makeList())
    const source: StatusSource = {
      ...base,
      read: (from) => ({ ...base.read(from), isKeyRevoked: (key) => revoked.includes(key) }),
    }
    const world = await worldThatHolds({ statusSource: source })
    revoked = [did]
    expect(await codeOf(await named(), world)).toBe('key_revoked')
  })

  test('is the key of its issuer: with another key the links are verified again', async () => {
    let key: Uint8Array = issuer.signer.publicKey
    const world = await worldThatHolds({ issuerKeys: (did) => (did === issuer.did ? key : undefined) })
    key = agentA.signer.publicKey
    expect(await codeOf(await named(), world)).toBe('credential_signature_invalid')
  })
})

/** A status in which entries of the baseline chain can be revoked later. */
async function makeChangingStatus(): Promise<{
  source: StatusSource
  revoke: (link: number) => Promise<void>
}> {
  let list = await makeList()
  const base = makeStatusSource(list)
  return {
    source: {
      ...base,
      read: (from) => ({ ...base.read(from), lists: (url) => (url === LIST_URL ? list : undefined) }),
    },
    revoke: async (link) => {
      list = await makeList([FIRST_INDEX + link])
    },
  }
}

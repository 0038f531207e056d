import { createHash } from 'node:crypto'
import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  type Capability,
  checkChainTime,
  checkRootIssuer,
  digestDelegationChain,
  MAX_CHAIN_BYTES,
  MAX_CHAIN_LINKS,
  parseDelegation,
  parseDelegationChain,
  verifyDelegationChain,
} from '../src/index.ts'
import { agent, createActor, issuer, issuers, MINUTE, NOW, otherIssuer } from './support/actors.ts'
import {
  CAPABILITY,
  type LinkPlan,
  rootTerms,
  signChain,
  signUnchecked,
  signValidChain,
  statusEntry,
  uuid,
  withMember,
} from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

const options = { issuers, now: NOW }
const verify = (links: readonly string[]): string => codeOf(() => verifyDelegationChain(links, options))
const verifyPlans = async (...plans: readonly LinkPlan[]): Promise<string> => verify(await signChain(plans))
const refuse = async (
  ...plans: readonly LinkPlan[]
): Promise<{ code?: string; link?: number; field?: string }> => {
  const links = await signChain(plans)
  const { code, link, field } = refusalOf(() => verifyDelegationChain(links, options)) ?? {}
  return {
    ...(code === undefined ? {} : { code }),
    ...(link === undefined ? {} : { link }),
    ...(field === undefined ? {} : { field }),
  }
}
const set = (path: string, value: JsonValue | undefined): LinkPlan => ({
  edit: (payload: JsonObject) => withMember(payload, path, value),
})
const chain3 = await signValidChain(3)
const [root = '', middle = '', leaf = ''] = chain3

describe('a valid chain', () => {
  test.each([1, 2, 3, 6])('of %s links', async (length) => {
    const links = await signValidChain(length)
    const verified = verifyDelegationChain(links, options)
    expect(verified.links.map(({ jws }) => jws)).toEqual(links)
    expect(verified.root).toBe(verified.links[0])
    expect(verified.leaf).toBe(verified.links[length - 1])
    expect(verified.leaf.subject).toBe(agent(length - 1).did)
    expect(verified.verifiedAt).toBe(NOW)
    expect(Object.isFrozen(verified)).toBe(true)
  })

  test('may be verified as parsed, and again', () => {
    const parsed = parseDelegationChain(chain3)
    const verified = verifyDelegationChain(parsed, options)
    expect(verified.leaf).toBe(parsed.leaf)
    expect(verified.digest).toBe(parsed.digest)
    expect(verifyDelegationChain(verified, options).digest).toBe(parsed.digest)
  })
})

describe('the name of a chain', () => {
  test('is the hash of its links, each with its length in front', () => {
    const hash = createHash('sha256')
    for (const link of chain3) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(link.length)
      hash.update(length).update(link)
    }
    const expected = hash.digest('base64url')
    expect(digestDelegationChain(chain3)).toBe(expected)
    expect(parseDelegationChain(chain3).digest).toBe(expected)
    expect(verifyDelegationChain(chain3, options).digest).toBe(expected)
  })

  test('differs with order and boundaries', () => {
    const names = [['ab', 'c'], ['a', 'bc'], ['abc'], ['c', 'ab'], []].map(digestDelegationChain)
    expect(new Set(names).size).toBe(5)
  })
})

describe('limits', () => {
  test('no links are a missing credential', () => {
    expect(codeOf(() => parseDelegationChain([]))).toBe('credential_missing')
  })

  test('nine links are too deep, whatever they are', async () => {
    expect(MAX_CHAIN_LINKS).toBe(8)
    expect(codeOf(() => parseDelegationChain(Array.from({ length: 9 }, () => 'x')))).toBe('chain_too_deep')
    expect(codeOf(() => parseDelegationChain(Array.from({ length: 8 }, () => 'x')))).toBe(
      'credential_malformed',
    )
  })

  test('more than 12,000 bytes together are too large', async () => {
    expect(MAX_CHAIN_BYTES).toBe(12_000)
    const pad = (length: number): LinkPlan => set('credentialSubject.purpose', 'x'.repeat(length))
    const links = await signChain([pad(3000), pad(3000)])
    const total = links.join('').length
    expect(total).toBeLessThan(12_000)
    expect(verify(links)).toBe('ok')
    expect(codeOf(() => parseDelegationChain([...links, 'x'.repeat(12_001 - total)]))).toBe(
      'credential_too_large',
    )
    expect(codeOf(() => parseDelegationChain([...links, 'x'.repeat(12_000 - total)]))).toBe(
      'credential_malformed',
    )
  })

  test('what is wrong with one link is told with its position', async () => {
    const links = await signChain([{}, set('exp', undefined)])
    expect(refusalOf(() => parseDelegationChain(links))).toMatchObject({
      code: 'credential_malformed',
      link: 1,
      field: 'exp',
    })
  })
})

describe('the issuer of the root', () => {
  test('must be trusted, with this key', async () => {
    expect(await verifyPlans({ signer: otherIssuer, terms: { issuer: otherIssuer.did } })).toBe(
      'issuer_untrusted',
    )
    expect(await verifyPlans({ kid: `${issuer.did}#old` })).toBe('issuer_untrusted')
    const parsed = parseDelegationChain(chain3)
    expect(codeOf(() => checkRootIssuer(parsed, issuers))).toBe('ok')
    expect(refusalOf(() => checkRootIssuer(parsed, () => undefined))).toMatchObject({
      code: 'issuer_untrusted',
      link: 0,
    })
  })

  test('a root signed by an agent is not trusted', async () => {
    expect(await verifyPlans({ signer: agent(0), terms: { issuer: agent(0).did } })).toBe('issuer_untrusted')
    expect(await verifyPlans({ signer: agent(0), kid: issuer.kid })).toBe('credential_signature_invalid')
    expect(await verifyPlans({ signer: agent(0) })).toBe('issuer_mismatch')
  })

  test('a chain without its root begins with an agent', () => {
    expect(verify([middle, leaf])).toBe('issuer_untrusted')
  })

  test('is told before time and signature', () => {
    const untrusting = { issuers: (): undefined => undefined, now: NOW + 1e9 }
    expect(codeOf(() => verifyDelegationChain(chain3, untrusting))).toBe('issuer_untrusted')
  })
})

describe('time', () => {
  const at = (now: number, clockToleranceSeconds?: number): string => {
    const tolerance = clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds }
    return codeOf(() => verifyDelegationChain(chain3, { issuers, now, ...tolerance }))
  }
  const from = NOW - MINUTE
  const until = NOW + 10 * MINUTE

  test.each([
    [from - 5001, 'credential_not_yet_valid'],
    [from - 5000, 'ok'],
    [until - 1, 'ok'],
    [until, 'credential_expired'],
  ])('five seconds of tolerance at the beginning, none at the end: %s is %s', (now, code) => {
    expect(at(now)).toBe(code)
  })

  test.each([
    [from - 1, 'credential_not_yet_valid'],
    [from, 'ok'],
    [until - 1, 'ok'],
    [until, 'credential_expired'],
  ])('no tolerance: %s is %s', (now, code) => {
    expect(at(now, 0)).toBe(code)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a time that is none is an error: %s', (value) => {
    const refusal = new TypeError('now and clockToleranceSeconds must be numbers')
    expect(() => at(value)).toThrow(refusal)
    expect(() => at(NOW, value)).toThrow(refusal)
  })

  test('a negative tolerance is an error', () => {
    expect(() => at(NOW, -1)).toThrow(TypeError)
  })

  test('every link counts, and the first is told', async () => {
    expect(await refuse({}, { terms: { validUntil: NOW - 10_000 } }, {})).toEqual({
      code: 'credential_expired',
      link: 1,
    })
    expect(await refuse({}, {}, { terms: { validFrom: NOW + 86_400_000 } })).toEqual({
      code: 'credential_not_yet_valid',
      link: 2,
    })
  })

  test('a chain that was verified can be asked again', () => {
    const verified = verifyDelegationChain(chain3, options)
    expect(codeOf(() => checkChainTime(verified, { now: NOW }))).toBe('ok')
    expect(codeOf(() => checkChainTime(verified, { now: until + 5001 }))).toBe('credential_expired')
  })
})

describe('the proof of every link', () => {
  test.each([0, 1, 2])('a payload changed after signing, link %s', async (index) => {
    const links = await signChain([
      set('credentialSubject.purpose', 'caf\u00e9'),
      set('credentialSubject.purpose', 'caf\u00e9'),
      set('credentialSubject.purpose', 'caf\u00e9'),
    ])
    const tampered = links.map((link, position) => (position === index ? decompose(link) : link))
    expect(refusalOf(() => verifyDelegationChain(tampered, options))).toMatchObject({
      code: 'credential_signature_invalid',
      link: index,
    })
  })

  test('a link signed by another key that does not say so', async () => {
    const plan: LinkPlan = { signer: createActor(99), kid: agent(0).kid }
    expect(await refuse({}, plan)).toEqual({ code: 'credential_signature_invalid', link: 1 })
  })

  test('a link signed by the issuer for the agent', async () => {
    expect(await verifyPlans({}, { signer: issuer, kid: agent(0).kid })).toBe('credential_signature_invalid')
  })

  test('a link by somebody else in his own name', async () => {
    const stranger = createActor(99)
    expect(await refuse({}, { signer: stranger, terms: { issuer: stranger.did } }, {})).toEqual({
      code: 'chain_broken',
      link: 1,
    })
  })

  test('a link by the issuer in its own name', async () => {
    expect(await refuse({}, {}, { signer: issuer, terms: { issuer: issuer.did } })).toEqual({
      code: 'chain_broken',
      link: 2,
    })
  })

  test('a link by an agent further up', async () => {
    expect(await verifyPlans({}, {}, { signer: agent(0), terms: { issuer: agent(0).did } })).toBe(
      'chain_broken',
    )
  })

  test('a key of the right agent under another fragment', async () => {
    expect(await verifyPlans({}, { kid: `${agent(0).did}#key-1` })).toBe('chain_broken')
  })
})

describe('the order of the links', () => {
  test('the middle is missing', () => {
    expect(verify([root, leaf])).toBe('chain_broken')
  })

  test('two links change places', () => {
    expect(verify([root, leaf, middle])).toBe('chain_broken')
  })

  test.each([
    ['the root', [root, root, middle, leaf]],
    ['the middle', [root, middle, middle, leaf]],
    ['the leaf', [root, middle, leaf, leaf]],
    ['the root at the end', [root, middle, leaf, root]],
  ])('%s twice', (_, links) => {
    expect(verify(links)).toBe('chain_cycle')
  })

  test('an agent twice', async () => {
    expect(await verifyPlans({}, {}, { terms: { subject: agent(0).did } })).toBe('chain_cycle')
    expect(await verifyPlans({}, { terms: { subject: agent(0).did } })).toBe('chain_cycle')
  })

  test('the issuer as an agent', async () => {
    expect(await verifyPlans({ terms: { subject: issuer.did } })).toBe('chain_cycle')
    expect(await verifyPlans({}, { terms: { subject: issuer.did } })).toBe('chain_cycle')
  })

  test('an identifier twice', async () => {
    expect(await verifyPlans({}, { terms: { id: uuid(0) } })).toBe('chain_cycle')
  })
})

describe('the parent', () => {
  test('another credential of the same delegator', async () => {
    const wide = await signUnchecked(
      parseJsonPayload(middle, (payload) => withMember(payload, 'credentialSubject.purpose', 'wider')),
      agent(0),
    )
    expect(verify([root, wide])).toBe('ok')
    expect(verify([root, wide, leaf])).toBe('chain_broken')
  })

  test.each<[string, LinkPlan]>([
    ['digest', { terms: { parent: { id: uuid(0), digest: digestSha256('another') } } }],
    ['id', { terms: { parent: { id: uuid(9), digest: digestSha256(root) } } }],
    ['absence', set('credentialSubject.parent', undefined)],
  ])('its %s', async (_, plan) => {
    const plain = await signChain([{}])
    expect(plain).toEqual([root])
    expect(await refuse({}, plan)).toEqual({ code: 'chain_broken', link: 1, field: 'parent' })
  })

  test('a root that has one', async () => {
    const parent = { id: uuid(9), digest: digestSha256('another') }
    expect(await refuse({ terms: { parent } })).toEqual({ code: 'chain_broken', link: 0, field: 'parent' })
  })
})

describe('what must stay the same', () => {
  const full = { onBehalfOf: { id: 'p', role: 'r', tenant: 't' }, workflow: { id: 'w', run: 'x' } }

  test('it may', async () => {
    expect(await verifyPlans({ terms: full }, { terms: full })).toBe('ok')
  })

  test.each<[string, object]>([
    ['onBehalfOf', { onBehalfOf: { id: 'q', role: 'r', tenant: 't' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'p', role: 'admin', tenant: 't' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'p', role: 'r', tenant: 'u' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'p', role: 'r' } }],
    ['workflow', { workflow: { id: 'v', run: 'x' } }],
    ['workflow', { workflow: { id: 'w', run: 'y' } }],
    ['workflow', { workflow: { id: 'w' } }],
  ])('%s changes to %j', async (field, changes) => {
    expect(await refuse({ terms: full }, { terms: { ...full, ...changes } })).toEqual({
      code: 'chain_broken',
      link: 1,
      field,
    })
  })

  test('a member more or less', async () => {
    const [{ onBehalfOf, workflow }] = [full]
    expect(await verifyPlans({ terms: { onBehalfOf } }, { terms: full })).toBe('chain_broken')
    expect(await verifyPlans({ terms: { onBehalfOf, workflow } }, { terms: { onBehalfOf } })).toBe(
      'chain_broken',
    )
    expect(await verifyPlans({}, { terms: { onBehalfOf: { id: 'principal-1', role: 'admin' } } })).toBe(
      'chain_broken',
    )
  })
})

describe('status entries', () => {
  test('must be distinct', async () => {
    expect(await refuse({}, { terms: { status: statusEntry(0) } })).toEqual({
      code: 'status_invalid',
      link: 1,
    })
    expect(await refuse({}, {}, { terms: { status: { ...statusEntry(0), id: 'other' } } })).toEqual({
      code: 'status_invalid',
      link: 2,
    })
  })

  test('the same index of another list is distinct', async () => {
    const status = { ...statusEntry(0), statusListCredential: 'https://authority.test/status/lists/2' }
    expect(await verifyPlans({}, { terms: { status } })).toBe('ok')
  })
})

describe('attenuation', () => {
  test('a parent that may not delegate', async () => {
    const plan = { terms: { maxDelegationDepth: 0 } }
    const refusal = { code: 'delegation_not_permitted', link: 1, field: 'maxDelegationDepth' }
    expect(await refuse(plan, plan)).toEqual(refusal)
    expect(await refuse(set('credentialSubject.maxDelegationDepth', undefined), plan)).toEqual(refusal)
  })

  test.each([1, 5])('a depth of 1 that becomes %s', async (maxDelegationDepth) => {
    expect(await refuse({ terms: { maxDelegationDepth: 1 } }, { terms: { maxDelegationDepth } })).toEqual({
      code: 'attenuation_violation',
      link: 1,
      field: 'maxDelegationDepth',
    })
  })

  test.each([
    ['validUntil', { validUntil: NOW + 10 * MINUTE + 1000 }],
    ['validFrom', { validFrom: NOW - MINUTE - 1000 }],
  ])('%s outside the parent', async (field, terms) => {
    expect(await refuse({}, { terms })).toEqual({ code: 'attenuation_violation', link: 1, field })
  })

  test('no capabilities at all is wider than any', async () => {
    expect(await refuse({}, set('credentialSubject.capabilities', undefined))).toEqual({
      code: 'attenuation_violation',
      link: 1,
      field: 'capabilities',
    })
  })

  test('an empty list is no rights, and a valid chain', async () => {
    expect(await verifyPlans({}, { terms: { capabilities: [] } })).toBe('ok')
    expect(await verifyPlans({ terms: { capabilities: [] } }, {})).toBe('attenuation_violation')
  })

  const body = (maximum: number): Capability => {
    const [{ type, locations, actions, paths }] = [CAPABILITY as Extract<Capability, { type: 'http' }>]
    return { type, locations, actions, paths, constraints: { body: { amount: { maximum } } } }
  }
  const widened: readonly Capability[] = [
    { ...body(100), locations: ['https://api.test', 'https://b.test'] } as Capability,
    { ...body(100), actions: ['GET', 'POST', 'DELETE'] } as Capability,
    { ...body(100), paths: ['/**'] } as Capability,
    body(1000),
    CAPABILITY,
  ]

  test.each(widened)('wider: %j', async (capability) => {
    const refusal = { code: 'attenuation_violation', link: 2, field: 'capabilities' }
    const narrow = { terms: { capabilities: [body(100)] } }
    expect(await refuse({}, narrow, narrow)).toEqual({})
    expect(await refuse({}, narrow, { terms: { capabilities: [capability] } })).toEqual(refusal)
  })

  test('a constraint that nobody knows', async () => {
    const capabilities: JsonValue = [{ ...body(1), constraints: { foo: 1, body: {} } }]
    expect(await refuse({}, set('credentialSubject.capabilities', capabilities))).toEqual({
      code: 'policy_unknown',
      link: 1,
      field: 'capabilities',
    })
  })

  test('uses are counted per link, so a child may say any number', async () => {
    expect(await verifyPlans({ terms: { maxUses: 1 } }, { terms: { maxUses: 100 } }, {})).toBe('ok')
  })

  test('policy and approval in a child', async () => {
    const digest = digestSha256('x')
    const policy = { terms: { policy: { id: 'p', digest, decision: 'd' } } }
    const approval = { terms: { approval: { method: 'passkey' as const, digest } } }
    expect(await verifyPlans({ terms: { ...policy.terms, ...approval.terms } }, {})).toBe('ok')
    expect((await refuse({}, policy)).code).toBe('credential_malformed')
    expect((await refuse({}, approval)).code).toBe('credential_malformed')
  })
})

describe('only what was parsed here can be verified', () => {
  test('a chain put together by hand', () => {
    const parsed = parseDelegationChain(chain3)
    const forged = { ...parsed, leaf: { ...parsed.leaf, capabilities: [] } }
    const message = 'does not come from parseDelegationChain'
    expect(() => verifyDelegationChain(forged, options)).toThrow(message)
    const links = [{ ...parseDelegation(root) }]
    expect(() => verifyDelegationChain({ ...parsed, links }, options)).toThrow(message)
  })
})

/** Writes the composed letter of the purpose as two, which looks the same. */
function decompose(jws: string): string {
  const [header = '', payload = '', signature = ''] = jws.split('.')
  const text = Buffer.from(payload, 'base64url').toString().replace('caf\u00e9', 'cafe\u0301')
  const changed = `${header}.${Buffer.from(text).toString('base64url')}.${signature}`
  expect(changed).not.toBe(jws)
  return changed
}

function parseJsonPayload(jws: string, edit: (payload: JsonObject) => JsonObject): JsonObject {
  return edit(JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()))
}

test('the fixtures themselves are valid', () => {
  expect(rootTerms().id).toBe(uuid(0))
  expect(verify([root])).toBe('ok')
  expect(verify([root, middle])).toBe('ok')
})

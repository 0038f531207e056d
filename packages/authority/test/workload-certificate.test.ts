import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509'
import { beforeAll, describe, expect, test } from 'vitest'
import type { WorkloadIssuer, X509WorkloadIssuer } from '../src/index.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createWorld,
  type Party,
  type RawAnswer,
  START,
  type World,
} from './support/authority-world.ts'
import {
  after,
  before,
  type CertificateChanges,
  type Certified,
  certify,
  leafExtensions,
  listRevoked,
  prove,
  signerExtensions,
} from './support/simulated-certificate-issuer.ts'
import { serveDocument } from './support/simulated-token-issuer.ts'

const TRUST_DOMAIN = 'spiffe://example.org'
const WORKLOAD = `${TRUST_DOMAIN}/billing`
const SVID = leafExtensions([{ type: 'url', value: WORKLOAD }])
const GRANT = {
  id: 'billing',
  subject: WORKLOAD,
  onBehalfOf: ALICE,
  capabilities: [{ type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] }],
  maxSeconds: 600,
}

let root: Certified
let signer: Certified
let leaf: Certified

beforeAll(async () => {
  root = await certify('CN=simulated root', { notAfter: after(9e6) })
  signer = await certify('CN=simulated SPIRE', { signer: root, notAfter: after(9e6) })
  leaf = await certify('CN=billing', { signer, extensions: SVID })
})

function issuerOf(changes: Partial<X509WorkloadIssuer> = {}): X509WorkloadIssuer {
  return {
    type: 'x509',
    issuer: TRUST_DOMAIN,
    roots: [root.certificate.toString('pem')],
    subject: 'spiffe',
    revocation: { maxLifetimeSeconds: 3600 },
    grants: [GRANT],
    ...changes,
  }
}

function createTrustingWorld(changes: Partial<X509WorkloadIssuer> = {}): Promise<World> {
  return createWorld({ policy: APPROVE_ENROLLED, workloadIssuers: [issuerOf(changes)] })
}

function show(party: Party, proof: string): Promise<RawAnswer> {
  const body = JSON.stringify({ workload: { type: 'x509', proof } })
  return party.send({ method: 'POST', path: '/enrolments/workload', body })
}

const tell = ({ status, json }: RawAnswer): unknown => [status, json['code']]

/** What is answered to a proof with this certificate, signed by `signer` unless told. */
async function tryLeaf(
  world: World,
  changes: CertificateChanges & { readonly signer?: Certified },
  chain: readonly Certified[] = [signer],
): Promise<RawAnswer> {
  const own = await certify('CN=billing', { signer, extensions: SVID, ...changes })
  return show(world.agent, await prove(own, { aud: world.origin, sub: world.agent.did }, { chain }))
}

describe('a certificate of a simulated SPIFFE server', () => {
  test('enrols the key that its key signed for, for what is granted, until it ends', async () => {
    const world = await createTrustingWorld()
    const proof = await prove(leaf, { aud: world.origin, sub: world.agent.did }, { chain: [signer] })
    const { status, json } = await show(world.agent, proof)
    expect([status, json]).toEqual([
      201,
      {
        agent: world.agent.did,
        workload: { type: 'x509', issuer: TRUST_DOMAIN, subject: WORKLOAD, claims: {} },
        valid_until: '2026-11-24T12:50:00.000Z',
        enrolments: [expect.objectContaining({ max_seconds: 600, valid_until: '2026-11-24T12:50:00.000Z' })],
      },
    ])
    expect((await world.agent.client.createRequest(ASKED)).status).toBe('approved')
    const events = await world.operator.client.listEvents()
    expect(events.filter(({ type }) => type === 'workload_proven')).toHaveLength(1)
  })

  test('enrols for an hour at most, however long it holds', async () => {
    const world = await createTrustingWorld({ revocation: { maxLifetimeSeconds: 1e6 } })
    const answer = await tryLeaf(world, { notAfter: after(9e5) })
    expect(answer.json['valid_until']).toBe(new Date(world.clock() + 3_600_000).toISOString())
  })

  test.each<Certified['alg']>(['ES256', 'ES384', 'RS256'])('may have a key for %s', async (alg) => {
    const world = await createTrustingWorld()
    expect((await tryLeaf(world, { alg })).status).toBe(201)
  })
})

const AUTHORITY_KEY = '2.5.29.35'
const odd = (type: string, critical: boolean): Extension =>
  new Extension(type, critical, new Uint8Array([5, 0]))
const svidWith = (...extensions: readonly Extension[]): CertificateChanges => ({
  extensions: [...SVID, ...extensions],
})

describe('a certificate is refused', () => {
  test('with any one defect, and leaves nothing behind', async () => {
    const world = await createTrustingWorld()
    const url = (value: string) => ({ type: 'url', value }) as const
    const names = (...all: readonly { readonly type: 'url' | 'dns'; readonly value: string }[]) => ({
      extensions: leafExtensions(all),
    })
    const usage = (usages: number) => ({ extensions: leafExtensions([url(WORKLOAD)], usages) })
    const cases: readonly (readonly [string, CertificateChanges, number, string])[] = [
      ['once it expired', { notAfter: before(1) }, 401, 'credential_expired'],
      ['before it holds', { notBefore: after(60) }, 401, 'credential_not_yet_valid'],
      ['that lives too long', { notBefore: before(601) }, 403, 'policy_denied'],
      ['without a name', names(), 400, 'credential_malformed'],
      [
        'with another kind of name',
        names({ type: 'dns', value: 'billing.test' }),
        400,
        'credential_malformed',
      ],
      ['with two names', names(url(WORKLOAD), url(`${WORKLOAD}-2`)), 400, 'credential_malformed'],
      [
        'with a name that is no SPIFFE ID',
        names(url('https://example.org/billing')),
        400,
        'credential_malformed',
      ],
      ['with the name of a trust domain', names(url(TRUST_DOMAIN)), 400, 'credential_malformed'],
      ['of another trust domain', names(url('spiffe://other.org/billing')), 401, 'issuer_mismatch'],
      ['that signs others', { extensions: signerExtensions() }, 401, 'credential_type_mismatch'],
      ['that may sign others', usage(1 | KeyUsageFlags.keyCertSign), 401, 'credential_type_mismatch'],
      ['that may sign lists', usage(1 | KeyUsageFlags.cRLSign), 401, 'credential_type_mismatch'],
      ['for another use', usage(KeyUsageFlags.keyEncipherment), 401, 'credential_type_mismatch'],
      [
        'for no use',
        { extensions: SVID.filter(({ type }) => type !== '2.5.29.15') },
        401,
        'credential_type_mismatch',
      ],
      [
        'for servers only',
        svidWith(new ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1'])),
        401,
        'credential_type_mismatch',
      ],
      [
        'with a critical extension that is not known',
        svidWith(odd('1.2.3.4', true)),
        400,
        'credential_malformed',
      ],
      ['with constraints on names', svidWith(odd('2.5.29.30', false)), 400, 'credential_malformed'],
      [
        'that says a thing twice',
        svidWith(odd('1.2.3.4', false), odd('1.2.3.4', false)),
        400,
        'credential_malformed',
      ],
      ['whose extension cannot be read', svidWith(odd(AUTHORITY_KEY, false)), 400, 'credential_malformed'],
      ['signed with SHA-1', { hash: 'SHA-1' }, 401, 'algorithm_unsupported'],
    ]
    const told: unknown[] = []
    for (const [name, changes] of cases) {
      const { status, json } = await tryLeaf(world, changes)
      told.push([name, status, json['code']])
    }
    expect(told).toEqual(cases.map(([name, , status, code]) => [name, status, code]))
    const events = await world.operator.client.listEvents()
    expect(events.filter(({ type }) => type === 'workload_proven')).toEqual([])
  })

  test('with a chain that does not lead to the root as it must', async () => {
    const world = await createTrustingWorld()
    const stranger = await certify('CN=simulated root', {})
    const namesake = await certify('CN=simulated SPIRE', { signer: stranger })
    const expired = await certify('CN=expired', { signer: root, notAfter: before(1) })
    const noSigner = await certify('CN=none', {
      signer: root,
      extensions: [new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
    })
    const noUsage = await certify('CN=no usage', {
      signer: root,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    })
    const saysNo = await certify('CN=says no', {
      signer: root,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      ],
    })
    const last = await certify('CN=last', { signer: root, extensions: signerExtensions(0) })
    const below = await certify('CN=below', { signer: last })
    const other = await certify('CN=other', { signer: root })
    const cases: readonly (readonly [string, Certified, readonly Certified[], number, string])[] = [
      ['of a stranger with the same name', namesake, [namesake], 401, 'issuer_untrusted'],
      ['with a link missing', signer, [], 401, 'issuer_untrusted'],
      ['with another link', signer, [other], 401, 'chain_broken'],
      ['with a namesake of the link', namesake, [signer], 401, 'chain_broken'],
      ['in the other order', below, [last, below], 401, 'issuer_untrusted'],
      ['with a link that expired', expired, [expired], 401, 'credential_expired'],
      ['with a link that is no signer', noSigner, [noSigner], 401, 'chain_broken'],
      ['with a link that says it is no signer', saysNo, [saysNo], 401, 'chain_broken'],
      ['with a link that may not sign', noUsage, [noUsage], 401, 'chain_broken'],
      ['longer than a link allows', below, [below, last], 401, 'chain_too_deep'],
      ['longer than is read', signer, [signer, signer, signer, signer], 401, 'chain_too_deep'],
      ['with the root in it', signer, [signer, root], 201, ''],
    ]
    const told: unknown[] = []
    for (const [name, by, chain] of cases) {
      const { status, json } = await tryLeaf(world, { signer: by }, chain)
      told.push([name, status, json['code'] ?? ''])
    }
    expect(told).toEqual(cases.map(([name, , , status, code]) => [name, status, code]))
  })

  test('whose signer is another key than the one it names', async () => {
    const world = await createTrustingWorld()
    const key = await AuthorityKeyIdentifierExtension.create(leaf.certificate.publicKey)
    const named = await certify('CN=named', {
      signer: root,
      extensions: [
        ...signerExtensions(),
        await SubjectKeyIdentifierExtension.create(signer.certificate.publicKey),
      ],
    })
    const changes = { ...svidWith(key), signer: named }
    expect(tell(await tryLeaf(world, changes, [named]))).toEqual([401, 'chain_broken'])
  })

  test('without a proof that its key signed for this key, here and now', async () => {
    const world = await createTrustingWorld()
    const good = { aud: world.origin, sub: world.agent.did }
    const at = (seconds: number): number => START / 1000 + seconds
    const cases: readonly (readonly [string, object, object, number, string])[] = [
      ['for another key', { sub: world.operator.did }, {}, 401, 'key_mismatch'],
      ['for another authority', { aud: 'https://other.test' }, {}, 403, 'audience_mismatch'],
      [
        'for this authority and another',
        { aud: [world.origin, 'https://other.test'] },
        {},
        403,
        'audience_mismatch',
      ],
      ['that is over', { exp: at(0) }, {}, 401, 'credential_expired'],
      ['made in the future', { iat: at(60) }, {}, 401, 'credential_not_yet_valid'],
      ['for longer than five minutes', { exp: at(301) }, {}, 403, 'policy_denied'],
      ['without its time', { iat: undefined }, {}, 400, 'credential_malformed'],
      ['of another type', {}, { typ: 'JWT' }, 401, 'credential_type_mismatch'],
      ['without certificates', {}, { x5c: undefined }, 400, 'credential_malformed'],
      ['with none', {}, { x5c: [] }, 400, 'credential_malformed'],
      ['with certificates that are none', {}, { x5c: ['AAAA'] }, 400, 'credential_malformed'],
      ['with certificates that are no texts', {}, { x5c: [7] }, 400, 'credential_malformed'],
    ]
    const told: unknown[] = []
    for (const [name, claims, header] of cases) {
      const proof = await prove(leaf, { ...good, ...claims }, { chain: [signer], header })
      const { status, json } = await show(world.agent, proof)
      told.push([name, status, json['code']])
    }
    expect(told).toEqual(cases.map(([name, , , status, code]) => [name, status, code]))
  })

  test('when somebody else signed, or signed something else', async () => {
    const world = await createTrustingWorld()
    const claims = { aud: world.origin, sub: world.agent.did }
    const thief = { ...(await certify('CN=thief', {})), certificate: leaf.certificate }
    expect(tell(await show(world.agent, await prove(thief, claims, { chain: [signer] })))).toEqual([
      401,
      'credential_signature_invalid',
    ])
    const [header, , signature] = (
      await prove(leaf, { ...claims, sub: world.operator.did }, { chain: [signer] })
    ).split('.')
    const [, changed] = (await prove(leaf, claims, { chain: [signer] })).split('.')
    expect(tell(await show(world.agent, [header, changed, signature].join('.')))).toEqual([
      401,
      'credential_signature_invalid',
    ])
    const wide = await certify('CN=wide', { signer, extensions: SVID, alg: 'ES384' })
    const misnamed = { ...wide, certificate: leaf.certificate }
    expect(tell(await show(world.agent, await prove(misnamed, claims, { chain: [signer] })))).toEqual([
      401,
      'algorithm_unsupported',
    ])
  })

  test('whose key is too weak, that names another signer, or whose proof demands what is not known', async () => {
    const world = await createTrustingWorld()
    const weak = await certify('CN=weak', { signer, extensions: SVID, alg: 'RS256', modulusLength: 1024 })
    const claims = { aud: world.origin, sub: world.agent.did }
    // Nothing here signs with such a key; it is refused before anybody asks who signed.
    const proof = await prove({ ...leaf, certificate: weak.certificate }, claims, { chain: [signer] })
    expect(tell(await show(world.agent, proof))).toEqual([401, 'key_invalid'])
    const misnamed = await tryLeaf(world, { issuer: 'CN=simulated root' })
    expect(tell(misnamed)).toEqual([401, 'chain_broken'])
    const [, payload, signature] = (await prove(leaf, claims, { chain: [signer] })).split('.')
    const x5c = [leaf, signer].map(({ certificate }) => certificate.toString('base64'))
    const demanding = { alg: 'ES256', typ: 'workload-proof+jwt', x5c, crit: ['b64'], b64: false }
    const header = Buffer.from(JSON.stringify(demanding)).toString('base64url')
    expect(tell(await show(world.agent, [header, payload, signature].join('.')))).toEqual([
      400,
      'credential_malformed',
    ])
  })

  test('when something follows it', async () => {
    const world = await createTrustingWorld()
    const bytes = new Uint8Array([...new Uint8Array(leaf.certificate.rawData), 0, 0])
    const x5c = [Buffer.from(bytes).toString('base64'), signer.certificate.toString('base64')]
    const proof = await prove(leaf, { aud: world.origin, sub: world.agent.did }, { header: { x5c } })
    expect(tell(await show(world.agent, proof))).toEqual([400, 'credential_malformed'])
  })
})

describe('a certificate of a house, which has no SPIFFE ID', () => {
  const house = { issuer: 'acme house CA', subject: 'distinguished-name', grants: [] } as const

  test('enrols by its distinguished name', async () => {
    const world = await createTrustingWorld(house)
    const subject = 'CN=billing, OU=prod, O=Acme'
    const { json } = await tryLeaf(world, { subject, extensions: leafExtensions([]) })
    expect(json['workload']).toEqual({ type: 'x509', issuer: 'acme house CA', subject, claims: {} })
  })

  test('must have one', async () => {
    const world = await createTrustingWorld(house)
    const own = await certify('', { signer, extensions: SVID })
    const proof = await prove(own, { aud: world.origin, sub: world.agent.did }, { chain: [signer] })
    expect(tell(await show(world.agent, proof))).toEqual([400, 'credential_malformed'])
  })
})

describe('a revocation list', () => {
  async function createListingWorld(lists: readonly Uint8Array[]): Promise<World> {
    const servers = await Promise.all(lists.map((list) => serveDocument(list)))
    return createTrustingWorld({ revocation: { crlUrls: servers.map(({ url }) => url) } })
  }
  const showLeaf = async (world: World): Promise<unknown> =>
    tell(
      await show(
        world.agent,
        await prove(leaf, { aud: world.origin, sub: world.agent.did }, { chain: [signer] }),
      ),
    )

  test('of everybody who signed lets through what is not on it', async () => {
    const [own, above] = [await listRevoked(signer, []), await listRevoked(root, [])]
    expect(await showLeaf(await createListingWorld([own, above]))).toEqual([201, undefined])
    expect(await showLeaf(await createListingWorld([own]))).toEqual([401, 'status_invalid'])
  })

  test('stops what is on it, wherever in the chain', async () => {
    const [own, above] = [await listRevoked(signer, []), await listRevoked(root, [])]
    const onOwn = await createListingWorld([await listRevoked(signer, [leaf]), above])
    expect(await showLeaf(onOwn)).toEqual([401, 'credential_revoked'])
    const onAbove = await createListingWorld([own, await listRevoked(root, [signer])])
    expect(await showLeaf(onAbove)).toEqual([401, 'credential_revoked'])
  })

  test('that does not hold lets nothing through', async () => {
    const above = await listRevoked(root, [])
    const stranger = await certify('CN=simulated SPIRE', {})
    const cases: readonly (readonly [string, Uint8Array, number, string])[] = [
      ['signed by another', await listRevoked(stranger, []), 401, 'status_invalid'],
      ['of another name', await listRevoked(signer, [], { issuer: 'CN=other' }), 401, 'status_invalid'],
      [
        'of a part only',
        await listRevoked(signer, [], { extensions: [odd('2.5.29.28', true)] }),
        401,
        'status_invalid',
      ],
      ['signed with SHA-1', await listRevoked(signer, [], { hash: 'SHA-1' }), 401, 'algorithm_unsupported'],
      ['that is over', await listRevoked(signer, [], { nextUpdate: before(1) }), 503, 'status_stale'],
      ['from the future', await listRevoked(signer, [], { thisUpdate: after(60) }), 503, 'status_stale'],
      ['that is none', new TextEncoder().encode('<html>'), 401, 'resolution_invalid'],
    ]
    const told: unknown[] = []
    for (const [name, list] of cases) {
      told.push([name, await showLeaf(await createListingWorld([list, above]))])
    }
    expect(told).toEqual(cases.map(([name, , status, code]) => [name, [status, code]]))
  })

  test('counts only of those who may sign lists', async () => {
    const mute = await certify('CN=mute', {
      signer: root,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      ],
    })
    const world = await createListingWorld([await listRevoked(mute, []), await listRevoked(root, [])])
    expect(tell(await tryLeaf(world, { signer: mute }, [mute]))).toEqual([401, 'status_invalid'])
  })
})

describe('a configuration of workload issuers is refused', () => {
  const jwt = {
    type: 'jwt',
    issuer: 'https://ci.test',
    algorithms: ['RS256'],
    jwks: { keys: [{ kty: 'RSA' }] },
    binding: 'audience',
  } as const

  const refuse = async (issuers: readonly unknown[], message: string): Promise<void> => {
    const given = issuers as readonly WorkloadIssuer[]
    await expect(createWorld({ workloadIssuers: given })).rejects.toThrow(new RegExp(message, 'u'))
  }

  test.each<[string, object, string]>([
    ['without a name', { issuer: '' }, 'issuer must be a text'],
    ['without algorithms', { algorithms: [] }, 'algorithms must be some of'],
    ['with one that is not known', { algorithms: ['HS256'] }, 'algorithms must be some of'],
    ['without a binding', { binding: undefined }, 'binding must be'],
    ['without keys', { jwks: undefined }, 'either jwks or jwksUrl'],
    ['with two sources of keys', { jwksUrl: 'https://ci.test/keys' }, 'either jwks or jwksUrl'],
    ['with no key', { jwks: { keys: [] } }, 'JWK Set with keys'],
    ['with keys that are none', { jwks: {} }, 'JWK Set with keys'],
    ['with an address that is none', { jwks: undefined, jwksUrl: 'ftp://ci.test' }, 'jwksUrl must be'],
    ['with a time that is none', { maxTokenSeconds: 0 }, 'maxTokenSeconds'],
    ['with a claim that is no pointer', { claims: { ref: 'ref' } }, 'ref must be a JSON pointer'],
    ['with a claim of an odd name', { claims: { 'a b': '/ref' } }, 'letters and digits'],
    ['with a trust domain that is none', { issuer: 'spiffe://example.org/x' }, 'trust domain'],
    ['with a grant to nobody', { grants: [{ ...GRANT, subject: '' }] }, 'must name a subject'],
    ['with a grant of an odd name', { grants: [{ ...GRANT, id: 'a b' }] }, 'letters and digits'],
    ['with a grant for unknown claims', { grants: [{ ...GRANT, claims: { ref: 'x' } }] }, 'asks for ref'],
    [
      'with a grant nobody could have',
      { grants: [{ ...GRANT, maxSeconds: 1e6 }] },
      'nobody could have the grant',
    ],
    ['with a grant of nothing', { grants: [{ ...GRANT, capabilities: [] }] }, 'nobody could have the grant'],
  ])('%s', async (_name, changes, message) => {
    await refuse([{ ...jwt, ...changes }], message)
  })

  test('with a thing twice', async () => {
    await refuse([jwt, jwt], 'each issuer must be there once')
    const granted = { ...jwt, grants: [GRANT] }
    await refuse(
      [granted, { ...granted, issuer: 'https://other.test' }],
      'each grant must have an id of its own',
    )
    await refuse([issuerOf({ grants: [] }), issuerOf({ issuer: 'spiffe://b.org', grants: [] })], 'each root')
  })

  test.each<[string, object, string]>([
    ['without roots', { roots: [] }, 'at least one certificate'],
    ['with a root that is none', { roots: ['root'] }, 'one certificate in PEM'],
    ['with a kind of subject that is none', { subject: 'cn' }, 'subject must be'],
    ['with a trust domain that is none', { issuer: 'example.org' }, 'spiffe://TRUST-DOMAIN'],
    ['with a trust domain where it is none', { subject: 'distinguished-name' }, 'spiffe://TRUST-DOMAIN'],
    ['without lists', { revocation: { crlUrls: [] } }, 'at least one list'],
    ['without a lifetime', { revocation: {} }, 'maxLifetimeSeconds'],
    ['with a list at no address', { revocation: { crlUrls: ['list.crl'] } }, 'crlUrls must be'],
  ])('of certificates %s', async (_name, changes, message) => {
    await refuse([{ ...issuerOf(), ...changes }], message)
  })

  test('of certificates with a root that may not sign', async () => {
    await refuse([issuerOf({ roots: [leaf.certificate.toString('pem')] })], 'may not sign others')
  })
})

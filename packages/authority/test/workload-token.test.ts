import { decodeBase64url, encodeBase64url, isJsonObject, type JsonObject } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import type { JwtWorkloadIssuer } from '../src/index.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createPolicy,
  createWorld,
  type Party,
  type RawAnswer,
  START,
  type World,
  type WorldOptions,
} from './support/authority-world.ts'
import { createTokenIssuer, serveDocument } from './support/simulated-token-issuer.ts'

const KUBERNETES = 'https://kubernetes.default.svc.cluster.local'
const SUBJECT = 'system:serviceaccount:prod:billing'
const CLAIMS = {
  iss: KUBERNETES,
  sub: SUBJECT,
  'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'billing' }, warnafter: 1796000000 },
}
const READ_ISSUES = [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] },
]
const GRANT = {
  id: 'billing',
  subject: SUBJECT,
  claims: { namespace: 'prod' },
  onBehalfOf: ALICE,
  capabilities: READ_ISSUES,
  maxSeconds: 600,
}

const simulatedCluster = await createTokenIssuer({ name: 'cluster' })
const KUBERNETES_ISSUER: JwtWorkloadIssuer = {
  type: 'jwt',
  issuer: KUBERNETES,
  algorithms: ['RS256'],
  jwks: simulatedCluster.jwks,
  binding: 'first-use',
  claims: { namespace: '/kubernetes.io/namespace', account: '/kubernetes.io/serviceaccount/name' },
  grants: [GRANT],
}

function createClusterWorld(
  changes: Partial<JwtWorkloadIssuer> = {},
  options: WorldOptions = {},
): Promise<World> {
  return createWorld({
    policy: APPROVE_ENROLLED,
    workloadIssuers: [{ ...KUBERNETES_ISSUER, ...changes }],
    ...options,
  })
}

function createRemoteWorld(jwksUrl: string, options: WorldOptions = {}): Promise<World> {
  const { jwks: _, ...issuer } = KUBERNETES_ISSUER
  return createWorld({ policy: APPROVE_ENROLLED, workloadIssuers: [{ ...issuer, jwksUrl }], ...options })
}

function show(party: Party, token: string): Promise<RawAnswer> {
  const body = JSON.stringify({ workload: { type: 'jwt', token } })
  return party.send({ method: 'POST', path: '/enrolments/workload', body })
}

const tell = ({ status, json }: RawAnswer): unknown => [status, json['code']]

async function eventsOf(world: World, type: string): Promise<readonly JsonObject[]> {
  const events = await world.operator.client.listEvents()
  return events.filter((event) => event.type === type).map(({ data }) => data)
}

describe('a workload token of a simulated Kubernetes cluster', () => {
  test('enrols the key that shows it, for what is granted, until the token ends', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: [world.origin] })
    const { status, json } = await show(world.agent, token)
    expect([status, json]).toEqual([
      201,
      {
        agent: world.agent.did,
        workload: {
          type: 'jwt',
          issuer: KUBERNETES,
          subject: SUBJECT,
          claims: { namespace: 'prod', account: 'billing' },
        },
        valid_until: '2026-11-24T12:10:00.000Z',
        enrolments: [
          expect.objectContaining({
            agent: world.agent.did,
            on_behalf_of: ALICE,
            max_seconds: 600,
            valid_until: '2026-11-24T12:10:00.000Z',
            created_by: 'urn:behalf:workload-grant:billing',
            workload: expect.objectContaining({ subject: SUBJECT }),
          }),
        ],
      },
    ])
    const asked = await world.agent.client.createRequest(ASKED)
    expect(asked.status).toBe('approved')
  })

  test('is on record, with the enrolment it gave', async () => {
    const world = await createClusterWorld()
    await show(world.agent, await simulatedCluster.sign({ ...CLAIMS, aud: world.origin }))
    const workload = {
      type: 'jwt',
      issuer: KUBERNETES,
      subject: SUBJECT,
      claims: { namespace: 'prod', account: 'billing' },
    }
    const proof = expect.stringMatching(/^sha-256:/u)
    await expect(eventsOf(world, 'workload_proven')).resolves.toEqual([
      { subject: world.agent.did, workload, proof, valid_until: '2026-11-24T12:10:00.000Z' },
    ])
    await expect(eventsOf(world, 'enrolled')).resolves.toEqual([
      expect.objectContaining({
        subject: world.agent.did,
        by: 'urn:behalf:workload-grant:billing',
        workload: { ...workload, proof },
      }),
    ])
  })

  test('gives nothing any more once it ended', async () => {
    const world = await createClusterWorld()
    await show(world.agent, await simulatedCluster.sign({ ...CLAIMS, aud: world.origin }))
    world.clock.advance(600)
    const asked = await world.agent.client.createRequest(ASKED)
    expect(asked.status).toBe('pending')
  })

  test('is for the key that showed it first, whoever has a copy', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    const first = await show(world.agent, token)
    expect(tell(await show(world.party('thief'), token))).toEqual([401, 'key_mismatch'])
    const again = await show(world.agent, token)
    expect([again.status, again.json]).toEqual([201, first.json])
    expect(await eventsOf(world, 'workload_proven')).toHaveLength(1)
    expect(await eventsOf(world, 'enrolled')).toHaveLength(1)
  })

  test('of two keys that show it at the same time has one', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    const answers = await Promise.all(
      ['one', 'two', 'three', 'four'].map((name) => show(world.party(name), token)),
    )
    expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
      201, 401, 401, 401,
    ])
  })

  test('gives nothing that was withdrawn from its workload, to no key', async () => {
    const world = await createClusterWorld()
    await show(world.agent, await simulatedCluster.sign({ ...CLAIMS, aud: world.origin }))
    const [enrolment] = await world.operator.client.listEnrolments()
    await world.operator.client.removeEnrolment(enrolment?.id ?? '')
    const restarted = world.party('restarted')
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, jti: 'second' })
    const { status, json } = await show(restarted, token)
    expect([status, json['enrolments']]).toEqual([201, []])
    const neighbour = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, sub: `${SUBJECT}-2` })
    expect((await show(world.party('neighbour'), neighbour)).status).toBe(201)
  })

  test('gives nothing to a workload of another name, or with another claim', async () => {
    const world = await createClusterWorld()
    const other = { ...CLAIMS, aud: world.origin, 'kubernetes.io': { namespace: 'test' } }
    expect((await show(world.agent, await simulatedCluster.sign(other))).json['enrolments']).toEqual([])
    const stranger = { ...CLAIMS, aud: world.origin, sub: 'system:serviceaccount:prod:mallory' }
    expect((await show(world.agent, await simulatedCluster.sign(stranger))).json['enrolments']).toEqual([])
  })

  test('does not help a key that was revoked', async () => {
    const world = await createClusterWorld()
    await world.operator.client.revoke({ agent: world.agent.did })
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([401, 'key_revoked'])
  })

  test('is shown as often in a minute as a key may ask, whatever key shows it', async () => {
    const world = await createClusterWorld({}, { limits: { questionsPerAgent: 2 } })
    for (let at = 0; at < 2; at += 1) {
      const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, jti: String(at) })
      expect((await show(world.agent, token)).status).toBe(201)
    }
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, jti: 'one more' })
    expect(tell(await show(world.party('other'), token))).toEqual([429, 'rate_limited'])
  })
})

const forged = await createTokenIssuer({ name: 'forger' })

describe('a workload token is refused', () => {
  const at = (seconds: number): number => START / 1000 + seconds
  const DEFECTS: readonly (readonly [string, object, object, number, string])[] = [
    ['of an issuer that nobody configured', { iss: 'https://other.test' }, {}, 401, 'issuer_untrusted'],
    ['of no issuer', { iss: undefined }, {}, 401, 'issuer_untrusted'],
    ['of an issuer spelled differently', { iss: `${KUBERNETES}/` }, {}, 401, 'issuer_untrusted'],
    ['with a key that the issuer does not have', {}, { kid: 'key-2' }, 401, 'keyid_unsupported'],
    ['that names no key', {}, { kid: undefined }, 400, 'credential_malformed'],
    ['of another type', {}, { typ: 'at+jwt' }, 401, 'credential_type_mismatch'],
    ['once it expired', { exp: at(0) }, {}, 401, 'credential_expired'],
    ['before it holds', { nbf: at(30) }, {}, 401, 'credential_not_yet_valid'],
    ['made in the future', { iat: at(30) }, {}, 401, 'credential_not_yet_valid'],
    ['without an end', { exp: undefined }, {}, 400, 'credential_malformed'],
    ['without its time', { iat: undefined }, {}, 400, 'credential_malformed'],
    ['with an end that is no time', { exp: 'tomorrow' }, {}, 400, 'credential_malformed'],
    ['that holds for too long', { exp: at(86_400) }, {}, 403, 'policy_denied'],
    ['for another audience', { aud: 'https://api.test' }, {}, 403, 'audience_mismatch'],
    ['for no audience', { aud: undefined }, {}, 403, 'audience_mismatch'],
    ['for nobody in a list', { aud: [] }, {}, 403, 'audience_mismatch'],
    ['without a subject', { sub: undefined }, {}, 400, 'credential_malformed'],
    ['with a subject that hides something', { sub: 'a\u202Eb' }, {}, 400, 'credential_malformed'],
    ['with a claim that is no text', { 'kubernetes.io': { namespace: [] } }, {}, 400, 'credential_malformed'],
  ]

  test('with any one defect, and leaves nothing behind', async () => {
    const world = await createClusterWorld()
    const told: unknown[] = []
    for (const [name, claims, header] of DEFECTS) {
      const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, ...claims }, header)
      const { status, json } = await show(world.agent, token)
      told.push([name, status, json['code']])
    }
    expect(told).toEqual(DEFECTS.map(([name, , , status, code]) => [name, status, code]))
    expect(await eventsOf(world, 'workload_proven')).toEqual([])
    expect(await world.operator.client.listEnrolments()).toEqual([])
  })

  test('that is also for somebody else', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: [world.origin, 'https://api.test'] })
    expect(tell(await show(world.agent, token))).toEqual([403, 'audience_mismatch'])
  })

  test('that demands what is not known here', async () => {
    const world = await createClusterWorld()
    const [, claims = '', signature = ''] = (
      await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    ).split('.')
    const header = encodeText(JSON.stringify({ alg: 'RS256', kid: 'key-1', crit: ['b64'], b64: false }))
    expect(tell(await show(world.agent, [header, claims, signature].join('.')))).toEqual([
      400,
      'credential_malformed',
    ])
  })

  test('that somebody else signed, even with the key in its header', async () => {
    const world = await createClusterWorld()
    const claims = { ...CLAIMS, aud: world.origin }
    expect(tell(await show(world.agent, await forged.sign(claims)))).toEqual([
      401,
      'credential_signature_invalid',
    ])
    const [jwk] = Array.isArray(forged.jwks['keys']) ? forged.jwks['keys'] : []
    expect(tell(await show(world.agent, await forged.sign(claims, { jwk })))).toEqual([
      401,
      'credential_signature_invalid',
    ])
  })

  test('whose claims were changed after it was signed', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({
      ...CLAIMS,
      aud: world.origin,
      sub: 'system:serviceaccount:x:y',
    })
    const [header = '', claims = '', signature = ''] = token.split('.')
    const read: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(claims)))
    if (!isJsonObject(read)) throw new Error('claims are an object')
    const changed = encodeText(JSON.stringify({ ...read, sub: SUBJECT }))
    expect(tell(await show(world.agent, [header, changed, signature].join('.')))).toEqual([
      401,
      'credential_signature_invalid',
    ])
  })

  test('with an algorithm that the issuer does not use, however it is spelled', async () => {
    const world = await createClusterWorld()
    const [, claims = ''] = (await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })).split('.')
    for (const alg of ['none', 'HS256', 'ES256', 'rs256', 'PS256']) {
      const header = encodeText(JSON.stringify({ alg, kid: 'key-1' }))
      expect(tell(await show(world.agent, `${header}.${claims}.AAAA`))).toEqual([
        401,
        'algorithm_unsupported',
      ])
    }
  })

  const SPOILT: readonly (readonly [string, (token: string) => string, string])[] = [
    ['with a part too few', (token) => token.slice(0, token.lastIndexOf('.')), 'credential_malformed'],
    ['with a part too many', (token) => `${token}.`, 'credential_malformed'],
    ['with padding', (token) => `${token}=`, 'credential_malformed'],
    ['that is nothing', () => '..', 'credential_malformed'],
    ['that is too long', (token) => token.padEnd(16_385, 'A'), 'credential_too_large'],
    [
      'that names its issuer twice',
      () => `${encodeText('{"alg":"RS256","kid":"key-1"}')}.${encodeText('{"iss":"a","iss":"b"}')}.AAAA`,
      'json_ambiguous',
    ],
  ]

  test('that is not spelled as one', async () => {
    const world = await createClusterWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    const told: unknown[] = []
    for (const [name, spoil] of SPOILT) {
      const { status, json } = await show(world.agent, spoil(token))
      told.push([name, status, json['code']])
    }
    expect(told).toEqual(SPOILT.map(([name, , code]) => [name, 400, code]))
  })

  test('where nobody was configured', async () => {
    const world = await createWorld()
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([401, 'issuer_untrusted'])
  })
})

function encodeText(text: string): string {
  return encodeBase64url(new TextEncoder().encode(text))
}

describe('a token that is made for one key', () => {
  const CI = 'https://token.actions.simulated.test'
  const bound = { issuer: CI, binding: 'audience', grants: [], claims: { ref: '/ref' } } as const

  test('of a simulated CI system enrols that key and no other', async () => {
    const world = await createClusterWorld(bound)
    const claims = { iss: CI, sub: 'repo:acme/shop:ref:refs/heads/main', ref: 'refs/heads/main' }
    const token = await simulatedCluster.sign(
      { ...claims, aud: `${world.origin}#${world.agent.did}` },
      { typ: 'JWT' },
    )
    expect(tell(await show(world.party('thief'), token))).toEqual([403, 'audience_mismatch'])
    const { status, json } = await show(world.agent, token)
    expect([status, json['workload']]).toEqual([
      201,
      { type: 'jwt', issuer: CI, subject: claims.sub, claims: { ref: 'refs/heads/main' } },
    ])
  })

  test('must be: the authority alone is not enough', async () => {
    const world = await createClusterWorld(bound)
    const token = await simulatedCluster.sign({ iss: CI, sub: 'repo:acme/shop', aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([403, 'audience_mismatch'])
  })
})

describe('a JWT-SVID of a simulated SPIFFE server', () => {
  const simulatedSpire = createTokenIssuer({ name: 'spire', alg: 'ES256', jwk: { use: 'jwt-svid' } })
  const svid = { sub: 'spiffe://example.org/billing' }

  async function createSpiffeWorld(): Promise<World> {
    const { jwks } = await simulatedSpire
    const issuer = {
      issuer: 'spiffe://example.org',
      algorithms: ['ES256'],
      jwks,
      claims: {},
      grants: [],
    } as const
    return createClusterWorld(issuer)
  }

  test('enrols by its trust domain, without an issuer', async () => {
    const world = await createSpiffeWorld()
    const token = await (await simulatedSpire).sign({ ...svid, aud: [world.origin] }, { typ: 'JWT' })
    expect((await show(world.agent, token)).json['workload']).toEqual({
      type: 'jwt',
      issuer: 'spiffe://example.org',
      subject: svid.sub,
      claims: {},
    })
  })

  test('is the same token with the second spelling of its signature', async () => {
    const world = await createSpiffeWorld()
    const token = await (await simulatedSpire).sign({ ...svid, aud: [world.origin] })
    const [header = '', claims = '', signature = ''] = token.split('.')
    expect((await show(world.agent, token)).status).toBe(201)
    const copy = [header, claims, encodeBase64url(negateS(decodeBase64url(signature)))].join('.')
    expect(tell(await show(world.party('thief'), copy))).toEqual([401, 'key_mismatch'])
  })

  test('is refused for any other name than that of a workload in the trust domain', async () => {
    const world = await createSpiffeWorld()
    const names = [
      'spiffe://other.org/billing',
      'spiffe://example.org',
      'spiffe://example.org/',
      'spiffe://example.org/a//b',
      'spiffe://example.org/a/../b',
      'spiffe://example.org/billing?x',
      'spiffe://EXAMPLE.org/billing',
      'spiffe://example.org:8080/billing',
    ]
    for (const sub of names) {
      const token = await (await simulatedSpire).sign({ aud: [world.origin], sub })
      expect([sub, tell(await show(world.agent, token))]).toEqual([sub, [401, 'issuer_untrusted']])
    }
  })

  /** The other signature that the same key would verify over the same bytes. */
  function negateS(signature: Uint8Array): Uint8Array {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
    const other = (order - s).toString(16).padStart(64, '0')
    return new Uint8Array([...signature.subarray(0, 32), ...Buffer.from(other, 'hex')])
  }
})

describe('keys of an issuer', () => {
  test('of Ed25519 are held to the one rule', async () => {
    const simulated = await createTokenIssuer({ name: 'ed', alg: 'EdDSA' })
    const good = await createClusterWorld({ algorithms: ['EdDSA'], jwks: simulated.jwks })
    const claims = { ...CLAIMS, aud: good.origin }
    expect((await show(good.agent, await simulated.sign(claims))).status).toBe(201)
    // The neutral element verifies a constant signature over anything where the rule is a weaker one.
    const x = encodeBase64url(new Uint8Array(32).fill(1, 0, 1))
    const weak = await createTokenIssuer({ name: 'ed', alg: 'EdDSA', jwk: { x } })
    const world = await createClusterWorld({ algorithms: ['EdDSA'], jwks: weak.jwks })
    const [header, payload] = (await weak.sign({ ...CLAIMS, aud: world.origin })).split('.')
    const constant = encodeBase64url(new Uint8Array(64).fill(1, 0, 1))
    expect(tell(await show(world.agent, `${header}.${payload}.${constant}`))).toEqual([401, 'key_invalid'])
  })

  test.each<[string, object, string]>([
    ['for encryption', { use: 'enc' }, 'key_invalid'],
    ['for another algorithm', { alg: 'RS512' }, 'key_invalid'],
    ['for signing only', { key_ops: ['sign'] }, 'key_invalid'],
    ['of another type', { kty: 'EC', crv: 'P-256' }, 'key_invalid'],
    ['that are too short', { n: encodeBase64url(new Uint8Array(128).fill(0xff)) }, 'key_invalid'],
  ])('%s verify nothing', async (_name, jwk, code) => {
    const issuer = await createTokenIssuer({ name: 'cluster', jwk })
    const world = await createClusterWorld({ jwks: issuer.jwks })
    expect(tell(await show(world.agent, await issuer.sign({ ...CLAIMS, aud: world.origin })))).toEqual([
      401,
      code,
    ])
  })

  test('with the same name verify nothing', async () => {
    const { keys } = simulatedCluster.jwks
    const twice = Array.isArray(keys) ? [...keys, ...keys] : []
    const world = await createClusterWorld({ jwks: { keys: twice } })
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([401, 'keyid_unsupported'])
  })

  test('are fetched once, and again for a name that is new, but not at once', async () => {
    const server = await serveDocument(simulatedCluster.jwks)
    const world = await createRemoteWorld(server.url)
    const show2 = async (jti: string, signer = simulatedCluster): Promise<RawAnswer> =>
      show(world.agent, await signer.sign({ ...CLAIMS, aud: world.origin, jti }))
    expect((await show2('a')).status).toBe(201)
    expect((await show2('b')).status).toBe(201)
    expect(server.asked()).toBe(1)
    const rotated = await createTokenIssuer({ name: 'rotated', kid: 'key-2' })
    server.answer = { status: 200, body: JSON.stringify(rotated.jwks) }
    expect(tell(await show2('c', rotated))).toEqual([401, 'keyid_unsupported'])
    expect(server.asked()).toBe(1)
    world.clock.advance(30)
    expect((await show2('d', rotated)).status).toBe(201)
    expect(server.asked()).toBe(2)
    // What was taken back is used no longer than it is held.
    expect(tell(await show2('e'))).toEqual([401, 'keyid_unsupported'])
  })

  test('are asked for again after five minutes, and nothing holds without them', async () => {
    const server = await serveDocument(simulatedCluster.jwks)
    const world = await createRemoteWorld(server.url)
    expect(
      (await show(world.agent, await simulatedCluster.sign({ ...CLAIMS, aud: world.origin }))).status,
    ).toBe(201)
    server.answer = { status: 500, body: '' }
    world.clock.advance(300)
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin, jti: 'later' })
    const answer = await show(world.agent, token)
    expect([...(tell(answer) as unknown[]), answer.headers.get('retry-after')]).toEqual([
      503,
      'resolution_timeout',
      '5',
    ])
  })

  test.each<[string, { status: number; body: string; headers?: Record<string, string> }, number, string]>([
    ['are no JSON', { status: 200, body: '<html>' }, 401, 'resolution_invalid'],
    ['are no set', { status: 200, body: '[]' }, 401, 'resolution_invalid'],
    ['say a thing twice', { status: 200, body: '{"keys":[],"keys":[]}' }, 401, 'resolution_invalid'],
    ['are too long', { status: 200, body: ' '.repeat(262_145) }, 503, 'resolution_timeout'],
    ['moved', { status: 302, body: '', headers: { location: '/keys' } }, 503, 'resolution_timeout'],
  ])('that %s verify nothing', async (_name, given, status, code) => {
    const server = await serveDocument(simulatedCluster.jwks)
    server.answer = given
    const world = await createRemoteWorld(server.url)
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([status, code])
  })

  test('at an address of the house are not called for, unless it is named', async () => {
    const resolveHost = async (): Promise<readonly string[]> => ['10.1.2.3']
    const world = await createRemoteWorld('https://keys.test/jwks', { workloadNetwork: { resolveHost } })
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([401, 'resolution_blocked'])
  })

  test('whose server never answers are not waited for', async () => {
    const resolveHost = (): Promise<never> => new Promise(() => undefined)
    const world = await createRemoteWorld('https://keys.test/jwks', {
      workloadNetwork: { resolveHost, timeoutSeconds: 0.05 },
    })
    const token = await simulatedCluster.sign({ ...CLAIMS, aud: world.origin })
    expect(tell(await show(world.agent, token))).toEqual([503, 'resolution_timeout'])
  })
})

describe('a policy', () => {
  const policy = createPolicy(
    'workloads',
    `@id("prod") permit (principal, action == Action::"ask-one", resource)
     when { principal has workload && principal.workload.issuer == "${KUBERNETES}" &&
            principal.workload.subject like "system:serviceaccount:prod:*" &&
            principal.workload.hasTag("namespace") && principal.workload.getTag("namespace") == "prod" };`,
  )

  test('asks a person about an agent that runs where it should, and refuses others', async () => {
    const world = await createClusterWorld({ grants: [] }, { policy })
    const before = await world.agent.client.createRequest(ASKED)
    expect(before.status).toBe('refused')
    await show(world.agent, await simulatedCluster.sign({ ...CLAIMS, aud: world.origin }))
    const asked = await world.agent.client.createRequest(ASKED)
    expect(asked.status).toBe('pending')
    // It counts at the decision, too: by then the proof has ended.
    world.clock.advance(600)
    const { id } = asked
    await expect(world.operator.client.approve(id, { version: 1 })).rejects.toThrow(
      expect.objectContaining({ code: 'access_denied' }),
    )
  })
})

import { decodeDidKey } from '@behalf/did'
import { describe, expect, test } from 'vitest'
import type { JwtWorkloadIssuer } from '../src/index.ts'
import { collectTrace } from '../src/trace/collect-trace.ts'
import { findEnrolment } from '../src/trace/find-enrolment.ts'
import { type EntryProof, proofOf } from '../src/trace/proof-of.ts'
import { parseTraceBundle, serializeTraceBundle, type TraceBundle } from '../src/trace/trace-bundle.ts'
import { type ProvenEntry, type VerifiedTrace, verifyTrace } from '../src/trace/verify-trace.ts'
import { ask } from './support/ask.ts'
import {
  APPROVE_ENROLLED,
  createWorld,
  type Party,
  READ_ISSUES,
  READ_ONE,
  type World,
} from './support/authority-world.ts'
import { approve, type Browser, claim, invite, textOf } from './support/browser.ts'
import { createTokenIssuer } from './support/simulated-token-issuer.ts'

const KUBERNETES = 'https://kubernetes.default.svc.cluster.local'
const SUBJECT = 'system:serviceaccount:prod:billing'
const simulatedCluster = await createTokenIssuer({ name: 'cluster' })
const WORKLOADS: JwtWorkloadIssuer = {
  type: 'jwt',
  issuer: KUBERNETES,
  algorithms: ['RS256'],
  jwks: simulatedCluster.jwks,
  binding: 'first-use',
  claims: {},
  grants: [
    {
      id: 'billing',
      subject: SUBJECT,
      onBehalfOf: { id: 'alice' },
      capabilities: [...READ_ISSUES],
      maxSeconds: 600,
    },
  ],
}

interface Told {
  readonly bundle: TraceBundle
  readonly trace: VerifiedTrace
  readonly types: readonly string[]
}

async function trace(world: World, id: string): Promise<Told> {
  const authority = world.authority.issuerDid
  const key = { name: authority, publicKey: decodeDidKey(authority) }
  const { bundle } = await collectTrace(world.operator.client, id, key)
  const verified = await verifyTrace(parseTraceBundle(serializeTraceBundle(bundle)), authority)
  return { bundle, trace: verified, types: verified.entries.map(({ record }) => record.type) }
}

/** The only entry of a type that says this, and what is proven of it. */
function entryOf(
  { trace: told }: Told,
  type: string,
  members: object = {},
): ProvenEntry & { readonly proof: EntryProof } {
  const found = told.entries.filter(
    ({ record }) =>
      record.type === type && Object.entries(members).every(([name, value]) => record[name] === value),
  )
  const [entry] = found
  if (entry === undefined || found.length > 1) throw new Error(`${found.length} entries of ${type}`)
  return { ...entry, proof: proofOf(entry, told) }
}

interface Enrolled {
  readonly world: World
  readonly alice: Browser
  /** Ids of the request along with which it was given, and of the enrolment. */
  readonly first: string
  readonly enrolment: string
}

/** Alice approves a request with her passkey, and the same again by itself. */
async function enrolWithPasskey(): Promise<Enrolled> {
  const world = await createWorld({ policy: APPROVE_ENROLLED })
  const alice = await claim(world)
  const first = await ask(world, { validForSeconds: 60, workflow: { id: 'triage', run: 'one' } })
  const enrol = { valid_until: new Date(world.clock() + 86_400_000).toISOString(), max_seconds: 60 }
  const done = await approve(alice, [{ id: first, version: 1 }], { enrol })
  expect(done.status).toBe(200)
  const [enrolment] = await world.operator.client.listEnrolments()
  return { world, alice, first, enrolment: enrolment?.id ?? '' }
}

/** A request that nobody is asked about; says its id and that of its delegation. */
async function obtain(
  world: World,
  agent: Party = world.agent,
): Promise<{ readonly request: string; readonly delegation: string }> {
  const terms = { onBehalfOf: { id: 'alice' }, capabilities: READ_ONE, purpose: 'Again', validForSeconds: 60 }
  const { id, status } = await agent.client.createRequest(terms)
  expect(status).toBe('approved')
  const { delegationId = '' } = await agent.client.getRequest(id)
  return { request: id, delegation: delegationId }
}

const OWN = ['requested', 'policy_decided', 'approved', 'issued']

describe('what was approved by an enrolment', () => {
  test('is traced to the person and the passkey with which the bounds were signed', async () => {
    const { world, enrolment, first } = await enrolWithPasskey()
    const { request, delegation } = await obtain(world)
    for (const id of [delegation, request]) {
      const told = await trace(world, id)
      expect(told.types).toEqual(['key_logged', 'policy_loaded', ...OWN, 'enrolled', ...OWN])
      const enrolled = entryOf(told, 'enrolled')
      expect(enrolled.record).toMatchObject({ enrolment, request: first, max_seconds: 60 })
      expect(enrolled.proof).toMatchObject({
        proven: [expect.any(String), 'the evidence of the approval in which its bounds were signed'],
        unproven: [],
      })
      expect(findEnrolment(enrolment, told.trace)?.given?.approval).toMatchObject({
        approvals: [{ by: 'alice', passkey: { software: false } }],
        enrolment: { maxSeconds: 60 },
      })
      expect(entryOf(told, 'issued', { delegation }).proof).toMatchObject({
        proven: [
          expect.any(String),
          'the signature of the authority',
          'the evidence of the approval',
          `that a person let it have this unasked, with their own passkey: entry ${enrolled.index}`,
        ],
        unproven: [],
      })
    }
  })

  test('is refused when any byte of its bundle is another one', async () => {
    const { world } = await enrolWithPasskey()
    const { bundle } = await trace(world, (await obtain(world)).delegation)
    const bytes = new TextEncoder().encode(serializeTraceBundle(bundle))
    for (let place = 3; place < bytes.length; place += 41) {
      const changed = bytes.slice()
      changed[place] = (changed[place] ?? 0) ^ 1
      const verified = async (): Promise<VerifiedTrace> =>
        verifyTrace(parseTraceBundle(new TextDecoder().decode(changed)), world.authority.issuerDid)
      await expect(verified(), `byte ${place}`).rejects.toMatchObject({ code: expect.any(String) })
    }
  }, 60_000)

  test('is traced to the operator who enrolled it, whose word is no passkey', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED })
    const terms = {
      agent: world.agent.did,
      onBehalfOf: { id: 'alice' },
      capabilities: READ_ISSUES,
      maxSeconds: 600,
    }
    const { id: enrolment } = await world.operator.client.enrol(terms)
    const { delegation } = await obtain(world)
    await world.operator.client.removeEnrolment(enrolment)
    const told = await trace(world, delegation)
    expect(told.types).toEqual(['key_logged', 'policy_loaded', 'enrolled', ...OWN, 'enrolment_withdrawn'])
    const enrolled = entryOf(told, 'enrolled')
    expect(enrolled.record).toMatchObject({
      by: world.operator.did,
      capabilities: expect.any(Array),
      max_delegation_depth: 0,
    })
    expect(enrolled.proof.unproven).toEqual([
      'that a person let it: nobody signed its bounds, it is the word of the authority',
    ])
    expect(entryOf(told, 'issued').proof).toMatchObject({
      proven: expect.arrayContaining([`that it is within what entry ${enrolled.index} let it have`]),
      unproven: ["that a person approved: enrolment is no person's own passkey"],
    })
  })

  test('is traced to the workload that was proven, and to what proved it', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED, workloadIssuers: [WORKLOADS] })
    const token = await simulatedCluster.sign({ iss: KUBERNETES, sub: SUBJECT, aud: world.origin })
    const body = JSON.stringify({ workload: { type: 'jwt', token } })
    expect((await world.agent.send({ method: 'POST', path: '/enrolments/workload', body })).status).toBe(201)
    const told = await trace(world, (await obtain(world)).delegation)
    expect(told.types).toEqual(['key_logged', 'policy_loaded', 'workload_proven', 'enrolled', ...OWN])
    const proven = entryOf(told, 'workload_proven')
    const enrolled = entryOf(told, 'enrolled')
    expect(enrolled.record.workload).toMatchObject({
      issuer: KUBERNETES,
      subject: SUBJECT,
      proof: proven.record.proof,
    })
    expect(enrolled.proof).toMatchObject({
      proven: [expect.any(String), `that it was given for what was proven in entry ${proven.index}`],
      unproven: [],
    })
    expect(proven.proof.unproven).toEqual([
      expect.stringMatching(
        /^where it runs: what showed it, with the digest sha-256:\S+, is not kept; it is the word of the authority$/u,
      ),
    ])
  })

  test('says so where it is more than was enrolled, or comes when that had ended', async () => {
    const { world } = await enrolWithPasskey()
    const { delegation } = await obtain(world)
    const told = await trace(world, delegation)
    const unprovenWith = (changes: object): readonly string[] => {
      const entries = told.trace.entries.map((entry) =>
        entry.record.type === 'enrolled' ? { ...entry, record: { ...entry.record, ...changes } } : entry,
      )
      const changed = { ...told.trace, entries }
      return proofOf(entryOf(told, 'issued', { delegation }), changed).unproven
    }
    const entry = entryOf(told, 'enrolled')
    const person = "that a person approved: enrolment is no person's own passkey"
    const beyond = `that it is within what entry ${entry.index} let it have: it is not`
    expect(unprovenWith({})).toEqual([])
    const wrong: readonly object[] = [
      { subject: world.operator.did },
      { principal: 'sha-256:another' },
      { max_seconds: 59 },
      { max_delegation_depth: -1 },
      { capabilities: [] },
      { valid_until: '2020-01-01T00:00:00.000Z' },
    ]
    for (const changes of wrong) {
      const without = { ...changes, evidence: undefined }
      expect([changes, unprovenWith(without)]).toEqual([changes, [person, beyond]])
      // Other bounds than were signed.
      expect([changes, unprovenWith(changes)]).toEqual([changes, [person, expect.any(String)]])
    }
    expect(unprovenWith({ capabilities: undefined, evidence: undefined })).toEqual([
      person,
      `that it is within what entry ${entry.index} let it have: its terms are not told in full`,
    ])
    expect(unprovenWith({ enrolment: 'urn:uuid:another' })).toEqual([
      person,
      expect.stringContaining('is not told'),
    ])
    const withdrawn = {
      ...entry,
      index: entry.index + 1,
      record: { ...entry.record, type: 'enrolment_withdrawn' as const },
    }
    const entries = told.trace.entries.flatMap((one) =>
      one.index === entry.index ? [one, withdrawn] : [one],
    )
    expect(proofOf(entryOf(told, 'issued', { delegation }), { ...told.trace, entries }).unproven).toEqual([
      person,
      beyond,
    ])
  })

  test('says so where its bounds are others than the person signed', async () => {
    const { world } = await enrolWithPasskey()
    const told = await trace(world, (await obtain(world)).delegation)
    const { proof: _, ...entry } = entryOf(told, 'enrolled')
    const unprovenWith = (changes: object, changed: VerifiedTrace = told.trace): readonly string[] =>
      proofOf({ ...entry, record: { ...entry.record, ...changes } }, changed).unproven
    expect(unprovenWith({})).toEqual([])
    const others = 'that these are the bounds that were signed: they are others'
    const wrong = [
      { max_seconds: 61 },
      { valid_until: '2040-01-01T00:00:00.000Z' },
      { subject: world.operator.did },
      { capabilities: [] },
      { max_delegation_depth: 3 },
      { principal: 'sha-256:another' },
    ]
    expect(wrong.map((changes) => unprovenWith(changes))).toEqual(wrong.map(() => [others]))
    expect(unprovenWith({ evidence: 'sha-256:another' })).toEqual([others])
    expect(unprovenWith({}, { ...told.trace, roots: new Map() })).toEqual([
      'that a person let it: the approval along with which it was given is not kept',
    ])
  })
})

describe('an enrolment', () => {
  test('is traced by its id: how it was given, what was approved by it, and its end', async () => {
    const { world, alice, enrolment } = await enrolWithPasskey()
    const { delegation } = await obtain(world)
    await alice.call(`/api/enrolments/${enrolment}`, { method: 'DELETE' })
    const told = await trace(world, enrolment)
    expect(told.trace.about).toBe(`enrolment:${enrolment}`)
    expect(told.types).toEqual([
      'key_logged',
      'policy_loaded',
      ...OWN,
      'enrolled',
      ...OWN,
      'enrolment_withdrawn',
    ])
    expect(entryOf(told, 'issued', { delegation }).proof.unproven).toEqual([])
    await expect(
      verifyTrace({ ...told.bundle, about: 'enrolment:urn:uuid:another' }, world.authority.issuerDid),
    ).rejects.toMatchObject({ code: 'audit_proof_invalid' })
  })

  test('is part of the story of the request along with which it was given', async () => {
    const { world, first } = await enrolWithPasskey()
    await obtain(world)
    const told = await trace(world, first)
    expect(told.types).toEqual(['key_logged', 'policy_loaded', ...OWN, 'enrolled'])
  })

  test('has nothing in its story that stopped something else of the request along with which it was given', async () => {
    const { world } = await enrolWithPasskey()
    const { delegation } = await obtain(world)
    await world.operator.client.revoke({ workflow: { id: 'triage', run: 'one' } })
    expect((await trace(world, delegation)).types).not.toContain('run_revoked')
  })

  test('of a request that a person let it have again is told with that request', async () => {
    const { world, alice } = await enrolWithPasskey()
    const id = await ask(world, { validForSeconds: 60, purpose: 'else' }, world.party('other'))
    const body = { request: id, max_seconds: 60, valid_until: new Date(world.clock() + 60_000).toISOString() }
    const enrolled = await alice.send('/api/enrolments', { ...body, step_up: await alice.stepUp() })
    const told = await trace(world, textOf(enrolled, 'id'))
    expect(entryOf(told, 'enrolled')).toMatchObject({
      record: { request: id },
      proof: {
        unproven: ['that a person let it: nobody signed its bounds, it is the word of the authority'],
      },
    })
    expect(told.types).toContain('requested')
  })

  test('is read by the person on whose behalf it is, with the workload that was proven', async () => {
    const world = await createWorld({ policy: APPROVE_ENROLLED, workloadIssuers: [WORKLOADS] })
    const alice = await invite(await claim(world, 'carol'), { id: 'alice', roles: ['approver'] })
    const token = await simulatedCluster.sign({ iss: KUBERNETES, sub: SUBJECT, aud: world.origin })
    const body = JSON.stringify({ workload: { type: 'jwt', token } })
    await world.agent.send({ method: 'POST', path: '/enrolments/workload', body })
    const { delegation } = await obtain(world)
    const answer = await alice.get(`/api/traces/${delegation}`)
    const bundle = parseTraceBundle(textOf(answer, 'bundle'))
    const { entries } = await verifyTrace(bundle, world.authority.issuerDid)
    expect(entries.map(({ record }) => record.type)).toEqual([
      'key_logged',
      'policy_loaded',
      'workload_proven',
      'enrolled',
      ...OWN,
    ])
  })
})

import { join } from 'node:path'
import { createEd25519Signer, sha256 } from '@behalf/core'
import { parseCapabilities } from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { createIssuer, type Issuer, type IssuerStore } from '@behalf/issuer'
import { describe, expect, test } from 'vitest'
import { createMemoryIssuerStore } from '../../issuer/test/support/memory-issuer-store.ts'
import { closeDatabase, prepareDatabase } from '../src/authority-database.ts'
import { openDatabase } from '../src/index.ts'
import { createSqliteIssuerStore } from '../src/sqlite-issuer-store.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  didOf,
  START,
  seedOf,
  temporaryFolder,
  whenDone,
} from './support/authority-world.ts'

// The same random story is told to an issuer over the tables and to one over plain maps. Clock and random bytes are
// the same too, so everything they answer, publish and put on record must be the same to the last byte.
const AGENTS = ['agent', 'other agent'].map(didOf)
const OPERATOR = didOf('operator')
const PATHS = ['/issues/**', '/issues/7', '/admin']
const capability = (path: string): object[] => [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: [path] },
]

interface Twin {
  readonly issuer: Issuer
  readonly store: IssuerStore
}

interface Story {
  readonly twins: readonly Twin[]
  readonly advance: (seconds: number) => void
}

async function createStory(): Promise<Story> {
  const path = join(temporaryFolder(), 'authority.db')
  const signer = createEd25519Signer(seedOf('authority'))
  const did = encodeDidKey(signer.publicKey)
  const database = await prepareDatabase(openDatabase(path), { issuer: did, now: START })
  whenDone(() => closeDatabase(database))
  let now = START
  const create = (store: IssuerStore): Twin => ({
    store,
    issuer: createIssuer({
      signer,
      did,
      kid: encodeDidKeyUrl(did),
      origin: 'https://authority.test',
      store,
      policy: APPROVE_ENROLLED,
      clock: () => now,
      random: createRandomBytes(),
      limits: { pendingPerAgent: 4 },
    }),
  })
  const twins = [create(createMemoryIssuerStore()), create(createSqliteIssuerStore(database))]
  for (const { issuer } of twins) await issuer.start()
  return {
    twins,
    advance: (seconds) => {
      now += seconds * 1000
    },
  }
}

type Step = (issuer: Issuer, ids: Ids) => Promise<unknown>

/** What a step may refer to: what is there at that time. */
interface Ids {
  readonly request: string
  readonly delegation: string
  readonly enrolment: string
}

/** A step that a number chooses, the same for both. */
function chooseStep(choice: number, detail: number): Step {
  const agent = AGENTS[detail % AGENTS.length] ?? ''
  const capabilities = parseCapabilities(JSON.parse(JSON.stringify(capability(PATHS[detail % 3] ?? ''))))
  const json = JSON.parse(JSON.stringify(capabilities))
  const question = {
    agent,
    onBehalfOf: ALICE,
    capabilities: json,
    purpose: `Step ${detail}`,
    maxDelegationDepth: detail % 2,
  }
  const caller = { did: detail % 3 === 0 ? OPERATOR : agent, operator: detail % 3 === 0 }
  const steps: readonly Step[] = [
    (issuer) => issuer.requestDelegation({ ...question, validForSeconds: 1 + (detail % 900) }),
    (issuer) => issuer.requestDelegation(question),
    (issuer, { request }) => issuer.approve({ id: request, version: 1, operator: OPERATOR }),
    (issuer, { request }) =>
      issuer.approve({ id: request, version: 1, operator: OPERATOR, narrow: { maxUses: 2 } }),
    (issuer, { request }) =>
      issuer.deny({ id: request, version: 1 + (detail % 2), operator: OPERATOR, reason: 'No' }),
    (issuer, { request }) => issuer.collect({ id: request, agent }),
    (issuer, { delegation }) => issuer.revokeDelegation({ id: delegation, caller, reason: 'Enough' }),
    (issuer) => issuer.enrol({ operator: OPERATOR, ...question, maxSeconds: 1 + (detail % 900) }),
    (issuer, { enrolment }) => issuer.withdrawEnrolment({ id: enrolment, operator: OPERATOR }),
    (issuer, { request }) => issuer.readRequest({ id: request, caller }),
    (issuer) => issuer.heartbeat(),
    (issuer) => issuer.revokePrincipal({ person: ALICE, ...(detail % 2 === 0 && { agent }) }),
    (issuer, { delegation }) =>
      issuer.suspendDelegation({ id: delegation, operator: OPERATOR, reason: 'Odd' }),
    (issuer, { delegation }) => issuer.suspendDelegation({ id: delegation, person: ALICE }),
    (issuer, { delegation }) => issuer.resumeDelegation({ id: delegation, operator: OPERATOR }),
    (issuer, { delegation }) => issuer.resumeDelegation({ id: delegation, person: ALICE }),
    (issuer) => issuer.revokeKey({ agent: didOf(`lost ${detail % 3}`), operator: OPERATOR }),
  ]
  return steps[choice % steps.length] ?? ((issuer) => issuer.heartbeat())
}

async function readIds(issuer: Issuer, detail: number): Promise<Ids> {
  const pick = (items: readonly { readonly id: string }[]): string =>
    items[detail % items.length]?.id ?? 'none'
  return {
    request: pick(await issuer.listRequests()),
    delegation: pick(await issuer.listDelegations()),
    enrolment: pick(await issuer.listEnrolments()),
  }
}

async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  try {
    return plain(await run)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code
    throw error
  }
}

async function readAll({ issuer }: Twin): Promise<unknown> {
  return plain({
    requests: await issuer.listRequests(),
    pending: await issuer.listRequests({ status: 'pending' }),
    expired: await issuer.listRequests({ status: 'expired' }),
    enrolments: await issuer.listEnrolments(),
    delegations: await issuer.listDelegations(),
    list: await issuer.statusList({ number: 1, purpose: 'revocation' }),
    suspensions: await issuer.statusList({ number: 1, purpose: 'suspension' }),
    heartbeat: await issuer.lastHeartbeat(),
    events: await issuer.listEvents(),
  })
}

describe('an issuer over the tables and its twin over maps', () => {
  test.each([1, 2, 3])('tell the same story, random seed %i', async (seed) => {
    const { twins, advance } = await createStory()
    const [maps, tables] = twins
    if (!maps || !tables) throw new Error('no twins')
    const next = createNumbers(seed)
    const seen = new Set<unknown>()
    for (let step = 0; step < 120; step += 1) {
      const [choice, detail] = [next(), next()]
      const run = chooseStep(choice, detail)
      const [expected, actual] = [
        await outcomeOf(run(maps.issuer, await readIds(maps.issuer, detail))),
        await outcomeOf(run(tables.issuer, await readIds(tables.issuer, detail))),
      ]
      expect([step, actual]).toEqual([step, expected])
      seen.add(typeof expected === 'string' ? expected : 'done')
      if (detail % 5 === 0) advance(detail % 300)
    }
    expect(await readAll(tables)).toEqual(await readAll(maps))
    // The story was not one of refusals only, nor one without any.
    expect([...seen]).toEqual(expect.arrayContaining(['done', 'not_found', 'approval_consumed']))
  })
})

/** As JSON would have it: without prototypes and what is undefined. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function createRandomBytes(): (length: number) => Uint8Array {
  let counter = 0
  return (length) => {
    counter += 1
    return sha256(new TextEncoder().encode(`random ${counter}`)).subarray(0, length)
  }
}

function createNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
}

import {
  createEd25519Signer,
  createUuid,
  type JsonObject,
  type JsonValue,
  type Signer,
  sha256,
} from '@behalf/core'
import {
  createDelegationPayload,
  type DelegationTerms,
  parseDelegation,
  type StatusEntry,
  signDelegation,
} from '@behalf/credential'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import {
  type CollectedDelegation,
  type CreateIssuerOptions,
  createIssuer,
  type DelegationQuestion,
  type DelegationRequest,
  type Issuer,
  type Policy,
  parsePolicy,
} from '../../src/index.ts'
import { createMemoryIssuerStore, type MemoryIssuerStore } from './memory-issuer-store.ts'

export const ORIGIN = 'https://authority.test'
/** A whole second, so that credentials spell it exactly. */
export const START = Date.UTC(2026, 10, 24, 12, 0, 0)
export const ALICE = { id: 'acct-42', tenant: 'acme' }
export const READ_ISSUES: JsonValue = [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] },
]
export const READ_ONE: JsonValue = [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/7'] },
]
export const READ_ALL: JsonValue = [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/**'] },
]
/** A policy of one file. */
export function createPolicy(id: string, text: string): Policy {
  return parsePolicy({ id, files: [{ name: `${id}.cedar`, text }] })
}

export const ASK_ALWAYS = createPolicy('ask', 'permit (principal, action == Action::"ask-one", resource);')
export const APPROVE_ENROLLED = createPolicy(
  'enrolled',
  `permit (principal, action == Action::"approve-enrolled", resource)
  when { resource.location == "https://api.test" };
  permit (principal, action == Action::"ask-one", resource);`,
)

/** A party with a key of its own. */
export interface Party {
  readonly did: Did
  readonly kid: string
  readonly signer: Signer
}

/** The same name always gives the same key. */
export function createParty(name: string): Party {
  const signer = createEd25519Signer(sha256(new TextEncoder().encode(name)))
  const did = encodeDidKey(signer.publicKey)
  return { did, kid: encodeDidKeyUrl(did), signer }
}

/** Bytes that look random and are the same in each run. */
export function createTestRandom(seed = 'seed'): (length: number) => Uint8Array {
  let counter = 0
  return (length) => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      counter += 1
      bytes.set(sha256(new TextEncoder().encode(`${seed} ${counter}`)).subarray(0, length - at), at)
    }
    return bytes
  }
}

export interface World {
  readonly issuer: Issuer
  readonly authority: Party
  readonly operator: Party
  readonly agent: Party
  readonly store: MemoryIssuerStore
  readonly random: (length: number) => Uint8Array
  readonly now: () => number
  readonly advance: (seconds: number) => void
  /** A second issuer over the same store, as after a restart. */
  readonly restart: (changes?: Partial<CreateIssuerOptions>) => Issuer
  readonly ask: (changes?: Partial<DelegationQuestion>) => Promise<DelegationRequest>
  /** Asked, approved and collected. */
  readonly obtain: (changes?: Partial<DelegationQuestion>) => Promise<CollectedDelegation>
}

/** An issuer over a memory store, started, with an operator and one agent. */
export async function createWorld(changes: Partial<CreateIssuerOptions> = {}): Promise<World> {
  const [authority, operator, agent] = [
    createParty('authority'),
    createParty('operator'),
    createParty('agent'),
  ]
  const store = createMemoryIssuerStore()
  const random = createTestRandom()
  let now = START
  const restart = (more: Partial<CreateIssuerOptions> = {}): Issuer =>
    createIssuer({
      signer: authority.signer,
      did: authority.did,
      kid: authority.kid,
      origin: ORIGIN,
      store,
      policy: ASK_ALWAYS,
      clock: () => now,
      random,
      ...changes,
      ...more,
    })
  const issuer = restart()
  await issuer.start()
  const ask = (more: Partial<DelegationQuestion> = {}): Promise<DelegationRequest> =>
    issuer.requestDelegation({
      agent: agent.did,
      onBehalfOf: ALICE,
      capabilities: READ_ISSUES,
      purpose: 'Sum up the open issues',
      ...more,
    })
  const obtain = async (more: Partial<DelegationQuestion> = {}): Promise<CollectedDelegation> => {
    const { id, version, agent: asker } = await ask(more)
    await issuer.approve({ id, version, operator: operator.did })
    return issuer.collect({ id, agent: asker })
  }
  return {
    issuer,
    authority,
    operator,
    agent,
    store,
    random,
    now: () => now,
    advance: (seconds) => {
      now += seconds * 1000
    },
    restart,
    ask,
    obtain,
  }
}

/** What a delegator proposes below the last link of a chain; `changes` are applied to the terms. */
export function proposeChild(
  world: World,
  options: {
    readonly chain: readonly string[]
    readonly to: Party
    readonly changes?: Partial<DelegationTerms>
  },
): JsonObject {
  const parent = parseDelegation(options.chain.at(-1) ?? '')
  const payload = createDelegationPayload(
    {
      id: createUuid(world.random),
      issuer: parent.subject,
      subject: options.to.did,
      onBehalfOf: parent.onBehalfOf,
      capabilities: parent.capabilities,
      maxDelegationDepth: parent.maxDelegationDepth - 1,
      ...(parent.workflow && { workflow: parent.workflow }),
      parent: { id: parent.id, digest: parent.digest },
      validFrom: parent.validFrom,
      validUntil: parent.validUntil,
      status: PLACEHOLDER,
      ...options.changes,
    },
    world.now(),
  )
  return without(payload, 'credentialStatus')
}

/** Registers a child and signs it. */
export async function delegate(
  world: World,
  options: {
    readonly chain: readonly string[]
    readonly from: Party
    readonly to: Party
    readonly changes?: Partial<DelegationTerms>
  },
): Promise<readonly string[]> {
  const child = proposeChild(world, options)
  const { credentialStatus } = await world.issuer.registerChild({
    caller: options.from.did,
    delegationId: idOf(options.chain.at(-1) ?? ''),
    chain: options.chain,
    child,
  })
  return [...options.chain, await signChild(child, { from: options.from, status: credentialStatus })]
}

export async function signChild(
  child: JsonObject,
  options: { readonly from: Party; readonly status: StatusEntry },
): Promise<string> {
  const payload = { ...child, credentialStatus: { ...options.status } }
  return signDelegation(payload, { signer: options.from.signer, kid: options.from.kid })
}

export function idOf(jws: string): string {
  return parseDelegation(jws).id
}

export function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}

const PLACEHOLDER: StatusEntry = {
  id: `${ORIGIN}/status/lists/1#0`,
  type: 'BitstringStatusListEntry',
  statusPurpose: 'revocation',
  statusListIndex: '0',
  statusListCredential: `${ORIGIN}/status/lists/1`,
}

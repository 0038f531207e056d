import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { withAgent, withSubject } from './honest-chain.ts'
import { agents, impostor, issuer, otherIssuer, revokedAgent } from './parties.ts'
import type { Random } from './random.ts'
import { FIRST_REVOKED, NOW } from './status.ts'
import { CLAIM_TEXTS, LIST_ADDITIONS } from './vocabulary.ts'

type ClaimsMutation = (payload: JsonObject, random: Random) => JsonObject

const VALUES: readonly JsonValue[] = [
  ...CLAIM_TEXTS,
  null,
  true,
  0,
  -1,
  1,
  1.5,
  1e21,
  [],
  {},
  [[]],
  [{}],
  ['x'],
  { x: 1 },
]
const WIDER: readonly JsonObject[] = [
  { type: 'http', locations: ['https://api.test'], actions: ['GET', 'POST', 'DELETE'], paths: ['/**'] },
  { type: 'http', locations: [], actions: [], paths: [] },
  { type: 'http', locations: ['https://api.test'], actions: ['POST'], paths: ['/v1/payments'] },
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/search'], constraints: {} },
  { type: 'shell', command: 'rm' },
]
const HOUR = 3_600_000
const PARTIES = [...agents, issuer, otherIssuer, impostor, revokedAgent]

/** What a dishonest delegator would write: other rights, other times, other people, or no sense at all. */
export function mutateClaims(payload: JsonObject, random: Random): JsonObject {
  return random.pick(CLAIMS_MUTATIONS)(payload, random)
}

const CLAIMS_MUTATIONS: readonly ClaimsMutation[] = [
  (payload, random) => mutateTree(payload, random),
  (payload, random) => mutateTree(payload, random),
  (payload, random) => mutateTree(mutateTree(payload, random), random),
  (payload, random) => mutateCapabilities(payload, random),
  (payload, random) => mutateCapabilities(payload, random),
  (payload, random) => mutateCapabilities(payload, random),
  (payload, random) => withTimes(payload, NOW + random.pick([-HOUR, -60_000, 0, 4000, 6000]), NOW + HOUR),
  (payload, random) => withTimes(payload, NOW - 60_000, NOW + random.pick([HOUR, 1000, 0, -1000])),
  (payload, random) => withAgent(payload, random.pick(PARTIES)),
  (payload, random) =>
    withSubject(payload, { maxDelegationDepth: random.pick([0, 1, 2, 8, 100, -1, 1e9, 0.5]) }),
  (payload, random) =>
    withSubject(payload, { onBehalfOf: random.pick([{ id: 'person-8' }, {}, 'person-7']) }),
  (payload, random) =>
    withSubject(payload, { workflow: random.pick([{ id: 'other' }, { id: 'triage', run: 'run-43' }]) }),
  (payload, random) =>
    withSubject(payload, { maxUses: random.pick([0, 1, -1, 1.5, 2 ** 53 - 1, 'x', null]) }),
  (payload, random) => withSubject(payload, { parent: random.pick([null, {}, { id: 'x', digest: 'x' }]) }),
  (payload, random) => withStatus(payload, random),
  (payload, random) => withIssuer(payload, random.pick(PARTIES).did),
  (payload) => without(payload, 'credentialStatus'),
]

/** Another party as the issuer that a payload names; who signs is another matter. */
export function withIssuer(payload: JsonObject, did: string): JsonObject {
  return { ...payload, issuer: did, iss: did }
}

/** The payload without one member of its subject. */
export function withoutSubjectMember(payload: JsonObject, name: string): JsonObject {
  const { credentialSubject } = payload
  if (!isJsonObject(credentialSubject)) return payload
  return { ...payload, credentialSubject: without(credentialSubject, name) }
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}

function withTimes(payload: JsonObject, from: number, until: number): JsonObject {
  const spell = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
  return {
    ...payload,
    validFrom: spell(from),
    validUntil: spell(until),
    nbf: Math.floor(from / 1000),
    exp: Math.floor(until / 1000),
  }
}

function withStatus(payload: JsonObject, random: Random): JsonObject {
  const status = payload.credentialStatus
  const statusListIndex = random.pick([
    FIRST_REVOKED,
    FIRST_REVOKED + 99,
    999,
    131_071,
    131_072,
    262_144,
    '01',
  ])
  const changed = random.pick<JsonObject>([
    { statusListIndex: String(statusListIndex) },
    { statusListCredential: 'https://authority.test/status/lists/9' },
    { statusListCredential: 'https://other.test/status/lists/1' },
    { statusListCredential: 'https://evil.test/list' },
    { statusPurpose: 'suspension' },
  ])
  return { ...payload, credentialStatus: { ...(isJsonObject(status) ? status : {}), ...changed } }
}

function mutateCapabilities(payload: JsonObject, random: Random): JsonObject {
  const { credentialSubject } = payload
  const held = isJsonObject(credentialSubject) ? credentialSubject.capabilities : []
  const list = Array.isArray(held) ? [...held] : []
  const at = random.below(list.length + 1)
  const one: JsonValue | undefined = list[at]
  if (one === undefined || random.chance(0.2)) list.splice(at, 0, random.pick(WIDER))
  else list[at] = isJsonObject(one) ? widen(one, random) : one
  if (random.chance(0.05)) list.length = 0
  return withSubject(payload, { capabilities: list })
}

function widen(capability: JsonObject, random: Random): JsonObject {
  const name = random.pick(['locations', 'actions', 'paths', 'constraints', 'type', 'tree'])
  if (name === 'constraints') {
    return random.chance(0.3) ? without(capability, 'constraints') : mutateTree(capability, random)
  }
  if (name === 'type') return { ...capability, type: random.pick(['mcp', 'HTTP', 'http ', 'other', 1]) }
  if (name === 'tree') return mutateTree(capability, random)
  const list = capability[name]
  const added = random.pick(LIST_ADDITIONS)
  return { ...capability, [name]: [...(Array.isArray(list) ? list : []), added] }
}

/** Changes one member somewhere: removed, renamed, or given a value of another kind. */
export function mutateTree(value: JsonObject, random: Random): JsonObject {
  const changed = mutateNode(value, random, 0)
  return isJsonObject(changed) ? changed : value
}

function mutateNode(value: JsonValue, random: Random, depth: number): JsonValue {
  const isContainer = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isContainer || (depth > 0 && random.chance(0.25))) return random.pick(VALUES)
  const key = random.pick(Object.keys(value))
  if (Array.isArray(value)) return mutateElement(value, Number(key), random, depth)
  return isJsonObject(value) ? mutateMember(value, key, random, depth) : value
}

function mutateElement(
  list: readonly JsonValue[],
  at: number,
  random: Random,
  depth: number,
): readonly JsonValue[] {
  const kind = random.below(8)
  if (kind === 0) return list.filter((_, index) => index !== at)
  if (kind === 1) return [...list, ...list]
  return list.map((element, index) => (index === at ? mutateNode(element, random, depth + 1) : element))
}

function mutateMember(object: JsonObject, name: string, random: Random, depth: number): JsonObject {
  const kind = random.below(10)
  const value = object[name] ?? null
  if (kind === 0) return without(object, name)
  if (kind === 1) return { ...without(object, name), [name.toUpperCase()]: value }
  if (kind === 2) return { ...object, [random.pick(['x', `${name} `, 'proof', '@id', 'constraints'])]: value }
  return { ...object, [name]: mutateNode(value, random, depth + 1) }
}

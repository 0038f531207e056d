import { digestSha256, encodeEd25519Jwk, type JsonObject, type JsonValue } from '@behalf/core'
import { createDelegationPayload, type DelegationTerms } from '@behalf/credential'
import { GRANTS, type Grant } from './grants.ts'
import { asObject, asText } from './json.ts'
import { agents, impostor, issuer, otherIssuer, type Party, revokedAgent } from './parties.ts'
import type { Random } from './random.ts'
import type { Registry, SignedLink } from './registry.ts'
import { headerOf, signJws } from './sign.ts'
import { FIRST_REVOKED, NOW } from './status.ts'

/** A chain as honest parties signed it, root first. */
export interface HonestChain {
  readonly links: readonly SignedLink[]
  readonly holder: Party
  readonly grant: Grant
  /** Nothing in it is revoked, early, late or of somebody who is not trusted: its requests must be accepted. */
  readonly isLive: boolean
}

const ISSUERS: readonly (readonly [Party, string])[] = [
  [issuer, 'https://authority.test'],
  [otherIssuer, 'https://other.test'],
]

/** What all links of a chain have in common, and what is wrong with it. */
interface ChainPlan {
  readonly root: Party
  readonly holders: readonly Party[]
  readonly grant: Grant
  readonly narrower: readonly JsonObject[]
  /** The first link with the narrower capabilities; the number of links when there is none. */
  readonly narrowAt: number
  readonly spareDepth: number
  readonly shared: Pick<DelegationTerms, 'onBehalfOf' | 'workflow'>
  readonly validFrom: number
  readonly validUntil: number
  readonly list: string
  /** The status index of the root; the others follow. */
  readonly firstIndex: number
  readonly revokedLink: number | undefined
}

/** Signs a chain of one to four links; one in five is dead. */
export function createHonestChain(random: Random, registry: Registry): HonestChain {
  const plan = createPlan(random)
  const links: SignedLink[] = []
  for (const index of plan.holders.keys()) {
    const delegator = plan.holders[index - 1] ?? plan.root
    const payload = createPayload(random, plan, { index, parent: links.at(-1) })
    links.push(signJws(headerOf(delegator.kid), JSON.stringify(payload), delegator, registry))
  }
  const holder = plan.holders.at(-1) ?? plan.root
  const isDead =
    plan.root === impostor ||
    holder === revokedAgent ||
    plan.revokedLink !== undefined ||
    plan.validFrom > NOW ||
    plan.validUntil < NOW
  return { links, holder, grant: plan.grant, isLive: !isDead }
}

function createPlan(random: Random): ChainPlan {
  const [trusted, origin] = random.pick(ISSUERS)
  const grant = random.pick(GRANTS)
  const length = 1 + random.below(4)
  const first = random.below(agents.length)
  const holders = Array.from(
    { length },
    (_, index) => agents[(first + index) % agents.length] ?? revokedAgent,
  )
  if (random.chance(0.04)) holders[length - 1] = revokedAgent
  return {
    root: random.chance(0.04) ? impostor : trusted,
    holders,
    grant,
    narrower: random.pick(grant.narrower),
    narrowAt: 1 + random.below(length),
    spareDepth: random.below(4),
    shared: {
      onBehalfOf: random.pick([{ id: 'person-7', tenant: 'acme' }, { id: 'p', role: 'buyer' }, { id: 'é' }]),
      ...(random.chance(0.5) ? { workflow: { id: 'triage', run: 'run-42' } } : {}),
    },
    validFrom: random.chance(0.03) ? NOW + 20_000 : NOW - 60_000,
    validUntil: random.chance(0.04) ? NOW - 1000 : NOW + 600_000,
    list: `${origin}/status/lists/${1 + random.below(2)}`,
    firstIndex: random.below(FIRST_REVOKED - 10),
    revokedLink: random.chance(0.06) ? random.below(length) : undefined,
  }
}

function createPayload(
  random: Random,
  plan: ChainPlan,
  { index, parent }: { readonly index: number; readonly parent: SignedLink | undefined },
): JsonObject {
  const { root, holders, shared, spareDepth, validFrom, validUntil } = plan
  const statusListIndex = String((index === plan.revokedLink ? FIRST_REVOKED : plan.firstIndex) + index)
  const payload = createDelegationPayload(
    {
      id: createId(random),
      issuer: (holders[index - 1] ?? root).did,
      subject: (holders[index] ?? root).did,
      ...shared,
      capabilities: [],
      maxDelegationDepth: holders.length - 1 - index + spareDepth,
      ...(random.chance(0.3) ? { maxUses: 1 + random.below(3) } : {}),
      ...(random.chance(0.3) ? { purpose: 'to sort "issues" \\ é' } : {}),
      ...(parent === undefined
        ? { approval: { method: 'operator', digest: digestSha256('evidence') } }
        : { parent: { id: asText(parent.payload.id), digest: parent.digest } }),
      validFrom: validFrom + index * 1000,
      validUntil: validUntil - index * 1000,
      status: {
        id: `${plan.list}#${statusListIndex}`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex,
        statusListCredential: plan.list,
      },
    },
    NOW - 30_000,
  )
  return withSubject(payload, { capabilities: index >= plan.narrowAt ? plan.narrower : plan.grant.root })
}

/** A payload with other members in its `credentialSubject`. */
export function withSubject(
  payload: JsonObject,
  members: { readonly [name: string]: JsonValue },
): JsonObject {
  return { ...payload, credentialSubject: { ...asObject(payload.credentialSubject), ...members } }
}

/** A payload whose subject is another agent, in all three places. */
export function withAgent(payload: JsonObject, party: Party): JsonObject {
  const cnf = { jwk: { ...encodeEd25519Jwk(party.publicKey) } }
  return { ...withSubject(payload, { id: party.did }), sub: party.did, cnf }
}

/** A `urn:uuid` of these numbers. */
export function createId(random: Random): string {
  const hex = Buffer.from(random.bytes(16)).toString('hex')
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}

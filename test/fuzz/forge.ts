import type { JsonObject } from '@behalf/core'
import { denseCapabilities } from './dense-capabilities.ts'
import { type Draft, setLine } from './draft.ts'
import { GRANTS, type Grant, type MakeWish } from './grants.ts'
import { createId, withAgent, withSubject } from './honest-chain.ts'
import { asObject, asText } from './json.ts'
import { mutateClaims, withIssuer, withoutSubjectMember } from './mutate-claims.ts'
import { mutateHeaders } from './mutate-headers.ts'
import { mutateMethod, mutateTarget } from './mutate-target.ts'
import { mutateGrammar } from './mutate-text.ts'
import { agents, impostor, issuer, type Party } from './parties.ts'
import { createDraft, honestParameters, type Pool } from './pool.ts'
import type { Random } from './random.ts'
import type { SignedLink } from './registry.ts'
import { headerOf, requiredComponents, type SigningPlan, signDraft, signJws } from './sign.ts'
import { NOW } from './status.ts'

/** What a dishonest agent has in hand before it signs its request. */
interface Forgery {
  readonly links: readonly SignedLink[]
  readonly signer: Party
  /** What an honest agent in its place could ask for. */
  readonly grant: Grant
}

type Forge = (random: Random, pool: Pool) => Forgery

/** A request that a dishonest agent signed with its own key: it means it, but it may not be allowed to. */
export function forgeRequest(random: Random, pool: Pool): Draft {
  const { links, signer, grant } = random.pickWeighted(FORGERIES, TOTAL)(random, pool)
  const wish = chooseWish(grant, random)(random)
  const draft = createDraft(wish, links)
  if (random.chance(0.3)) changeBeforeSigning(draft, random, pool)
  const plan: SigningPlan = {
    signer,
    origin: wish.origin,
    components: chooseComponents(draft, random),
    params: chooseParameters(random, signer),
  }
  signDraft(draft, plan, pool.registry)
  return draft
}

function chooseWish({ wishes, greed }: Grant, random: Random): MakeWish {
  if (random.chance(0.7)) return random.pick(wishes)
  return random.pick(random.chance(0.7) ? greed : random.pick(GRANTS).wishes)
}

function changeBeforeSigning(draft: Draft, random: Random, pool: Pool): void {
  const change = random.below(6)
  if (change === 0) mutateTarget(draft, random)
  if (change === 1) mutateMethod(draft, random)
  if (change === 2) mutateHeaders(draft, random, pool)
  if (change === 3) draft.headers.push(['X-HTTP-Method-Override', random.pick(['DELETE', 'GET', 'POST'])])
  if (change === 4) draft.headers.push(['Agent-Context', mutateGrammar('run="run-42", call="c"', random)])
  if (change === 5) setLine(draft, 'Content-Type', random.pick(['text/plain', 'application/json', 'x', '']))
}

const COMPONENTS = [
  '@authority',
  '@path',
  '@query',
  '@scheme',
  '@status',
  '@request-target',
  'host',
  'date',
  'x',
]

function chooseComponents(draft: Draft, random: Random): readonly string[] {
  const components = requiredComponents(draft)
  if (random.chance(0.85)) return components
  const at = random.below(components.length)
  if (random.chance(0.5)) components.splice(at, 1)
  else components.splice(at, 0, random.pick([...COMPONENTS, components[at] ?? 'x']))
  return components
}

function chooseParameters(random: Random, signer: Party): string {
  const named = random.chance(0.05) ? random.pick([issuer, impostor, ...agents]) : signer
  const params = honestParameters(random, named, random.chance(0.97) ? 'agent-delegation' : 'agent-key')
  if (random.chance(0.85)) return params
  return random.chance(0.5) ? mutateGrammar(params, random) : withTimes(params, random)
}

/** Other times: too long, too early, too late, or just within. */
function withTimes(params: string, random: Random): string {
  const created = NOW / 1000 + random.pick([0, 5, 6, -29, -31, -300, -301, -400])
  const expires = created + random.pick([1, 60, 300, 301, 1000, 0, -1])
  return params.replace(/created=\d+;expires=\d+/, `created=${created};expires=${expires}`)
}

const FORGERIES: readonly (readonly [number, Forge])[] = [
  [3, honestChain],
  [8, forgedChild],
  [2, extendedChain],
  [2, forgedRoot],
  [2, splicedChain],
  [1, rewrittenCredential],
  [1, denseChain],
]
const TOTAL = FORGERIES.reduce((sum, [weight]) => sum + weight, 0)

/** Its own chain; only the request may be greedy. */
function honestChain(random: Random, pool: Pool): Forgery {
  const { links, holder, grant } = random.pick(pool.chains)
  return { links, signer: holder, grant }
}

/** The last link, signed by the very agent that had to sign it, says something else. */
function forgedChild(random: Random, pool: Pool): Forgery {
  const { links, holder, grant } = random.pick(pool.chains)
  const last = links.at(-1)
  const parent = links.at(-2)
  if (last === undefined || parent === undefined) return extendedChain(random, pool)
  const payload = mutateClaims(last.payload, random)
  const forged = signLink(pool, payload, random.chance(0.9) ? last.signer : random.pick(agents))
  return { links: [...links.slice(0, -1), forged], signer: holder, grant }
}

/** One link more, which the holder of a chain signs for an accomplice. */
function extendedChain(random: Random, pool: Pool): Forgery {
  const { links, holder, grant } = random.pick(pool.chains)
  const child = createChild(random, links, holder)
  const forged = signLink(
    pool,
    random.chance(0.7) ? mutateClaims(child.payload, random) : child.payload,
    holder,
  )
  return { links: [...links, forged], signer: child.agent, grant }
}

/** A payload that the holder of a chain could honestly sign for another agent. */
function createChild(
  random: Random,
  links: readonly SignedLink[],
  holder: Party,
): { readonly payload: JsonObject; readonly agent: Party } {
  const parent = links.at(-1)
  const agent = random.pick(agents)
  const above = parent?.payload ?? {}
  const { credentialSubject, credentialStatus } = above
  const depth = Number(asObject(credentialSubject).maxDelegationDepth)
  const id = createId(random)
  const statusListIndex = String(900 + random.below(99))
  const payload = withSubject(withIssuer(withAgent({ ...above, id, jti: id }, agent), holder.did), {
    maxDelegationDepth: Math.max(0, depth - 1),
    parent: { id: asText(above.id), digest: parent?.digest ?? '' },
  })
  const status = { ...asObject(credentialStatus), statusListIndex }
  return {
    payload: withoutSubjectMember({ ...payload, credentialStatus: status }, 'approval'),
    agent,
  }
}

/** A root that nobody trusted signed, under its own name or another's. */
function forgedRoot(random: Random, pool: Pool): Forgery {
  const chain = random.pick(pool.chains)
  const [root] = chain.links
  const forger = random.chance(0.5) ? impostor : chain.holder
  const payload = random.chance(0.5) ? withIssuer(root?.payload ?? {}, forger.did) : (root?.payload ?? {})
  const kid = random.pick([forger.kid, issuer.kid, `${issuer.did}#${forger.did.slice(8)}`])
  const header = random.chance(0.8) ? headerOf(kid) : mutateGrammar(headerOf(kid), random)
  const forged = signJws(header, JSON.stringify(withAgent(payload, forger)), forger, pool.registry)
  return random.chance(0.5)
    ? { links: [forged], signer: forger, grant: chain.grant }
    : { links: [forged, ...chain.links.slice(1)], signer: chain.holder, grant: chain.grant }
}

/** Links of two chains put together, perhaps with a new signature of the agent between them. */
function splicedChain(random: Random, pool: Pool): Forgery {
  const one = random.pick(pool.chains)
  const other = random.pick(pool.chains)
  const head = one.links.slice(0, 1 + random.below(one.links.length))
  const tail = other.links.slice(random.below(other.links.length))
  const [first, ...rest] = tail
  const { grant } = other
  if (first === undefined || random.chance(0.5))
    return { links: [...head, ...tail], signer: other.holder, grant }
  const resigned = signLink(pool, withIssuer(first.payload, one.holder.did), one.holder)
  return { links: [...head, resigned, ...rest], signer: random.pick([one.holder, other.holder]), grant }
}

/** A credential whose text was changed by one step of its grammar before its own signer signed it. */
function rewrittenCredential(random: Random, pool: Pool): Forgery {
  const { links, holder, grant } = random.pick(pool.chains)
  const last = links.at(-1)
  if (last === undefined || links.length < 2) return forgedRoot(random, pool)
  const isHeader = random.chance(0.3)
  const header = headerOf(last.signer.kid)
  const payload = JSON.stringify(last.payload)
  const forged = signJws(
    isHeader ? mutateGrammar(header, random) : header,
    isHeader ? payload : mutateGrammar(payload, random),
    last.signer,
    pool.registry,
  )
  return { links: [...links.slice(0, -1), forged], signer: holder, grant }
}

/** As many rights as fit into a chain: in one long link, or in two that have to be compared. */
function denseChain(random: Random, pool: Pool): Forgery {
  const roomy = pool.chains.filter(({ grant, links }) => grant === GRANTS[0] && links.length < 3)
  if (roomy.length === 0) return honestChain(random, pool)
  const { links, holder, grant } = random.pick(roomy)
  const isOne = random.chance(0.4)
  const capabilities = denseCapabilities(isOne ? 4500 : 1500 + random.below(1000), random)
  const first = createChild(random, links, holder)
  const one = signLink(pool, withSubject(first.payload, { capabilities }), holder)
  if (isOne) return { links: [...links, one], signer: first.agent, grant }
  const second = createChild(random, [...links, one], first.agent)
  const narrower = random.chance(0.5) ? capabilities : denseCapabilities(1500, random)
  const two = signLink(pool, withSubject(second.payload, { capabilities: narrower }), first.agent)
  return { links: [...links, one, two], signer: second.agent, grant }
}

function signLink(pool: Pool, payload: JsonObject, signer: Party): SignedLink {
  return signJws(headerOf(signer.kid), JSON.stringify(payload), signer, pool.registry)
}

import { encodeEd25519Jwk } from '@behalf/core'
import { type Draft, dropLines, findLine } from './draft.ts'
import type { Wish } from './grants.ts'
import { createHonestChain, type HonestChain } from './honest-chain.ts'
import { agents, type Party } from './parties.ts'
import type { Random } from './random.ts'
import { Registry } from './registry.ts'
import { digestOf, requiredComponents, signDraft, spellParameters } from './sign.ts'
import { NOW } from './status.ts'

/** A request as its honest agent signed it. */
export interface PooledRequest {
  readonly draft: Draft
  readonly origin: string
  readonly chain: HonestChain
  /** Whether it only names its chain. */
  readonly isByName: boolean
}

/** What mutations start from; made once for some thousand inputs. */
export interface Pool {
  readonly registry: Registry
  readonly chains: readonly HonestChain[]
  readonly requests: readonly PooledRequest[]
  /** Requests signed by a bare key. */
  readonly keyRequests: readonly Draft[]
}

const CHAINS = 24
const REQUESTS_PER_CHAIN = 5
const KEY_REQUESTS = 16
const CONTEXTS = [
  'run="run-42"',
  'run="run-42", model="m-1", tool="search", call="c-1"',
  `model="m", prompt=${digestOf(new Uint8Array()).slice('sha-256='.length)}`,
]
const EXTRA_COMPONENTS = ['@authority', '@path', '@query', '@scheme']

/** Signs a pool; the same numbers make the same pool. */
export function createPool(random: Random): Pool {
  const registry = new Registry()
  const chains = Array.from({ length: CHAINS }, () => createHonestChain(random, registry))
  const requests = chains.flatMap((chain) =>
    Array.from({ length: REQUESTS_PER_CHAIN }, () => createRequest(random, chain, registry)),
  )
  const keyRequests = Array.from({ length: KEY_REQUESTS }, () => createKeyRequest(random, registry))
  return { registry, chains, requests, keyRequests }
}

/** The lines of an unsigned request that presents these links, root first. */
export function createDraft(wish: Wish, links: readonly { readonly jws: string }[], label = 'sig'): Draft {
  const body = new Uint8Array(Buffer.from(wish.body, wish.contentType === '' ? 'latin1' : 'utf8'))
  const draft: Draft = { method: wish.method, target: wish.target, headers: [], body }
  draft.headers.push(['Host', new URL(wish.origin).host])
  if (body.length > 0) {
    draft.headers.push(['Content-Length', String(body.length)], ['Content-Digest', digestOf(body)])
    if (wish.contentType !== '') draft.headers.push(['Content-Type', wish.contentType])
  }
  const ancestors = links.slice(0, -1).map(({ jws }) => `"${jws}"`)
  if (ancestors.length > 0) draft.headers.push(['Delegation-Chain', ancestors.join(', ')])
  draft.headers.push(['Signature-Key', `${label}=jwt;jwt="${links.at(-1)?.jws ?? ''}"`])
  return draft
}

/** The parameters of an honest signature made just before `NOW`. */
export function honestParameters(random: Random, signer: Party, tag: string): string {
  const created = NOW / 1000 - random.below(10)
  const expires = created + 60 + random.below(200)
  const nonce = Buffer.from(random.bytes(16)).toString('base64url')
  return spellParameters({ created, expires, nonce, keyid: signer.kid, tag })
}

function createRequest(random: Random, chain: HonestChain, registry: Registry): PooledRequest {
  const wish = random.pick(chain.grant.wishes)(random)
  const label = random.pick(['sig', 'sig1', '*'])
  const draft = createDraft(wish, chain.links, label)
  const isByName = random.chance(0.15)
  if (isByName) presentByName(draft, chain, registry)
  if (random.chance(0.4)) draft.headers.push(['Agent-Context', random.pick(CONTEXTS)])
  if (random.chance(0.3)) draft.headers.push(['Accept', '*/*'])
  const extra = random.chance(0.3) ? EXTRA_COMPONENTS.slice(random.below(3)) : []
  const components = [...requiredComponents(draft), ...extra]
  const params = honestParameters(random, chain.holder, 'agent-delegation')
  signDraft(draft, { signer: chain.holder, origin: wish.origin, components, params, label }, registry)
  return { draft, origin: wish.origin, chain, isByName }
}

/** The draft names a chain that verifiers may have seen, instead of presenting it. */
function presentByName(draft: Draft, { links }: HonestChain, registry: Registry): void {
  const line = findLine(draft, 'signature-key')
  if (line !== undefined) line[1] = `${line[1].split('=', 1)[0]}=cached;cid="${registry.addChain(links)}"`
  dropLines(draft, 'delegation-chain')
}

function createKeyRequest(random: Random, registry: Registry): Draft {
  const signer = random.pick(agents)
  const body = random.chance(0.5) ? '{"purpose":"x"}' : ''
  const method = body === '' ? 'GET' : 'POST'
  const origin = 'https://api.test'
  const target = '/delegation-requests?x=1'
  const draft = createDraft({ method, origin, target, body, contentType: 'application/json' }, [])
  const { kty, crv, alg, x } = encodeEd25519Jwk(signer.publicKey)
  draft.headers.pop()
  draft.headers.push(['Signature-Key', `sig=hwk;kty="${kty}";crv="${crv}";alg="${alg}";x="${x}"`])
  const components = requiredComponents(draft)
  const params = honestParameters(random, signer, 'agent-key')
  signDraft(draft, { signer, origin, components, params }, registry)
  return draft
}

import { encodeUtf8 } from '@behalf/core'
import { digestDelegationChain, type StatusList } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { serializeSignatureKey } from '@behalf/http-signature'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  type IncomingRequest,
  type RequestVerifier,
  type StatusSource,
  type VerifiedRequest,
  VerifierError,
} from '@behalf/verifier'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  agentA,
  agentB,
  agentC,
  issuer,
  otherIssuer,
  type Party,
  stranger,
} from '../../packages/verifier/test/support/agents.ts'
import { makeRequest, type RequestChanges, replaceLine } from '../../packages/verifier/test/support/b0.ts'
import {
  ITEMS,
  LIST_URL,
  type LinkTerms,
  makeChain,
  NOW,
} from '../../packages/verifier/test/support/chain.ts'
import { makeList } from '../../packages/verifier/test/support/world.ts'

const SEED = 20_261_201
const OTHER_URL = 'https://other.test/status/lists/1'
const AGENTS = [agentA.did, agentB.did, agentC.did]
/** Entries of the links in their list, root first. */
const ENTRIES = [100, 101, 102]

/** A chain of another root issuer, whose lists are elsewhere. */
function ofOtherIssuer(index: number): LinkTerms {
  const entry = { type: 'BitstringStatusListEntry', statusPurpose: 'revocation' } as const
  const status = { ...entry, id: `${OTHER_URL}#${100 + index}`, statusListIndex: String(100 + index) }
  return { status: { ...status, statusListCredential: OTHER_URL } }
}

/** Links of every kind: right ones, ones that end or begin while the test runs, and ones that no verifier takes. */
const CHAINS: readonly (readonly string[])[] = await Promise.all(
  (
    [
      [{}, {}, {}],
      [{}, { validUntil: NOW + 60_000 }, { validUntil: NOW + 60_000 }],
      [{ maxUses: 2 }, {}, { maxUses: 1 }],
      [{ subject: agentC.did }],
      [{}, {}, { capabilities: [{ ...ITEMS, actions: ['POST'], paths: ['/v1/items'] }] }],
      [{}, {}, { validFrom: NOW + 40_000 }],
      [{ signer: otherIssuer, ...ofOtherIssuer(0) }, ofOtherIssuer(1), ofOtherIssuer(2)],
      [{ signer: stranger }, {}, {}],
      [{}, {}, { capabilities: [{ ...ITEMS, locations: ['https://other.test'] }] }],
      [{ subject: agentC.did, capabilities: [{ ...ITEMS, locations: ['https://other.test'] }] }],
      [{}, { capabilities: [{ ...ITEMS, actions: ['GET', 'POST', 'PUT'] }] }, {}],
      [{ maxDelegationDepth: 0 }, {}, {}],
      [{}, { signer: stranger }, {}],
      [{}, {}, { onBehalfOf: { id: 'person-8' } }],
    ] satisfies readonly (readonly LinkTerms[])[]
  ).map((terms) => makeChain(terms)),
)

/** By URL and by the entries that are set, as bits. */
const LISTS: ReadonlyMap<string, StatusList> = new Map(
  await Promise.all(
    [LIST_URL, OTHER_URL].flatMap((url) =>
      Array.from({ length: 8 }, async (_, mask): Promise<[string, StatusList]> => {
        const revoked = ENTRIES.filter((_entry, link) => (mask >> link) % 2 === 1)
        return [`${url} ${mask}`, await makeList(revoked, url, url === LIST_URL ? issuer : otherIssuer)]
      }),
    ),
  ),
)

/** One thing that happens; what is sent is decided by the number of it. */
type Step =
  | { readonly type: 'send'; readonly chain: number; readonly change: number; readonly isByName: boolean }
  | { readonly type: 'send-changed'; readonly chain: number; readonly link: number; readonly place: number }
  | { readonly type: 'send-again'; readonly back: number }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'revoke'; readonly entries: number }
  | { readonly type: 'revoke-key'; readonly did: Did | undefined }
  | { readonly type: 'silence'; readonly isSilent: boolean }
  | { readonly type: 'distrust'; readonly party: Party }

/** What a request of each number is, beside the baseline that is number 0. */
const CHANGES: readonly RequestChanges[] = [
  {},
  { target: '/v1/admin' },
  { method: 'DELETE' },
  { body: '{"x":2}' },
  { signer: stranger },
  { components: ['@method', '@target-uri', 'signature-key'] },
  { tag: 'web-bot-auth' },
  { origin: 'https://other.test' },
  { created: NOW / 1000 - 400 },
]

/** The request with what the last two numbers change after it was signed. */
function changeSigned(request: IncomingRequest, change: number): IncomingRequest {
  if (change === CHANGES.length) return { ...request, body: encodeUtf8('{"x":9}') }
  if (change <= CHANGES.length) return request
  return replaceLine(request, 'signature', `sig=:${'A'.repeat(86)}==:`)
}

const often = <Value>(
  arbitrary: fc.Arbitrary<Value>,
  weight: number,
): { arbitrary: typeof arbitrary; weight: number } => ({
  arbitrary,
  weight,
})
const rarely = (chance: number): fc.Arbitrary<boolean> =>
  fc.nat({ max: chance - 1 }).map((value) => value === 0)
const oneOf = <Type extends Step['type']>(type: Type): fc.Arbitrary<Type> => fc.constant(type)
// Most requests are right, and most chains among few, so that they are held when something changes.
const chain = fc.oneof(often(fc.nat({ max: 3 }), 4), often(fc.nat({ max: CHAINS.length - 1 }), 1))
const change = fc.oneof(often(fc.constant(0), 3), often(fc.nat({ max: CHANGES.length + 1 }), 1))
const link = fc.nat({ max: 2 })
const place = fc.double({ min: 0, max: 0.999_999, noNaN: true })
const party = fc.constantFrom(issuer, otherIssuer, otherIssuer)

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    often(fc.record({ type: oneOf('send'), chain, change, isByName: rarely(4) }), 14),
    often(fc.record({ type: oneOf('send-changed'), chain, link, place }), 2),
    often(fc.record({ type: oneOf('send-again'), back: fc.nat({ max: 5 }) }), 2),
    often(fc.record({ type: oneOf('wait'), seconds: fc.integer({ min: 1, max: 70 }) }), 2),
    often(fc.record({ type: oneOf('revoke'), entries: fc.constantFrom(0, 0, 0, 1, 2, 4, 7) }), 2),
    often(fc.record({ type: oneOf('revoke-key'), did: fc.constantFrom(undefined, undefined, ...AGENTS) }), 2),
    often(fc.record({ type: oneOf('silence'), isSilent: rarely(4) }), 1),
    often(fc.record({ type: oneOf('distrust'), party }), 1),
  ),
  { minLength: 10, maxLength: 40 },
)

/** What both verifiers see of the world. */
interface State {
  /** Milliseconds. */
  now: number
  /** Entries that are set, as bits, the root's being the lowest. */
  revoked: number
  revokedKey: Did | undefined
  /** Whether nothing fresh is heard of any issuer. */
  isSilent: boolean
}

/** Two verifiers that differ in what they keep of the chains they verified, and the world around both. */
class Pair {
  readonly #state: State = { now: NOW - 60_000, revoked: 0, revokedKey: undefined, isSilent: false }
  readonly #warm = this.#createVerifier({ offerReferences: true, maxEntries: 4 })
  readonly #cold = this.#createVerifier('off')
  readonly #sent: (readonly [warm: IncomingRequest, cold: IncomingRequest])[] = []
  /** How often which code came. */
  readonly tally: Map<string, number>

  constructor(tally: Map<string, number>) {
    this.tally = tally
    this.#state.now = NOW
  }

  async take(step: Step): Promise<void> {
    const state = this.#state
    if (step.type === 'send') await this.#send(CHAINS[step.chain] ?? [], step)
    if (step.type === 'send-changed') await this.#send(changeLink(CHAINS[step.chain] ?? [], step))
    if (step.type === 'send-again') await this.#compare(this.#sent.at(-1 - step.back))
    if (step.type === 'wait') state.now += step.seconds * 1000
    if (step.type === 'revoke') state.revoked = step.entries
    if (step.type === 'revoke-key') state.revokedKey = step.did
    if (step.type === 'silence') state.isSilent = step.isSilent
    if (step.type === 'distrust') {
      for (const verifier of [this.#warm, this.#cold]) verifier.distrustIssuer(step.party.did)
    }
  }

  async #send(links: readonly string[], how: { change?: number; isByName?: boolean } = {}): Promise<void> {
    const { change = 0, isByName = false } = how
    const created = Math.floor(this.#state.now / 1000)
    const changes = { nonce: createNonce(), created, ...CHANGES[change] }
    const request = await makeRequest(links, changes)
    const cold = changeSigned(request, change)
    const cid = digestDelegationChain(links)
    const signatureKey = serializeSignatureKey('sig', { scheme: 'cached', cid })
    const named = { ...changes, signatureKey, without: ['delegation-chain'] }
    const warm = isByName ? changeSigned(await makeRequest(links, named), change) : cold
    this.#sent.push([warm, cold])
    await this.#compare([warm, cold])
  }

  /** Both verifiers say the same; only that a chain is not held any more, the cold one cannot say. */
  async #compare(requests: readonly [IncomingRequest, IncomingRequest] | undefined): Promise<void> {
    if (requests === undefined) return
    const [warm, cold] = [await outcomeOf(this.#warm, requests[0]), await outcomeOf(this.#cold, requests[1])]
    const name = typeof warm === 'string' ? warm : 'ok'
    const kind = requests[0] === requests[1] ? '' : ' by name'
    this.tally.set(name + kind, (this.tally.get(name + kind) ?? 0) + 1)
    // Then the agent sends the whole chain, as it did to the other.
    expect(warm === 'cache_miss' ? await outcomeOf(this.#warm, requests[1]) : warm).toEqual(cold)
  }

  #createVerifier(chainCache: NonNullable<Options['chainCache']>): RequestVerifier {
    const clock = (): number => this.#state.now
    return createRequestVerifier({
      origins: ['https://api.test'],
      trustedIssuers: [issuer.did, otherIssuer.did],
      statusSource: this.#createSource(),
      replayStore: createMemoryReplayStore({ clock: () => NOW - 3_600_000 }),
      useCounter: createMemoryUseCounter({ clock }),
      clock,
      chainCache,
      reportFault: () => undefined,
    })
  }

  #createSource(): StatusSource {
    const state = this.#state
    return {
      read: () => {
        if (state.isSilent) throw new VerifierError('status_stale', 'nothing fresh')
        return {
          lists: (url) => LISTS.get(`${url} ${state.revoked}`),
          isKeyRevoked: (did) => state.revokedKey === did,
          time: state.now,
          epoch: 1,
          sequence: 1,
        }
      },
      ready: () => Promise.resolve(),
      close: () => undefined,
    }
  }
}

type Options = Parameters<typeof createRequestVerifier>[0]

let nonces = 0

function createNonce(): string {
  nonces += 1
  return String(nonces).padStart(22, '0')
}

/** The chain with one character of one link replaced by another of its alphabet. */
function changeLink(
  links: readonly string[],
  { link, place }: { readonly link: number; readonly place: number },
): readonly string[] {
  const index = Math.min(link, links.length - 1)
  const jws = links[index] ?? ''
  const at = Math.floor(place * jws.length)
  const other = jws[at] === 'A' ? 'B' : 'A'
  return links.with(index, jws.slice(0, at) + other + jws.slice(at + 1))
}

/** The code of a refusal, or what was told of an accepted request, as plain values. */
async function outcomeOf(verifier: RequestVerifier, request: IncomingRequest): Promise<string | object> {
  try {
    return describeVerified(await verifier.verify(request))
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

function describeVerified(verified: VerifiedRequest): object {
  const { chain, requestId: _id, answerHeaders: _headers, ...told } = verified
  return { ...told, links: chain.links.map(({ jws }) => jws), digest: chain.digest }
}

/** What must have been met, so that the property says something; ` by name` is what only a held chain can lead to. */
const MET = [
  'ok',
  'ok by name',
  'scope_exceeded',
  'signature_invalid',
  'signature_expired',
  'nonce_replayed',
  'budget_exceeded',
  'digest_mismatch',
  'target_mismatch',
  'component_missing',
  'key_mismatch',
  'audience_mismatch',
  'credential_malformed',
  'credential_signature_invalid',
  'credential_expired',
  'credential_expired by name',
  'credential_not_yet_valid',
  'credential_revoked',
  'credential_revoked by name',
  'key_revoked',
  'key_revoked by name',
  'status_stale',
  'status_stale by name',
  'issuer_untrusted',
  'attenuation_violation',
  'delegation_not_permitted',
  'chain_broken',
  'cache_miss by name',
]

test('a verifier that holds chains and one that holds none decide alike, whatever happens between two requests', async () => {
  const tally = new Map<string, number>()
  const property = fc.asyncProperty(steps, async (taken) => {
    const pair = new Pair(tally)
    for (const step of taken) await pair.take(step)
  })
  await fc.assert(property, { seed: SEED, numRuns: 100 })
  expect(MET.filter((code) => !tally.has(code))).toEqual([])
  expect(tally.get('ok')).toBeGreaterThan(200)
}, 60_000)

import { digestSha256 } from '@behalf/core'
import { type CaseGroup, http, invariant, invariantOnce, own } from '../support/attack-case.ts'
import { expectNoWidening } from '../support/attenuation-oracle.ts'
import {
  CHAIN,
  createChain,
  createLink,
  FIRST_INDEX,
  honestTerms,
  ITEMS,
  LIST_URL,
  type LinkChanges,
  NOW,
} from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import { agentA, agentB, agentC, issuer, otherIssuer, type Party, stranger } from '../support/party.ts'
import { addLines, baseline, presentation, sign } from '../support/request.ts'

const SUBJECTS = [agentA, agentB, agentC]

/** The baseline under this chain. */
const presenting = (chain: () => Promise<readonly string[]>) =>
  http(async (api) => api.sendSigned(baseline({ chain: await chain() })))

const changed = (...changes: readonly LinkChanges[]) => presenting(() => createChain(changes))
const inLeaf = (change: LinkChanges) => changed({}, {}, change)

/** A leaf for agent C below `parent`, by agent B, however it differs. */
function leafBelow(parent: string, change: LinkChanges = {}): Promise<string> {
  return createLink({ ...honestTerms(2, SUBJECTS, parent), ...change.terms }, { signer: agentB, ...change })
}

/** A chain through these agents, each delegating to the next. */
async function chainThrough(agents: readonly Party[]): Promise<readonly string[]> {
  const links: string[] = []
  for (const index of agents.keys()) {
    const terms = honestTerms(index, agents, links.at(-1))
    links.push(await createLink(terms, { signer: agents[index - 1] ?? issuer }))
  }
  return links
}

const withMaximum = (maximum: number): LinkChanges => ({
  subject: { capabilities: [{ ...ITEMS, constraints: { body: { x: {}, amount: { maximum } } } }] },
})

const [ROOT = '', MIDDLE = '', LEAF = ''] = CHAIN

/** Delegation chain. */
export const chain: CaseGroup = {
  name: 'Delegation chain',
  catalogue: {
    'CH-001': presenting(async () => [ROOT, LEAF]),
    'CH-003': presenting(async () => {
      const [, wider = ''] = await createChain([{}, { subject: { purpose: 'another' } }, {}])
      return [ROOT, MIDDLE, await leafBelow(wider)]
    }),
    'CH-004': presenting(async () => {
      const [otherRoot = '', otherMiddle = '', otherLeaf = ''] = await createChain([
        { terms: { id: 'urn:uuid:00000000-0000-4000-8000-0000000000f0' } },
        {},
        {},
      ])
      return [otherRoot, otherMiddle, otherLeaf].with(2, LEAF)
    }),
    'CH-006': presenting(async () => [ROOT, MIDDLE, MIDDLE, LEAF]),
    'CH-007': http(async (api) =>
      api.sendSigned(baseline({ chain: await chainThrough([agentA, agentB, agentA]), signer: agentA })),
    ),
    'CH-009': changed({ terms: { maxDelegationDepth: 0 } }, {}, {}),
    'CH-010': changed({}, { terms: { maxDelegationDepth: 1 } }, { terms: { maxDelegationDepth: 5 } }),
    'CH-012': inLeaf({ subject: { capabilities: undefined } }),
    'CH-013': inLeaf({ subject: { capabilities: [] } }),
    'CH-015': inLeaf({ terms: { validUntil: NOW + 601_000 } }),
    'CH-016': inLeaf({ terms: { validFrom: NOW - 61_000 } }),
    'CH-018': changed(withMaximum(100), withMaximum(100), withMaximum(1000)),
    'CH-019': inLeaf({ subject: { capabilities: [ITEMS, { type: 'foo' }] } }),
    'CH-021': changed({ terms: { issuer: agentA.did }, signer: agentA }, {}, {}),
    'CH-022': changed({}, { terms: { issuer: otherIssuer.did }, signer: otherIssuer }, {}),
    'CH-024': http(async (api) => {
      const four = await createChain([{}, {}, {}, {}])
      const world = await api.open({ arrange: (feed) => feed.revoke(FIRST_INDEX + 1) })
      return world.sendSigned(baseline({ chain: four }))
    }),
    'CH-025': http(async (api) => {
      const world = await api.open({})
      expectAnswer(await world.sendSigned(baseline()), 'ok')
      world.world.feed.revoke(FIRST_INDEX)
      await world.world.refresh()
      return world.sendSigned(baseline())
    }),
    'CH-027': http(async (api) => {
      const world = await api.open({ arrange: (feed) => feed.revoke(FIRST_INDEX + 1) })
      const leaf = await leafBelow(MIDDLE, { subject: { purpose: 'made after the revocation' } })
      return world.sendSigned(baseline({ chain: [ROOT, MIDDLE, leaf] }))
    }),
    'CH-028': http(async (api) =>
      (await api.open({ arrange: (feed) => feed.revokedKeys.push(agentB.did) })).sendSigned(baseline()),
    ),
    'CH-030': http(async (api) => {
      const second = await createChain([{}, {}, { subject: { purpose: 'another' } }])
      return api.send(addLines(await sign(baseline()), ...presentation(second)))
    }),
    'CH-031': http(async (api) => {
      const siblings = await createChain([{}, {}, { terms: { subject: stranger.did } }])
      return api.sendSigned(baseline({ chain: siblings }))
    }),
    'CH-033': invariantOnce(() => expectNoWidening()),
  },
  own: {
    'CH-own-1': own(
      'chain_broken',
      'The leaf before the middle',
      http(async (api) => api.sendSigned(baseline({ chain: [ROOT, LEAF, MIDDLE], signer: agentB }))),
    ),
    'CH-own-2': own(
      'issuer_untrusted',
      'The leaf alone',
      presenting(async () => [LEAF]),
    ),
    'CH-own-3': own(
      'chain_broken',
      'A child in the place of the root',
      http(async (api) => {
        const { approval: _, ...terms } = honestTerms(0, [agentC], ROOT)
        const orphan = await createLink(terms, { signer: issuer })
        return api.sendSigned(baseline({ chain: [orphan] }))
      }),
    ),
    'CH-own-4': own(
      'chain_broken',
      'A root in the place of a child',
      inLeaf({ terms: { parent: undefined } as object }),
    ),
    'CH-own-5': own(
      'credential_signature_invalid',
      'A child in the name of its delegator, by another key',
      changed({}, { signer: stranger, header: { kid: agentA.kid } }, {}),
    ),
    'CH-own-6': own(
      'chain_broken',
      'Another principal below',
      http(async (api) => {
        const answers = []
        for (const onBehalfOf of [
          { id: 'person-8', tenant: 'acme' },
          { id: 'person-7', tenant: 'other' },
          { id: 'person-7' },
          { id: 'person-7', tenant: 'acme', role: 'admin' },
        ]) {
          answers.push(
            await api.sendSigned(
              baseline({ chain: await createChain([{}, {}, { subject: { onBehalfOf } }]) }),
            ),
          )
        }
        return answers
      }),
    ),
    'CH-own-7': own(
      'chain_broken',
      'Another workflow below',
      inLeaf({ subject: { workflow: { id: 'triage' } } }),
    ),
    'CH-own-8': own(
      'attenuation_violation',
      'Wider in each way a capability can be wider',
      http(async (api) => {
        const answers = []
        const wider = [
          { ...ITEMS, paths: ['/v1/**'] },
          { ...ITEMS, paths: ['/v1/items', '/v1/other'] },
          { ...ITEMS, actions: ['GET', 'POST', 'DELETE'] },
          { ...ITEMS, locations: ['https://api.test', 'https://other.test'] },
          { type: 'mcp', locations: ['https://api.test'], actions: ['tools/call'] },
        ]
        for (const capability of wider) {
          answers.push(
            await api.sendSigned(
              baseline({ chain: await createChain([{}, {}, { subject: { capabilities: [capability] } }]) }),
            ),
          )
        }
        return answers
      }),
    ),
    'CH-own-9': own(
      'attenuation_violation',
      'A constraint dropped',
      changed(withMaximum(100), withMaximum(100), {}),
    ),
    'CH-own-10': own(
      'attenuation_violation',
      'A constraint dropped in the middle and put back below',
      changed(withMaximum(100), {}, withMaximum(100)),
    ),
    'CH-own-11': own(
      'status_invalid',
      'Two links that share a status entry',
      inLeaf({ terms: { status: honestTerms(1, SUBJECTS, ROOT).status } }),
    ),
    'CH-own-12': own(
      'chain_too_deep',
      'Nine links',
      http(async (api) => {
        const roomy = await api.open({ server: { maxHeaderSize: 65_536 } })
        const links = Array.from({ length: 9 }, () => LEAF)
        return roomy.sendSigned(baseline({ chain: links }))
      }),
    ),
    'CH-own-13': own(
      'policy_unknown',
      'A constraint nobody knows added below',
      inLeaf({ subject: { capabilities: [{ ...ITEMS, constraints: { moonPhase: 'full' } }] } }),
    ),
    'CH-own-14': own(
      'policy_unknown',
      'A constraint nobody knows in every link',
      http(async (api) => {
        const capabilities = [{ ...ITEMS, constraints: { moonPhase: 'full' } }]
        return api.sendSigned(
          baseline({
            chain: await createChain([
              { subject: { capabilities } },
              { subject: { capabilities } },
              { subject: { capabilities } },
            ]),
          }),
        )
      }),
    ),
    'CH-own-15': own(
      'credential_malformed',
      'Approval or policy in a child',
      http(async (api) => {
        const approval = { method: 'passkey', digest: digestSha256('evidence') }
        const policy = { id: 'p', digest: digestSha256('policy'), decision: 'allow' }
        return [
          await api.sendSigned(baseline({ chain: await createChain([{}, {}, { subject: { approval } }]) })),
          await api.sendSigned(baseline({ chain: await createChain([{}, {}, { subject: { policy } }]) })),
        ]
      }),
    ),
    'CH-own-16': own(
      'chain_broken',
      'The digest of the parent in other letters',
      presenting(async () => {
        const parent = { id: honestTerms(1, SUBJECTS, ROOT).id, digest: digestSha256(`${MIDDLE} `) }
        return [ROOT, MIDDLE, await leafBelow(MIDDLE, { terms: { parent } })]
      }),
    ),
    'CH-own-17': own(
      'credential_revoked',
      'A leaf revoked between two requests',
      http(async (api) => {
        const world = await api.open({})
        expectAnswer(await world.sendSigned(baseline()), 'ok')
        world.world.feed.revoke(FIRST_INDEX + 2)
        await world.world.refresh()
        return world.sendSigned(baseline())
      }),
    ),
    'CH-own-22': own(
      'key_revoked',
      'The key of an ancestor revoked between two requests',
      http(async (api) => {
        const { world, ...warm } = await api.open({})
        expectAnswer(await warm.sendSigned(baseline()), 'ok')
        world.feed.revokedKeys.push(agentA.did)
        await world.refresh()
        return warm.sendSigned(baseline())
      }),
    ),
    'CH-own-23': own(
      'ok',
      'A chain that was accepted lends nothing to one that looks like it',
      invariant(async (api) => {
        expectAnswer(await api.sendSigned(baseline()), 'ok')
        const swapped = [MIDDLE, ROOT, LEAF]
        expectAnswer(await api.sendSigned(baseline({ chain: swapped })), 'issuer_untrusted')
        const joined = [`${ROOT}${MIDDLE}`, LEAF]
        expectAnswer(await api.sendSigned(baseline({ chain: joined })), 'credential_malformed')
        const resigned = `${LEAF.slice(0, LEAF.lastIndexOf('.'))}.${'A'.repeat(86)}`
        expectAnswer(
          await api.sendSigned(baseline({ chain: [ROOT, MIDDLE, resigned] })),
          'credential_signature_invalid',
        )
        expectAnswer(await api.sendSigned(baseline({ signer: stranger })), 'key_mismatch')
        expectAnswer(await api.sendSigned(baseline()), 'ok')
      }),
    ),
    'CH-own-18': own(
      'attenuation_violation',
      'A depth that stays the same',
      changed({}, { terms: { maxDelegationDepth: 2 } }, {}),
    ),
    'CH-own-19': own(
      'chain_cycle',
      'A delegation to oneself',
      http(async (api) => api.sendSigned(baseline({ chain: await chainThrough([agentA, agentC, agentC]) }))),
    ),
    'CH-own-20': own(
      'chain_cycle',
      'A delegation to the issuer',
      http(async (api) =>
        api.sendSigned(baseline({ chain: await chainThrough([agentA, issuer]), signer: issuer })),
      ),
    ),
    'CH-own-21': own(
      'status_invalid',
      'The same entry under another spelling of its list',
      inLeaf({
        terms: {
          status: {
            ...honestTerms(2, SUBJECTS, MIDDLE).status,
            statusListIndex: String(FIRST_INDEX + 1),
            statusListCredential: `${LIST_URL}#`,
          },
        },
      }),
    ),
  },
}

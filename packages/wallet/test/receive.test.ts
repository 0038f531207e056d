import { describe, expect, test } from 'vitest'
import { didKeyIssuers } from '../src/check-chain.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { createTestWallet } from './support/test-wallet.ts'
import {
  AGENT,
  createKey,
  createRandom,
  ISSUER,
  issueChild,
  issueRoot,
  NOW,
  READ_ISSUES,
  SUB_AGENT,
  statusEntry,
} from './support/world.ts'

/** A chain through the sub-agent down to the agent. */
async function chainToAgent(): Promise<readonly string[]> {
  return issueChild([await issueRoot({ subject: SUB_AGENT.did })], SUB_AGENT, { subject: AGENT.did })
}

describe('a bundle', () => {
  test('for this agent is kept, newest first, and once', async () => {
    const { wallet } = createTestWallet()
    const root = await issueRoot()
    const first = await wallet.receive([root])
    const second = await wallet.receive({ chain: await chainToAgent() })
    await wallet.receive([root])
    expect(wallet.delegations().map(({ id }) => id)).toEqual([first.id, second.id])
    expect(second.links).toHaveLength(2)
    expect(second.leaf.subject).toBe(AGENT.did)
  })

  test('survives being written as JSON', async () => {
    const { wallet } = createTestWallet()
    const chain = await chainToAgent()
    const { chain: kept } = await wallet.receive(JSON.parse(JSON.stringify({ chain })))
    expect(kept).toEqual(chain)
  })

  test.each([
    ['no chain', {}],
    ['a member more', { chain: [], extra: 1 }],
    ['a chain that is no list', { chain: 'x' }],
    ['links that are no text', { chain: [7] }],
    ['a list of other things', [null]],
    ['nothing', null],
    ['text', 'x'],
  ])('with %s is refused', async (_name, bundle) => {
    const { wallet } = createTestWallet()
    await expectRefusal(wallet.receive(JSON.parse(JSON.stringify(bundle))), 'credential_malformed')
  })

  test('of no links is refused', async () => {
    await expectRefusal(createTestWallet().wallet.receive([]), 'credential_missing')
  })

  test('for another agent is refused', async () => {
    await expectRefusal(
      createTestWallet().wallet.receive([await issueRoot({ subject: SUB_AGENT.did })]),
      'key_mismatch',
    )
  })

  test('that ended is refused, in any link', async () => {
    const { wallet, clock } = createTestWallet()
    const chain = await chainToAgent()
    clock.advance(600)
    await expectRefusal(wallet.receive(chain), 'credential_expired')
    await expectRefusal(wallet.receive([await issueRoot()]), 'credential_expired')
  })

  test('whose link is wider than the one above is refused', async () => {
    const root = await issueRoot({ subject: SUB_AGENT.did })
    const capabilities = [{ ...READ_ISSUES, paths: ['/**'] }]
    const chain = await issueChild([root], SUB_AGENT, { subject: AGENT.did, capabilities })
    const error = await expectRefusal(createTestWallet().wallet.receive(chain), 'attenuation_violation')
    expect(error.field).toBe('capabilities')
  })

  test('whose link is signed by another agent is refused', async () => {
    const root = await issueRoot({ subject: SUB_AGENT.did })
    const chain = await issueChild([root], createKey(8), { subject: AGENT.did })
    await expectRefusal(createTestWallet().wallet.receive(chain), 'chain_broken')
  })

  test('whose root issuer cannot be known is refused, unless the wallet is told its key', async () => {
    const other = createKey(7)
    const root = await issueRoot({ issuer: other.did }, other)
    await expect(createTestWallet().wallet.receive([root])).resolves.toBeDefined()
    const { wallet } = createTestWallet({ issuerKeys: () => undefined })
    await expectRefusal(wallet.receive([root]), 'issuer_untrusted')
  })

  test('of a did:key issuer needs no more than the issuer’s own name', () => {
    const { did } = ISSUER
    const kid = `${did}#${did.slice('did:key:'.length)}`
    expect(didKeyIssuers(did, kid)).toEqual(ISSUER.signer.publicKey)
    expect(didKeyIssuers(AGENT.did, kid)).toBeUndefined()
    expect(didKeyIssuers('did:web:authority.test', 'did:web:authority.test#key')).toBeUndefined()
  })

  test('in the place of another of the same id is refused', async () => {
    const { wallet } = createTestWallet()
    const id = 'urn:uuid:11111111-1111-4111-8111-111111111111'
    const first = await wallet.receive([await issueRoot({ id })])
    const error = await expectRefusal(wallet.receive([await issueRoot({ id, maxUses: 1 })]), 'input_invalid')
    expect(error.field).toBe('id')
    expect(wallet.delegations()).toEqual([first])
  })

  test('whose root has a status list without a URL that can be read is refused', async () => {
    const status = { ...statusEntry(), statusListCredential: 'https://[' }
    await expectRefusal(createTestWallet().wallet.receive([await issueRoot({ status })]), 'status_invalid')
  })

  test('names the authority of its root, whatever a child says', async () => {
    const root = await issueRoot({ subject: SUB_AGENT.did })
    const status = statusEntry('https://evil.test')
    const chain = await issueChild([root], SUB_AGENT, { subject: AGENT.did, status })
    const { authority } = await createTestWallet().wallet.receive(chain)
    expect(authority).toBe('https://authority.test')
  })
})

describe('what ended', () => {
  test('is shown for a day more and then forgotten', async () => {
    const { wallet, clock } = createTestWallet()
    const old = await wallet.receive([await issueRoot()])
    clock.advance(600 + 86_399)
    await wallet.receive([await issueRoot({ validUntil: NOW + 90_000_000 })])
    expect(wallet.delegations().map(({ id }) => id)).toContain(old.id)
    clock.advance(1)
    await wallet.receive([await issueRoot({ validUntil: NOW + 90_000_000 })])
    expect(wallet.delegations().map(({ id }) => id)).not.toContain(old.id)
  })
})

describe('a memory wallet', () => {
  test('without a seed has a key of its own', () => {
    const { wallet } = createTestWallet()
    expect(wallet.did).toBe(AGENT.did)
    const random = createRandom()
    const { seed: _, ...options } = { seed: undefined, random }
    expect(createTestWallet({ seed: random(32), ...options }).wallet.did).not.toBe(AGENT.did)
  })

  test('refuses a seed of another length', () => {
    expect(() => createTestWallet({ seed: new Uint8Array(31) })).toThrow(TypeError)
  })
})

import { parseDelegation, parseDelegationChain } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { describeDelegation, describeHeld } from '../src/delegation-words.ts'
import { delegationDocument, heldDocument, requestDocument, summaryDocument } from '../src/documents.ts'
import { ownKeys } from '../src/issuer-keys.ts'
import {
  AGENT,
  HELPER,
  ISSUER,
  LIST_URL,
  NOW,
  readIssues,
  signChild,
  signRoot,
} from './support/signed-files.ts'

// Scripts read these documents: a member that goes or changes its form breaks them.
describe('the documents of --json', () => {
  test('of a delegation', async () => {
    const workflow = { id: 'triage', run: 'r-1' }
    const root = parseDelegation(await signRoot({ purpose: 'read', workflow }))
    expect(JSON.parse(JSON.stringify(delegationDocument(root)))).toEqual({
      id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
      issuer: ISSUER.did,
      subject: AGENT.did,
      on_behalf_of: { id: 'alice', role: 'editor' },
      capabilities: [readIssues('/issues/**')],
      max_uses: 5,
      max_delegation_depth: 2,
      purpose: 'read',
      workflow,
      policy: { id: 'default', digest: expect.stringMatching(/^sha-256:/), decision: 'ask-one' },
      approval: { method: 'operator', digest: expect.stringMatching(/^sha-256:/) },
      valid_from: '2030-01-15T11:55:00Z',
      valid_until: '2030-01-15T12:05:00Z',
      status_list: LIST_URL,
      digest: root.digest,
    })
  })

  test('of a child name the one above it, and of a wallet the authority', async () => {
    const chain = [await signRoot()]
    chain.push(await signChild(chain[0] ?? ''))
    const { links, leaf, digest } = parseDelegationChain(chain)
    const held: HeldDelegation = {
      id: leaf.id,
      leaf,
      links,
      digest,
      chain,
      authority: 'https://authority.example',
    }
    expect(heldDocument(held)).toMatchObject({
      id: leaf.id,
      subject: HELPER.did,
      parent: { id: 'urn:uuid:00000000-0000-4000-8000-000000000001' },
      links: 2,
      authority: 'https://authority.example',
    })
    expect(describeHeld(held, NOW)).toContain('  authority     https://authority.example')
  })

  test('of a request', () => {
    const request = {
      id: 'r',
      version: 2,
      status: 'pending',
      agent: AGENT.did,
      agentName: 'Bot',
      onBehalfOf: { id: 'alice' },
      capabilities: [readIssues('/issues/**')],
      validForSeconds: 60,
      maxUses: 1,
      maxDelegationDepth: 0,
      purpose: 'p',
      workflow: { id: 'w' },
      expiresAt: NOW,
      reason: 'because',
      delegationId: 'd',
    }
    expect(requestDocument(request)).toEqual({
      id: 'r',
      version: 2,
      status: 'pending',
      agent: AGENT.did,
      agent_name: 'Bot',
      on_behalf_of: { id: 'alice' },
      capabilities: [readIssues('/issues/**')],
      valid_for_seconds: 60,
      max_uses: 1,
      max_delegation_depth: 0,
      purpose: 'p',
      workflow: { id: 'w' },
      expires_at: '2030-01-15T12:00:00Z',
      reason: 'because',
      delegation_id: 'd',
    })
  })

  test('of a delegation at an authority', () => {
    const summary = {
      id: 'd',
      subject: AGENT.did,
      onBehalfOf: { id: 'alice' },
      status: 'active',
      validFrom: NOW,
      validUntil: NOW + 60_000,
      delegator: ISSUER.did,
      parentId: 'e',
    }
    expect(summaryDocument(summary)).toEqual({
      id: 'd',
      subject: AGENT.did,
      on_behalf_of: { id: 'alice' },
      status: 'active',
      valid_from: '2030-01-15T12:00:00Z',
      valid_until: '2030-01-15T12:01:00Z',
      delegator: ISSUER.did,
      parent: 'e',
    })
  })
})

describe('a delegation in words', () => {
  test.each([
    ['before its time', NOW - 301_000, 'valid         begins 2030-01-15T11:55:00Z'],
    ['from its first moment', NOW - 300_000, 'valid         until 2030-01-15T12:05:00Z, 10 min left'],
    ['to its last second', NOW + 299_000, 'valid         until 2030-01-15T12:05:00Z, 1 s left'],
    ['from its end on', NOW + 300_000, 'valid         ended 2030-01-15T12:05:00Z'],
  ])('%s', async (_name, now, words) => {
    expect(describeDelegation(parseDelegation(await signRoot()), now).join('\n')).toContain(words)
  })

  test('leaves out what it does not say, and says what it forbids', async () => {
    const child = await signChild(await signRoot())
    const words = describeDelegation(parseDelegation(child), NOW).join('\n')
    expect(words).not.toContain('purpose')
    expect(words).toContain('handing on    not allowed')
  })
})

describe('the key of an issuer', () => {
  test('is the one in its own name', () => {
    expect(ownKeys(ISSUER.did, ISSUER.kid)).toEqual(ISSUER.signer.publicKey)
  })

  test.each([
    ["another's", ISSUER.did, AGENT.kid],
    ['of no did:key', 'did:web:example.com', 'did:web:example.com#key-1'],
    ['of no DID', 'alice', 'alice#key'],
    ['without a fragment', ISSUER.did, ISSUER.did],
  ])('is not %s', (_name, issuer, kid) => {
    expect(ownKeys(issuer, kid)).toBeUndefined()
  })
})

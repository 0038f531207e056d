import { describe, expect, test } from 'vitest'
import { describeTokenChain } from '../src/token-chain.ts'
import { makeClaims } from './support/tokens.ts'

const POLICY = { id: 'policy-1', digest: 'sha-256=:AA==:' } as never
const APPROVAL = { kind: 'passkey' } as never
const WORKFLOW = { id: 'triage', run: 'run-1' } as never

describe('what a token says of its chain', () => {
  test('are all links, root first, by whom each was given and where its status stands', () => {
    const claims = makeClaims()
    const { links, leaf } = describeTokenChain(claims)
    expect(links).toEqual(
      claims.delegations.map((id, index) => ({
        id,
        subject: claims.actors.toReversed()[index],
        issuer: claims.principal.issuer,
        status: claims.delegationStatus[index],
      })),
    )
    expect(leaf).toMatchObject({ id: claims.delegations.at(-1), subject: claims.agent })
  })

  test.each(['delegations', 'delegationStatus'] as const)(
    'leaves out a link whose place in %s is empty',
    (member) => {
      const claims = makeClaims()
      const { links } = describeTokenChain({ ...claims, [member]: claims[member].slice(0, 1) })
      expect(links).toHaveLength(1)
    },
  )

  test('holds approval, policy and workflow where the token does, and no such member elsewhere', () => {
    const { approval: _a, policy: _p, workflow: _w, ...bare } = makeClaims()
    const full = describeTokenChain({ ...bare, policy: POLICY, approval: APPROVAL, workflow: WORKFLOW })
    expect(full.root).toMatchObject({ policy: POLICY, approval: APPROVAL })
    expect(full.leaf).toMatchObject({ workflow: WORKFLOW })
    const { root, leaf } = describeTokenChain(bare)
    expect(Object.keys(root)).toEqual(['issuer', 'onBehalfOf'])
    expect(Object.keys(leaf)).toEqual(['id', 'subject', 'capabilities'])
  })

  test('cannot be changed', () => {
    const chain = describeTokenChain(makeClaims())
    const parts = [chain, chain.links, ...chain.links, chain.root, chain.root.onBehalfOf, chain.leaf]
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true)
  })
})

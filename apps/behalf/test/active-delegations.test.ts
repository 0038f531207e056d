import type { DelegationSummary } from '@behalf/wallet'
import { expect, test } from 'vitest'
import { selectActive } from '../src/active-delegations.ts'

function summary(id: string, status: string, parentId?: string): DelegationSummary {
  const base = {
    id,
    status,
    subject: 'did:key:z6Mk',
    onBehalfOf: { id: 'alice' },
    validFrom: 0,
    validUntil: 1,
  }
  return parentId === undefined ? base : { ...base, parentId }
}

function activeOf(...delegations: DelegationSummary[]): string[] {
  return selectActive(delegations).map(({ id }) => id)
}

test('a delegation is active by its own status', () => {
  expect(activeOf(summary('a', 'active'), summary('b', 'revoked'), summary('c', 'expired'))).toEqual(['a'])
})

test('a delegation is as dead as any above it', () => {
  const links = [summary('child', 'active', 'middle'), summary('middle', 'active', 'root')]
  expect(activeOf(...links, summary('root', 'active'))).toEqual(['child', 'middle', 'root'])
  expect(activeOf(...links, summary('root', 'revoked'))).toEqual([])
  expect(activeOf(...links, summary('root', 'expired'))).toEqual([])
})

test('a sibling of a dead one lives on', () => {
  const root = summary('root', 'active')
  expect(activeOf(root, summary('a', 'revoked', 'root'), summary('b', 'active', 'root'))).toEqual([
    'root',
    'b',
  ])
})

test('a delegation whose parent is not in the list counts by itself', () => {
  expect(activeOf(summary('a', 'active', 'elsewhere'))).toEqual(['a'])
})

test('parents that name each other end nowhere but here', () => {
  expect(activeOf(summary('a', 'active', 'b'), summary('b', 'active', 'a'))).toEqual(['a', 'b'])
})

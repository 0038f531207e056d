import { expect, test } from 'vitest'
import { nearest } from '../src/nearest.ts'

const NAMES = ['serve', 'request', 'approve', 'revoke', 'wallet create']

test.each([
  ['requst', 'request'],
  ['aprove', 'approve'],
  ['revok', 'revoke'],
  ['server', 'serve'],
  ['wallet crate', 'wallet create'],
])('%s is nearest to %s', (typed, meant) => {
  expect(nearest(typed, NAMES)).toBe(meant)
})

test('of two near names the nearer one is taken', () => {
  expect(nearest('revove', ['remove', 'revoke', 'revolve'])).toBe('remove')
  expect(nearest('lost', ['last long', 'list'])).toBe('list')
})

test.each(['x', 'frobnicate', ''])('nothing is near to %j', (typed) => {
  expect(nearest(typed, NAMES)).toBeUndefined()
})

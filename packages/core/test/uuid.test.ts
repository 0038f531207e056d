import fc from 'fast-check'
import { expect, test } from 'vitest'
import { systemRandomBytes } from '../src/random-bytes.ts'
import { createUuid } from '../src/uuid.ts'

test('sets version and variant and keeps the other 122 bits', () => {
  expect(createUuid((length) => new Uint8Array(length))).toBe('urn:uuid:00000000-0000-4000-8000-000000000000')
  expect(createUuid((length) => new Uint8Array(length).fill(0xff))).toBe(
    'urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff',
  )
  expect(createUuid(() => Uint8Array.from({ length: 16 }, (_, index) => index))).toBe(
    'urn:uuid:00010203-0405-4607-8809-0a0b0c0d0e0f',
  )
})

test('is always a version 4 UUID, also from a window of a larger buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      expect(createUuid(() => bytes.subarray(2, 18))).toMatch(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      )
    }),
  )
})

test('does not repeat', () => {
  expect(new Set(Array.from({ length: 1000 }, () => createUuid(systemRandomBytes))).size).toBe(1000)
})

test('refuses a random source that returns too little', () => {
  expect(() => createUuid(() => new Uint8Array(15))).toThrow(
    new TypeError('The random source must return as many bytes as it is asked for'),
  )
})

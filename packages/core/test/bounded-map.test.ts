import { expect, test } from 'vitest'
import { createBoundedMap } from '../src/bounded-map.ts'

test('remembers what was set', () => {
  const map = createBoundedMap<number>(2)
  map.set('a', 1)
  expect(map.get('a')).toBe(1)
  expect(map.get('b')).toBeUndefined()
  map.set('a', 2)
  expect(map.get('a')).toBe(2)
  expect(map.size).toBe(1)
})

test('never holds more than its capacity', () => {
  const map = createBoundedMap<number>(3)
  for (let index = 0; index < 100; index += 1) map.set(`key ${index}`, index)
  expect(map.size).toBe(3)
  expect(map.get('key 96')).toBeUndefined()
  expect(map.get('key 97')).toBe(97)
})

test('forgets what was used longest ago', () => {
  const map = createBoundedMap<number>(2)
  map.set('old', 1)
  map.set('new', 2)
  map.get('old')
  map.set('newer', 3)
  expect(map.get('new')).toBeUndefined()
  expect(map.get('old')).toBe(1)
})

test('setting a known key again pushes nothing out', () => {
  const map = createBoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('b', 3)
  expect(map.get('a')).toBe(1)
})

import { describe, expect, test } from 'vitest'
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

describe('with a bound on weight', () => {
  const ofTexts = (maxWeight: number): ReturnType<typeof createBoundedMap<string>> =>
    createBoundedMap<string>(10, { maxWeight, weigh: (text) => text.length })

  test('never holds more than that, however few entries it has', () => {
    const map = ofTexts(10)
    map.set('a', 'xxxx')
    map.set('b', 'xxxx')
    map.set('c', 'xx')
    expect(map.size).toBe(3)
    map.set('d', 'x')
    expect(map.get('a')).toBeUndefined()
    expect(map.get('b')).toBe('xxxx')
    expect(map.size).toBe(3)
  })

  test('holds exactly that much, in one value or in several', () => {
    const map = ofTexts(10)
    map.set('a', 'xxxxxxxxxx')
    expect(map.get('a')).toBe('xxxxxxxxxx')
  })

  test('forgets as many as it must for a heavy one', () => {
    const map = ofTexts(10)
    for (const key of ['a', 'b', 'c', 'd']) map.set(key, 'xx')
    map.set('heavy', 'xxxxxxxxx')
    expect(map.size).toBe(1)
    expect(map.get('heavy')).toBe('xxxxxxxxx')
  })

  test('still never holds more entries than its capacity', () => {
    const map = createBoundedMap<string>(2, { maxWeight: 100, weigh: () => 1 })
    for (const key of ['a', 'b', 'c']) map.set(key, 'x')
    expect(map.size).toBe(2)
    expect(map.get('a')).toBeUndefined()
  })

  test('what weighs too much alone pushes nothing out and is not remembered', () => {
    const map = ofTexts(10)
    map.set('a', 'xxxx')
    map.set('b', 'xx')
    map.set('b', 'xxxxxxxxxxx')
    expect(map.get('a')).toBe('xxxx')
    expect(map.get('b')).toBeUndefined()
    const broken = createBoundedMap<string>(2, { maxWeight: 100, weigh: () => Number.NaN })
    broken.set('a', 'x')
    expect(broken.size).toBe(0)
  })

  test('a value that replaces another one is weighed instead of it', () => {
    const map = ofTexts(10)
    map.set('a', 'xxxx')
    for (let round = 0; round < 20; round += 1) map.set('b', 'xxxx')
    expect(map.get('a')).toBe('xxxx')
    map.set('b', 'x')
    map.set('c', 'xxxxx')
    expect(map.size).toBe(3)
  })
})

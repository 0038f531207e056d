import { expect, test } from 'vitest'
import { isJsonObject } from '../src/json-value.ts'

test.each([{}, { a: 1 }, Object.create(null)])('a plain object is one: %j', (value) => {
  expect(isJsonObject(value)).toBe(true)
})

test.each([
  ['null', null],
  ['undefined', undefined],
  ['an array', []],
  ['a text', 'text'],
  ['a function', (): void => {}],
  ['bytes', new Uint8Array()],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['an object with a prototype of its own', Object.create({ inherited: true })],
])('%s is not', (_, value) => {
  expect(isJsonObject(value)).toBe(false)
})

import type { JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  coversConstraint,
  isUnderstoodConstraint,
  parseValueConstraint,
  requiresPresence,
  satisfiesConstraint,
  type ValueConstraint,
} from '../src/value-constraint.ts'
import { codeOf } from './support/refusal.ts'

describe('parseValueConstraint', () => {
  test.each<[JsonValue]>([
    [{}],
    [{ const: null }],
    [{ const: false }],
    [{ enum: [] }],
    [{ enum: ['a', 1, true, null] }],
    [{ minimum: -0.5, maximum: 1e21 }],
    [{ prefix: '', maxLength: 0 }],
    [{ pattern: { anything: ['goes'] } }],
  ])('keeps %j', (value) => {
    expect(parseValueConstraint(value)).toEqual(value)
  })

  test.each<[JsonValue]>([
    ['a'],
    [null],
    [[]],
    [{ const: {} }],
    [{ const: [] }],
    [{ enum: 'a' }],
    [{ enum: [{}] }],
    [{ minimum: '1' }],
    [{ maximum: null }],
    [{ prefix: 1 }],
    [{ maxLength: -1 }],
    [{ maxLength: 1.5 }],
    [{ maxLength: '5' }],
  ])('refuses %j', (value) => {
    expect(codeOf(() => parseValueConstraint(value))).toBe('scope_malformed')
  })
})

describe('isUnderstoodConstraint', () => {
  test('knows its own members alone', () => {
    expect(isUnderstoodConstraint({ const: 1, enum: [1], minimum: 1, maximum: 1 })).toBe(true)
    expect(isUnderstoodConstraint({ prefix: 'a', maxLength: 1 })).toBe(true)
    expect(isUnderstoodConstraint(parseValueConstraint({ pattern: 'a' }))).toBe(false)
    expect(isUnderstoodConstraint(parseValueConstraint({ toString: 'a' }))).toBe(false)
  })
})

describe('requiresPresence', () => {
  test.each<[ValueConstraint, boolean]>([
    [{}, false],
    [{ const: null }, true],
    [{ enum: [] }, true],
    [{ prefix: '' }, true],
    [{ minimum: 0, maximum: 1, maxLength: 1 }, false],
  ])('%j: %s', (constraint, required) => {
    expect(requiresPresence(constraint)).toBe(required)
  })
})

describe('satisfiesConstraint', () => {
  test.each<[ValueConstraint, JsonValue, boolean]>([
    [{}, { any: ['thing'] }, true],
    [{ const: 5 }, 5, true],
    [{ const: 5 }, '5', false],
    [{ const: null }, null, true],
    [{ const: null }, false, false],
    [{ enum: ['a', 1] }, 1, true],
    [{ enum: ['a', 1] }, true, false],
    [{ enum: [] }, null, false],
    [{ minimum: 1 }, 1, true],
    [{ minimum: 1 }, 0.999, false],
    [{ minimum: 1 }, '1', false],
    [{ minimum: 1 }, null, false],
    [{ minimum: 1 }, true, false],
    [{ minimum: 1 }, [2], false],
    [{ maximum: 1 }, 1, true],
    [{ maximum: 1 }, 1.001, false],
    [{ minimum: 1, maximum: 3 }, 4, false],
    [{ prefix: 'ab' }, 'abc', true],
    [{ prefix: 'ab' }, 'a', false],
    [{ prefix: '' }, 1, false],
    [{ maxLength: 2 }, 'ab', true],
    [{ maxLength: 2 }, 'abc', false],
    [{ maxLength: 2 }, '😀😀', true],
    [{ maxLength: 2 }, '😀😀😀', false],
    [{ maxLength: 2 }, ['a'], false],
    [{ maxLength: 2 }, 1, false],
    [{ prefix: 'a', maxLength: 2 }, 'abc', false],
    [{ const: 'a', maxLength: 0 }, 'a', false],
  ])('JSON: %j and %j: %s', (constraint, value, allowed) => {
    expect(satisfiesConstraint(constraint, value, 'json')).toBe(allowed)
  })

  test.each<[ValueConstraint, string, boolean]>([
    [{ minimum: 1, maximum: 10 }, '7', true],
    [{ minimum: 1 }, '0', false],
    [{ maximum: 10 }, '11', false],
    [{ minimum: -1 }, '-0.5', true],
    [{ maximum: 100 }, '7.0', false],
    [{ maximum: 100 }, '07', false],
    [{ maximum: 100 }, '+7', false],
    [{ maximum: 100 }, ' 7', false],
    [{ maximum: 100 }, '0x7', false],
    [{ maximum: 100 }, '7e0', false],
    [{ maximum: 100 }, '', false],
    [{ maximum: 100 }, 'Infinity', false],
    [{ maximum: 100 }, '-Infinity', false],
    [{ maximum: 100 }, '-0', false],
    [{ const: '7' }, '7', true],
    [{ const: 7 }, '7', false],
    [{ enum: ['7', '8'] }, '8', true],
    [{ prefix: 'a' }, 'ab', true],
    [{ maxLength: 1 }, 'ab', false],
  ])('query: %j and %j: %s', (constraint, value, allowed) => {
    expect(satisfiesConstraint(constraint, value, 'query')).toBe(allowed)
  })
})

describe('coversConstraint', () => {
  test.each<[ValueConstraint, ValueConstraint]>([
    [{}, {}],
    [{}, { prefix: 'a' }],
    [{ const: 1 }, { const: 1 }],
    [{ enum: [1, 2] }, { const: 1 }],
    [{ enum: [1, 2] }, { enum: [2] }],
    [{ enum: [1, 2] }, { enum: [] }],
    [{ enum: [1, 2] }, { enum: [1, 2, 3], maximum: 2 }],
    [{ minimum: 1 }, { minimum: 1 }],
    [{ minimum: 1 }, { minimum: 2, maximum: 5 }],
    [{ minimum: 1 }, { const: 4 }],
    [{ maximum: 9 }, { enum: [1, 9] }],
    [{ prefix: 'a' }, { prefix: 'ab' }],
    [{ prefix: 'a' }, { enum: ['ab', 'ac'] }],
    [{ maxLength: 3 }, { maxLength: 3 }],
    [{ maxLength: 3 }, { const: 'abc' }],
    [
      { prefix: 'a', maxLength: 5 },
      { prefix: 'ab', maxLength: 4 },
    ],
  ])('%j covers %j', (parent, child) => {
    expect(coversConstraint(parent, child, 'json')).toBe(true)
  })

  test.each<[ValueConstraint, ValueConstraint]>([
    [{ const: 1 }, {}],
    [{ const: 1 }, { const: 2 }],
    [{ const: 1 }, { enum: [1, 2] }],
    [{ const: 1 }, { minimum: 1, maximum: 1 }],
    [{ enum: ['a'] }, { prefix: 'a', maxLength: 1 }],
    [{ minimum: 1 }, {}],
    [{ minimum: 1 }, { minimum: 0 }],
    [{ minimum: 1 }, { maximum: 5 }],
    [{ minimum: 1 }, { enum: [0, 1] }],
    [{ minimum: 1 }, { const: '4' }],
    [{ maximum: 100 }, { maximum: 1000 }],
    [{ maximum: 100 }, { minimum: 1 }],
    [{ prefix: 'ab' }, { prefix: 'a' }],
    [{ prefix: 'ab' }, {}],
    [{ prefix: '' }, { maxLength: 1 }],
    [{ maxLength: 3 }, { maxLength: 4 }],
    [{ maxLength: 3 }, { prefix: 'a' }],
    [{ maxLength: 3 }, { minimum: 1 }],
    [{ prefix: 'a', maxLength: 5 }, { prefix: 'ab' }],
  ])('%j does not cover %j', (parent, child) => {
    expect(coversConstraint(parent, child, 'json')).toBe(false)
  })

  test('a number in a query is a text', () => {
    expect(coversConstraint({ minimum: 1 }, { const: '4' }, 'query')).toBe(true)
    expect(coversConstraint({ minimum: 1 }, { const: '04' }, 'query')).toBe(false)
  })
})

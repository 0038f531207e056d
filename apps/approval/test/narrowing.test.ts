import { describe, expect, test } from 'vitest'
import {
  asAsked,
  carryOver,
  grantsSomething,
  limitUses,
  narrowingWords,
  shorterDurations,
  toggleCapability,
  toNarrow,
} from '../src/model/narrowing.ts'
import { COMMENT, READ, requestView } from './support/request-view.ts'

const request = requestView()
const { max_uses: _limit, ...unlimited } = requestView()

describe('what is sent as narrowing', () => {
  test('nothing when everything is as asked', () => {
    expect(toNarrow(asAsked(request), request)).toBeUndefined()
    expect(narrowingWords(asAsked(request), request)).toEqual([])
  })

  test('only what differs', () => {
    expect(toNarrow({ ...asAsked(request), seconds: 600 }, request)).toEqual({ valid_for_seconds: 600 })
    expect(toNarrow({ ...asAsked(request), depth: 0 }, request)).toEqual({ max_delegation_depth: 0 })
    expect(toNarrow(limitUses(asAsked(request), request, 5), request)).toEqual({ max_uses: 5 })
    expect(toNarrow(toggleCapability(asAsked(request), 1), request)).toEqual({ capabilities: [READ] })
  })

  test('a limit where none was asked for', () => {
    const { max_uses: _, ...asked } = request
    expect(toNarrow(limitUses(asAsked(asked), asked, 3), asked)).toEqual({ max_uses: 3 })
    expect(narrowingWords(limitUses(asAsked(asked), asked, 1), asked)).toEqual([
      'at most 1 request instead of any number',
    ])
  })

  test('in words, one line each', () => {
    const narrowing = { dropped: new Set([0]), seconds: 60, uses: 1, depth: 0 }
    expect(narrowingWords(narrowing, request)).toEqual([
      '1 permission left out',
      '1 minute instead of 30 minutes',
      'at most 1 request instead of 100',
      'no passing on to other agents',
    ])
  })
})

describe('the choices', () => {
  test('a capability is left out and taken in again', () => {
    const without = toggleCapability(asAsked(request), 0)
    expect([...without.dropped]).toEqual([0])
    expect([...toggleCapability(without, 0).dropped]).toEqual([])
  })

  test('nothing is left once every capability is out', () => {
    const one = toggleCapability(asAsked(request), 0)
    expect(grantsSomething(one, request)).toBe(true)
    expect(grantsSomething(toggleCapability(one, 1), request)).toBe(false)
  })

  test.each([0, -1, 1.5, Number.NaN, undefined])('%s requests mean as asked', (uses) => {
    expect(limitUses(asAsked(request), request, uses).uses).toBe(100)
    expect(limitUses({ ...asAsked(unlimited), uses: 4 }, unlimited, uses).uses).toBeUndefined()
  })

  test('never more requests than asked', () => {
    expect(limitUses(asAsked(request), request, 101).uses).toBe(100)
  })

  test('never longer than asked, longest first', () => {
    expect(shorterDurations(1800)).toEqual([1800, 900, 600, 300, 60])
    expect(shorterDurations(45)).toEqual([45])
    expect(shorterDurations(601)).toEqual([601, 600, 300, 60])
  })
})

describe('choices for a request that its agent changed', () => {
  test('a capability stays out by its rule, wherever it stands now', () => {
    const after = requestView({ version: 2, capabilities: [COMMENT, READ] })
    expect([...carryOver(toggleCapability(asAsked(request), 0), request, after).dropped]).toEqual([1])
  })

  test('a capability whose rule changed is not taken for the old one', () => {
    const after = requestView({ version: 2, capabilities: [{ ...READ, paths: ['/**'] }, COMMENT] })
    expect(carryOver(toggleCapability(asAsked(request), 0), request, after).dropped.size).toBe(0)
  })

  test('what was chosen is kept but never widens the request', () => {
    const chosen = { ...asAsked(request), seconds: 900, uses: 50 }
    const after = requestView({ version: 2, valid_for_seconds: 300, max_uses: 10, max_delegation_depth: 0 })
    expect(carryOver(chosen, request, after)).toEqual({
      dropped: new Set(),
      seconds: 300,
      uses: 10,
      depth: 0,
    })
  })

  test('what was left as asked follows the request', () => {
    const after = requestView({ version: 2, valid_for_seconds: 3600, max_uses: 200, max_delegation_depth: 3 })
    expect(carryOver(asAsked(request), request, after)).toEqual(asAsked(after))
  })
})

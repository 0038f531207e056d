import { authorize, parseCapabilities } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { pathsOverlap } from '../src/path-overlap.ts'

describe('two path patterns', () => {
  test.each([
    ['/a', '/a'],
    ['/a/b', '/a/*'],
    ['/*/b', '/a/*'],
    ['/**', '/a/b/c'],
    ['/a/**', '/a/b'],
    ['/a/**', '/a/b/**'],
    ['/a/b/**', '/a/**'],
    ['/*/x/**', '/a/**'],
  ])('overlap: %s and %s', (left, right) => {
    expect(pathsOverlap(left, right)).toBe(true)
    expect(pathsOverlap(right, left)).toBe(true)
  })

  test.each([
    ['/a', '/b'],
    ['/a', '/a/'],
    ['/a/*', '/a/'],
    ['/a/b', '/a/b/c'],
    ['/a/*', '/b/*'],
    ['/a/**', '/b/**'],
    ['/a/*/c', '/a/b/d'],
  ])('do not overlap: %s and %s', (left, right) => {
    expect(pathsOverlap(left, right)).toBe(false)
    expect(pathsOverlap(right, left)).toBe(false)
  })

  test('are never called disjoint when a path matches both', () => {
    const segments = ['', 'a', 'b', '*']
    const patterns = segments.flatMap((one) => [
      ...(one === '' ? ['/'] : [`/${one}`, `/${one}/**`]),
      ...segments.flatMap((two) => (one === '' ? [] : [`/${one}/${two}`])),
    ])
    const paths = ['/', '/a', '/b', '/c', '/a/', '/a/a', '/a/b', '/b/b', '/b/', '/a/b/c', '/b/c/']
    patterns.push('/**')
    for (const left of patterns) {
      for (const right of patterns) {
        const shared = paths.some((path) => matches(left, path) && matches(right, path))
        if (shared) expect([left, right, pathsOverlap(left, right)]).toEqual([left, right, true])
      }
    }
  })
})

function matches(pattern: string, path: string): boolean {
  const capabilities = parseCapabilities([
    { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: [pattern] },
  ])
  try {
    authorize(capabilities, {
      type: 'http',
      origin: 'https://api.test',
      method: 'GET',
      path,
      query: '',
      now: 0,
    })
    return true
  } catch {
    return false
  }
}

import { describe, expect, test } from 'vitest'
import { coversPaths, isPathPattern, matchesPath } from '../src/path-pattern.ts'

describe('isPathPattern', () => {
  test.each(['/', '/*', '/**', '/v1', '/v1/', '/v1/*', '/v1/**', '/v1/*/read', '/*/*/', "/a-._~!$&'()+,=:@"])(
    'accepts %s',
    (pattern) => {
      expect(isPathPattern(pattern)).toBe(true)
    },
  )

  test.each([
    ['no slash first', 'v1'],
    ['nothing', ''],
    ['** before the end', '/v1/**/x'],
    ['** and a slash', '/v1/**/'],
    ['a star inside a segment', '/v1/a*'],
    ['three stars', '/v1/***'],
    ['an encoded wildcard', '/v1/%2A'],
    ['any percent sign', '/v1/%41'],
    ['an empty segment', '/v1//x'],
    ['a space', '/v1/a b'],
    ['a zero-width space', '/v1/read\u200b'],
    ['letters of another script', '/v1/it\u0435ms'],
    ['a dot segment', '/v1/./x'],
    ['two dots', '/v1/../x'],
    ['two dots at the end', '/v1/..'],
    ['a semicolon', '/v1/a;b'],
    ['a backslash', '/v1\\x'],
    ['a query', '/v1?x'],
    ['a fragment', '/v1#x'],
    ['a line end', '/v1\n'],
  ])('refuses %s', (_, pattern) => {
    expect(isPathPattern(pattern)).toBe(false)
  })
})

describe('matchesPath', () => {
  test.each([
    ['/', '/'],
    ['/v1/items', '/v1/items'],
    ['/v1/*', '/v1/items'],
    ['/v1/*', '/v1/a%20b'],
    ['/v1/*', '/v1/caf%C3%A9'],
    ['/v1/*', '/v1/a*b'],
    ['/v1/*', '/v1/...'],
    ['/v1/*/read', '/v1/a/read'],
    ['/v1/*/', '/v1/a/'],
    ['/v1/**', '/v1/a'],
    ['/v1/**', '/v1/a/b/c'],
    ['/v1/**', '/v1/a/'],
    ['/v1/**', '/v1/'],
    ['/**', '/'],
    ['/**', '/a/b'],
  ])('%s names %s', (pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(true)
  })

  test.each([
    ['a sibling prefix', '/v1/item', '/v1/items-admin'],
    ['a child', '/v1/item', '/v1/item/1'],
    ['a trailing slash', '/v1/item', '/v1/item/'],
    ['its absence', '/v1/item/', '/v1/item'],
    ['another case', '/v1/item', '/V1/item'],
    ['an encoded letter', '/v1/items', '/v1/%69tems'],
    ['two segments for one star', '/v1/*/read', '/v1/a/b/read'],
    ['none for a star', '/v1/*', '/v1/'],
    ['none for a star in the middle', '/v1/*/read', '/v1//read'],
    ['more after a star', '/v1/*', '/v1/a/'],
    ['the folder without its slash', '/v1/**', '/v1'],
    ['a sibling of the folder', '/v1/**', '/v10/a'],
    ['an empty segment below', '/v1/**', '/v1//a'],
    ['an empty segment at the end', '/v1/**', '/v1/a//'],
    ['two dots below', '/v1/**', '/v1/../admin'],
    ['one dot below', '/v1/**', '/v1/./admin'],
    ['encoded dots', '/v1/**', '/v1/%2e%2E/admin'],
    ['an encoded slash', '/v1/*', '/v1/a%2Fb'],
    ['an encoded backslash', '/v1/*', '/v1/a%5cb'],
    ['a percent sign encoded once more', '/v1/*', '/v1/%2561dmin'],
    ['an encoded NUL', '/v1/*', '/v1/items%00.json'],
    ['an encoded DEL', '/v1/*', '/v1/items%7f'],
    ['a backslash', '/v1/**', '/v1/a\\..\\b'],
    ['matrix parameters', '/v1/**', '/v1/..;x=y/admin'],
    ['a malformed escape', '/v1/*', '/v1/%zz'],
    ['half an escape', '/v1/*', '/v1/a%2'],
    ['a character that is not ASCII', '/v1/*', '/v1/é'],
    ['a path without a slash first', '/**', 'v1'],
    ['no path', '/**', ''],
    ['an asterisk as target', '/**', '*'],
    ['a star sent for a literal', '/v1/items', '/v1/*'],
  ])('does not take %s', (_, pattern, path) => {
    expect(matchesPath(pattern, path)).toBe(false)
  })

  test('a pattern without a slash first names nothing', () => {
    expect(matchesPath('v1', 'v1')).toBe(false)
  })
})

describe('coversPaths', () => {
  test.each([
    ['/v1/items', '/v1/items'],
    ['/v1/*', '/v1/items'],
    ['/v1/*', '/v1/*'],
    ['/v1/**', '/v1/*'],
    ['/v1/**', '/v1/**'],
    ['/v1/**', '/v1/a/**'],
    ['/v1/**', '/v1/a/*/b'],
    ['/v1/**', '/v1/'],
    ['/v1/*/**', '/v1/a/**'],
    ['/**', '/'],
  ])('%s covers %s', (parent, child) => {
    expect(coversPaths([parent], [child])).toBe(true)
  })

  test.each([
    ['/v1/items', '/v1/*'],
    ['/v1/*', '/v1/**'],
    ['/v1/*', '/v1/'],
    ['/v1/*', '/v1/a/b'],
    ['/v1/*', '/v1'],
    ['/v1/**', '/v1'],
    ['/v1/a/**', '/v1/**'],
    ['/v1/a/**', '/v1/*/**'],
    ['/v1/item', '/v1/items'],
    ['/v1/items', '/v1/items/'],
    ['/v1/*/**', '/v1/**'],
    ['v1', 'v1'],
    ['/v1', 'v1'],
  ])('%s does not cover %s', (parent, child) => {
    expect(coversPaths([parent], [child])).toBe(false)
  })

  test('every pattern needs one that covers it', () => {
    expect(coversPaths(['/a', '/b/*'], ['/b/c', '/a', '/b/*'])).toBe(true)
    expect(coversPaths(['/a', '/b/*'], ['/a', '/c'])).toBe(false)
    expect(coversPaths(['/a'], [])).toBe(true)
    expect(coversPaths([], ['/a'])).toBe(false)
  })

  test('lists as long as a chain allows are compared', () => {
    const long = Array.from({ length: 400 }, (_, index) => `/v1/${index}`)
    expect(coversPaths(long, long)).toBe(true)
    expect(coversPaths(long, ['/v1/400', ...long])).toBe(false)
  })
})

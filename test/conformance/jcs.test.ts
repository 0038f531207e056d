import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalizeJson, decodeHex, encodeUtf8, type JsonValue, parseJson } from '@behalf/core'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

describeNeeding('vectors', 'JCS against the test data of RFC 8785', () => {
  test('all 6 inputs become their published output, in text and in bytes', () => {
    const names = readdirSync(path('input'))
    expect(names).toHaveLength(6)
    for (const name of names) {
      const canonical = canonicalizeJson(JSON.parse(read('input', name)))
      expect([name, canonical]).toEqual([name, read('output', name)])
      const hex = read('outhex', name.replace('.json', '.txt')).replaceAll(/\s/gu, '')
      expect([name, encodeUtf8(canonical)]).toEqual([name, decodeHex(hex)])
    }
  })

  test('the strict parser reads them alike, but for the one with names that differ only in case', () => {
    const names = readdirSync(path('input')).filter((name) => name !== 'structures.json')
    for (const name of names) {
      expect([name, canonicalizeJson(parseJson(read('input', name)))]).toEqual([name, read('output', name)])
      expect([name, canonicalizeJson(parseJson(read('output', name)))]).toEqual([name, read('output', name)])
    }
    expect(() => parseJson(read('input', 'structures.json'))).toThrow('differ only in case')
  })
})

describe('JCS against another implementation', () => {
  const names = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', '1', '10', '\u20ac', '\ufb33', '\u{1f600}', 'é'),
  )
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false, -0, 0, 5e-324, 1e21, 1e-7, Number.MAX_SAFE_INTEGER),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.string({ unit: 'grapheme' }),
      fc.string({
        unit: fc.constantFrom('\u0000', '\u001f', '\b', '\n', '"', '\\', '/', '\u007f', '\u2028'),
      }),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(names, tie('value'), { maxKeys: 6, noNullPrototype: false }),
    ),
  }))

  test('agrees on generated values', () => {
    fc.assert(
      fc.property(value, (generated) => {
        expect(canonicalizeJson(generated)).toBe(canonicalize(generated))
      }),
      { numRuns: 2_000 },
    )
  })

  test('what it writes is JSON of the same value', () => {
    fc.assert(
      fc.property(value, (generated) => {
        expect(JSON.parse(canonicalizeJson(generated))).toEqual(JSON.parse(JSON.stringify(generated)))
      }),
    )
  })
})

function read(folder: string, name: string): string {
  return readFileSync(join(path(folder), name), 'utf8')
}

function path(folder: string): string {
  return join(vectorsFolder(), 'jcs', folder)
}

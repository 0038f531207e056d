import type { JsonValue } from '@behalf/core'
import { encodeBase64url } from '@behalf/core'
import type { SfBareItem, SfItem, SfMember, SfParameters } from '@behalf/http-signature'
import fc from 'fast-check'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const TOKEN_MARKS = "!#$%&'*+-.^_`|~:/"

function textOf(first: string, rest: string, maxLength = 12): fc.Arbitrary<string> {
  const letter = (alphabet: string): fc.Arbitrary<string> => fc.constantFrom(...alphabet.split(''))
  return fc
    .tuple(letter(first), fc.array(letter(rest), { maxLength }))
    .map(([head, tail]) => head + tail.join(''))
}

/** A key of a dictionary or of parameters. @see RFC 9651 section 3.1.2 */
export const sfKey: fc.Arbitrary<string> = textOf(`${LETTERS}*`, `${LETTERS}${DIGITS}_-.*`)

const printable = fc
  .array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes))
const token = textOf(
  `${LETTERS}${LETTERS.toUpperCase()}*`,
  LETTERS + LETTERS.toUpperCase() + DIGITS + TOKEN_MARKS,
)
const wholeNumber = fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
const bytes = fc.uint8Array({ maxLength: 40 })
/** Any text without lone surrogates. */
export const wellFormed: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 20 })

/** Any bare item. A decimal has at most twelve digits before the point and three behind it. */
const bareItem: fc.Arbitrary<SfBareItem> = fc.oneof(
  wholeNumber.map((value) => ({ type: 'integer', value }) as const),
  wholeNumber.map((value) => ({ type: 'decimal', value: value / 1000 + 0 }) as const),
  wholeNumber.map((value) => ({ type: 'date', value }) as const),
  printable.map((value) => ({ type: 'string', value }) as const),
  token.map((value) => ({ type: 'token', value }) as const),
  wellFormed.map((value) => ({ type: 'display-string', value }) as const),
  bytes.map((value) => ({ type: 'byte-sequence', value }) as const),
  fc.boolean().map((value) => ({ type: 'boolean', value }) as const),
)

const params: fc.Arbitrary<SfParameters> = fc
  .uniqueArray(fc.tuple(sfKey, bareItem), { maxLength: 4, selector: ([key]) => key })
  .map((entries) => new Map(entries))

/** Any item with parameters. */
export const sfItem: fc.Arbitrary<SfItem> = fc.record({ value: bareItem, params })

/** Any member of a list or dictionary. */
export const sfMember: fc.Arbitrary<SfMember> = fc.oneof(
  sfItem,
  fc.record({ items: fc.array(sfItem, { maxLength: 4 }), params }),
)

const MEANINGFUL = new Set(['__proto__', 'constructor', 'prototype'])
const memberName = wellFormed.filter((name) => !MEANINGFUL.has(name))
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter(
    // Written without a fraction these are integers that are not safe, which no two parsers read alike.
    (value) => Number.isSafeInteger(value) || !/^-?[0-9]+$/.test(JSON.stringify(value)),
  ),
)

/** Any JSON value that every parser understands alike. */
export const jsonValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(null, true, false),
    number.map((value) => value + 0),
    wellFormed,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(memberName, tie('value')), { maxLength: 5, selector: ([name]) => foldCase(name) })
      .map((entries): JsonValue => Object.fromEntries(entries)),
  ),
})).value

function foldCase(name: string): string {
  return name.toLowerCase().toUpperCase().toLowerCase()
}

/** A digest as credentials spell it. */
export const digest: fc.Arbitrary<string> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((value) => `sha-256:${encodeBase64url(value)}`)

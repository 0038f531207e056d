import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  isInnerList,
  parseDictionary,
  parseItem,
  parseList,
  type SfBareItem,
  type SfItem,
  type SfMember,
  type SfParameters,
  serializeDictionary,
  serializeItem,
  serializeList,
} from '@behalf/http-signature'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

/** A value in the notation of the vectors; an item is `[bare, params]`, an inner list `[[items], params]`. */
type Notation = boolean | number | string | { __type: string; value: string | number } | Notation[]

interface FieldVector {
  readonly name: string
  readonly header_type: 'item' | 'list' | 'dictionary'
  readonly raw?: readonly string[]
  readonly expected?: Notation
  readonly canonical?: readonly string[]
  readonly must_fail?: boolean
  readonly can_fail?: boolean
}

const folder = join(vectorsFolder(), 'structured-fields')
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

describeNeeding('vectors', 'RFC 9651 structured field vectors', () => {
  test.each(vectorFiles(folder))('%s: every case parses to its value and back, or is refused', (file) => {
    const vectors = readVectors(join(folder, file))
    expect(vectors.length).toBeGreaterThan(0)
    expect(vectors.flatMap(parsingFailure)).toEqual([])
  })

  test.each(vectorFiles(join(folder, 'serialisation-tests')))(
    'serialisation-tests/%s: every value is spelled canonically, or is refused',
    (file) => {
      const vectors = readVectors(join(folder, 'serialisation-tests', file))
      expect(vectors.length).toBeGreaterThan(0)
      expect(vectors.flatMap(serialisingFailure)).toEqual([])
    },
  )

  test('the vectors are all there', () => {
    const parsing = vectorFiles(folder).flatMap((file) => readVectors(join(folder, file)))
    const serialising = join(folder, 'serialisation-tests')
    const values = vectorFiles(serialising).flatMap((file) => readVectors(join(serialising, file)))
    expect([parsing.length, values.length]).toEqual([1591, 544])
  })

  test('of the byte sequences that may be refused, we refuse every second spelling', () => {
    const lenient = readVectors(join(folder, 'binary.json')).filter((vector) => vector.can_fail)
    expect(lenient.map((vector) => vector.name)).toEqual(['bad padding', 'non-zero pad bits'])
    for (const vector of lenient) expect(() => parse(vector)).toThrow('canonical base64')
  })
})

function parsingFailure(vector: FieldVector): string[] {
  try {
    const { value, text } = parse(vector)
    if (vector.must_fail) return [`${vector.name}: accepted`]
    expect(value).toEqual(vector.expected)
    expect(text).toBe((vector.canonical ?? vector.raw ?? []).join(', '))
    return []
  } catch (error) {
    const mayFail = vector.must_fail === true || vector.can_fail === true
    return mayFail && isRefusal(error) ? [] : [`${vector.name}: ${String(error)}`]
  }
}

function serialisingFailure(vector: FieldVector): string[] {
  try {
    const text = serialize(vector)
    if (vector.must_fail) return [`${vector.name}: spelled`]
    return text === vector.canonical?.join(', ') ? [] : [`${vector.name}: ${text}`]
  } catch (error) {
    return vector.must_fail && error instanceof TypeError ? [] : [`${vector.name}: ${String(error)}`]
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'signature_malformed'
}

function parse(vector: FieldVector): { value: Notation; text: string } {
  const raw = (vector.raw ?? []).join(', ')
  if (vector.header_type === 'item') {
    const { item } = parseItem(raw)
    return { value: fromItem(item), text: serializeItem(item) }
  }
  if (vector.header_type === 'list') {
    const { members } = parseList(raw)
    return { value: members.map(fromMember), text: serializeList(members) }
  }
  const { members } = parseDictionary(raw)
  return {
    value: [...members].map(([key, member]) => [key, fromMember(member)]),
    text: serializeDictionary(members),
  }
}

function serialize(vector: FieldVector): string {
  const { expected } = vector
  if (vector.header_type === 'item') return serializeItem(toItem(expected))
  if (vector.header_type === 'list') return serializeList(toArray(expected).map(toMember))
  const entries = toArray(expected).map((entry): [string, SfMember] => {
    const [key, member] = toArray(entry)
    return [toText(key), toMember(member)]
  })
  return serializeDictionary(new Map(entries))
}

function fromMember(member: SfMember): Notation {
  return isInnerList(member) ? [member.items.map(fromItem), fromParameters(member.params)] : fromItem(member)
}

function fromItem(item: SfItem): Notation {
  return [fromBareItem(item.value), fromParameters(item.params)]
}

function fromParameters(params: SfParameters): Notation {
  return [...params].map(([key, value]) => [key, fromBareItem(value)])
}

function fromBareItem(item: SfBareItem): Notation {
  if (item.type === 'byte-sequence') return { __type: 'binary', value: encodeBase32(item.value) }
  if (item.type === 'display-string') return { __type: 'displaystring', value: item.value }
  if (item.type === 'token' || item.type === 'date') return { __type: item.type, value: item.value }
  return item.value
}

function toMember(notation: Notation | undefined): SfMember {
  const [value, params] = toArray(notation)
  return Array.isArray(value) ? { items: value.map(toItem), params: toParameters(params) } : toItem(notation)
}

function toItem(notation: Notation | undefined): SfItem {
  const [value, params] = toArray(notation)
  return { value: toBareItem(value), params: toParameters(params) }
}

function toParameters(notation: Notation | undefined): SfParameters {
  return new Map(
    toArray(notation).map((entry): [string, SfBareItem] => {
      const [key, value] = toArray(entry)
      return [toText(key), toBareItem(value)]
    }),
  )
}

/** Of the types with a notation of their own, the serialisation vectors use tokens only. */
function toBareItem(notation: Notation | undefined): SfBareItem {
  if (typeof notation === 'number') {
    return { type: Number.isInteger(notation) ? 'integer' : 'decimal', value: notation }
  }
  if (typeof notation === 'string') return { type: 'string', value: notation }
  if (typeof notation === 'boolean') return { type: 'boolean', value: notation }
  if (notation === undefined || Array.isArray(notation) || notation.__type !== 'token') {
    throw new Error('a notation that these vectors did not use before')
  }
  return { type: 'token', value: String(notation.value) }
}

function toArray(notation: Notation | undefined): Notation[] {
  if (!Array.isArray(notation)) throw new Error('a notation that is not an array')
  return notation
}

function toText(notation: Notation | undefined): string {
  if (typeof notation !== 'string') throw new Error('a notation that is not a text')
  return notation
}

function encodeBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{1,5}/g) ?? []
  const text = digits.map((digit) => BASE32[Number.parseInt(digit.padEnd(5, '0'), 2)]).join('')
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=')
}

/** Called while suites are collected, also where the vectors are absent. */
function vectorFiles(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

function readVectors(path: string): FieldVector[] {
  return JSON.parse(readFileSync(path, 'utf8'))
}

import { encodeBase64, encodeUtf8 } from '@behalf/core'
import {
  isInnerList,
  type SfBareItem,
  type SfInnerList,
  type SfItem,
  type SfMember,
  type SfParameters,
} from './structured-field.ts'

const WHOLE_KEY = /^[a-z*][a-z0-9_\-.*]*$/
const WHOLE_TOKEN = /^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*$/
/** Without anything to escape, as nearly every string is. */
const PLAIN_STRING = /^[ !#-[\]-~]*$/
const WHOLE_STRING = /^[ -~]*$/
const MAX_INTEGER = 999_999_999_999_999
const MAX_DECIMAL_WHOLE = 999_999_999_999

/**
 * The canonical spelling of a dictionary; empty when it has no members, and the field is then left out.
 *
 * @throws TypeError when a value cannot be expressed
 * @see RFC 9651 section 4.1.2
 */
export function serializeDictionary(members: ReadonlyMap<string, SfMember>): string {
  const parts: string[] = []
  for (const [key, member] of members) {
    parts.push(serializeKey(key) + serializeValueOfKey(member))
  }
  return parts.join(', ')
}

/**
 * The canonical spelling of a list; empty when it has no members, and the field is then left out.
 *
 * @throws TypeError when a value cannot be expressed
 * @see RFC 9651 section 4.1.1
 */
export function serializeList(members: readonly SfMember[]): string {
  return members
    .map((member) => (isInnerList(member) ? serializeInnerList(member) : serializeItem(member)))
    .join(', ')
}

function serializeInnerList(list: SfInnerList): string {
  return `(${list.items.map(serializeItem).join(' ')})${serializeParameters(list.params)}`
}

/**
 * The canonical spelling of an item.
 *
 * @throws TypeError when a value cannot be expressed
 * @see RFC 9651 section 4.1.3
 */
export function serializeItem(item: SfItem): string {
  return serializeBareItem(item.value) + serializeParameters(item.params)
}

/** True when the text may be a key: a label of a signature, the name of a parameter. */
export function isSfKey(text: string): boolean {
  return WHOLE_KEY.test(text)
}

function serializeValueOfKey(member: SfMember): string {
  if (isInnerList(member)) return `=${serializeInnerList(member)}`
  if (member.value.type === 'boolean' && member.value.value) return serializeParameters(member.params)
  return `=${serializeItem(member)}`
}

/**
 * The canonical spelling of parameters, each with its semicolon; empty when there are none.
 *
 * @throws TypeError when a value cannot be expressed
 * @see RFC 9651 section 4.1.1.2
 */
export function serializeParameters(params: SfParameters): string {
  let text = ''
  for (const [key, value] of params) {
    text += `;${serializeKey(key)}`
    if (value.type !== 'boolean' || !value.value) text += `=${serializeBareItem(value)}`
  }
  return text
}

function serializeKey(key: string): string {
  if (!isSfKey(key)) throw new TypeError('not a structured field key')
  return key
}

function serializeBareItem(item: SfBareItem): string {
  switch (item.type) {
    case 'integer':
      return serializeInteger(item.value)
    case 'decimal':
      return serializeDecimal(item.value)
    case 'date':
      return `@${serializeInteger(item.value)}`
    case 'string':
      return serializeString(item.value)
    case 'token':
      return serializeToken(item.value)
    case 'display-string':
      return serializeDisplayString(item.value)
    case 'byte-sequence':
      return `:${encodeBase64(item.value)}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
  }
}

function serializeInteger(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > MAX_INTEGER) {
    throw new TypeError('not an integer of at most 15 digits')
  }
  return String(value)
}

function serializeDecimal(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('not a finite number')
  const thousandths = roundHalfToEven(Math.abs(value) * 1000)
  const whole = Math.trunc(thousandths / 1000)
  if (whole > MAX_DECIMAL_WHOLE) throw new TypeError('not a decimal of at most 12 digits before the point')
  const fraction = String(thousandths % 1000)
    .padStart(3, '0')
    .replace(/0{1,2}$/, '')
  const sign = value < 0 && thousandths > 0 ? '-' : ''
  return `${sign}${whole}.${fraction}`
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

function serializeString(value: string): string {
  if (PLAIN_STRING.test(value)) return `"${value}"`
  if (!WHOLE_STRING.test(value)) throw new TypeError('a structured field string holds printable ASCII only')
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function serializeToken(value: string): string {
  if (!WHOLE_TOKEN.test(value)) throw new TypeError('not a structured field token')
  return value
}

function serializeDisplayString(value: string): string {
  let text = '%"'
  for (const byte of encodeUtf8(value)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x25
    text += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }
  return `${text}"`
}

import {
  canonicalizeJson,
  digestSha256,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '@behalf/core'

/** A member of a record on its way. */
export interface Member {
  readonly name: string
  readonly value: JsonValue
}

/** What of the members fits. */
export interface BoundMembers {
  readonly kept: JsonObject
  /** JSON pointer of what was cut or left out, and the digest of the whole; absent when everything fits. */
  readonly truncated?: Readonly<Record<string, string>>
}

/** The longest text, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 1024

/**
 * Returns the members with every long text cut, and without the largest ones when they would not fit even so. Nothing is
 * lost silently: the digest of each whole text, or of the canonical JSON of each member, is kept.
 *
 * @param maxBytes - for all members together, digests included, in canonical JSON
 */
export function boundMembers(members: readonly Member[], maxBytes: number): BoundMembers {
  const cuts = new Map<string, string>()
  const all = members.map(({ name, value }) => ({
    name,
    value: boundValue(value, pointerTo('', name), cuts),
  }))
  let kept = all
  while (sizeOf(kept, cuts) > maxBytes && kept.length > 0) {
    const largest = kept.reduce((most, next) => (lengthOf(next) > lengthOf(most) ? next : most))
    const pointer = pointerTo('', largest.name)
    forgetBelow(cuts, pointer)
    const whole = members.find(({ name }) => name === largest.name)
    cuts.set(pointer, digestSha256(canonicalizeJson(wellFormed(whole?.value ?? null))))
    kept = kept.filter((member) => member !== largest)
  }
  const object = Object.fromEntries(kept.map(({ name, value }) => [name, value]))
  return { kept: object, ...(cuts.size > 0 && { truncated: Object.fromEntries(cuts) }) }
}

function boundValue(value: JsonValue, pointer: string, cuts: Map<string, string>): JsonValue {
  if (typeof value === 'string') return boundText(value, pointer, cuts)
  if (isJsonObject(value)) {
    const entries = Object.entries(value)
    return Object.fromEntries(
      entries.map(([name, one]) => [name, boundValue(one, pointerTo(pointer, name), cuts)]),
    )
  }
  if (!Array.isArray(value)) return value
  return value.map((one, index) => boundValue(one, pointerTo(pointer, String(index)), cuts))
}

function boundText(text: string, pointer: string, cuts: Map<string, string>): string {
  if (text.length <= MAX_TEXT_LENGTH && text.isWellFormed()) return text
  cuts.set(pointer, digestSha256(text.toWellFormed()))
  // A pair of surrogates is not cut in two.
  return text
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/[\uD800-\uDBFF]$/u, '')
    .toWellFormed()
}

function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed()
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, wellFormed(one)]))
  }
  return Array.isArray(value) ? value.map(wellFormed) : value
}

function pointerTo(parent: string, name: string): string {
  return `${parent}/${name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function forgetBelow(cuts: Map<string, string>, pointer: string): void {
  for (const known of cuts.keys()) if (known.startsWith(`${pointer}/`)) cuts.delete(known)
}

function sizeOf(members: readonly Member[], cuts: ReadonlyMap<string, string>): number {
  const object = Object.fromEntries(members.map(({ name, value }) => [name, value]))
  return encodeUtf8(canonicalizeJson({ ...object, truncated: Object.fromEntries(cuts) })).length
}

function lengthOf({ value }: Member): number {
  return canonicalizeJson(value).length
}

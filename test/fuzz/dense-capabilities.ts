import type { JsonObject, JsonValue } from '@behalf/core'
import type { Random } from './random.ts'

type Shape = (budget: number, random: Random) => readonly JsonObject[]

/**
 * Rights that are as long as a chain allows and that `GET` on `/v1/**` covers, to see what comparing and evaluating
 * them costs.
 *
 * @param budget length of what makes them long, in characters of JSON
 */
export function denseCapabilities(budget: number, random: Random): readonly JsonObject[] {
  return random.pick(SHAPES)(budget, random)
}

const ZONES = Intl.supportedValuesOf('timeZone')
const SHAPES: readonly Shape[] = [
  (budget) => [http({ paths: fill(budget, (index) => `/v1/${short(index)}`) })],
  (budget) => [http({ paths: fill(budget, (index) => `/v1/${'*/'.repeat(index % 9)}${short(index)}`) })],
  (budget) => [http({ paths: ['/v1/**', `/v1${'/*'.repeat(budget / 2)}`] })],
  (budget) => [bodyOf({ x: { enum: fill(budget, (index) => index) } })],
  (budget) => [bodyOf({ x: { enum: fill(budget, (index) => `item-${short(index)}`) } })],
  (budget) => [bodyOf(Object.fromEntries(fill(budget / 2, short).map((name) => [String(name), {}])))],
  (budget, random) => [
    timesOf(fill(budget, () => ({ zone: random.pick(ZONES), from: '00:00', to: '24:00' }))),
  ],
  (budget, random) => [timesOf(fill(budget, () => ({ zone: misspell(random), from: '00:00', to: '24:00' })))],
  (budget) => fill(budget / 30, () => 0).map(() => http({ locations: [], paths: [], actions: [] })),
]

/** Whatever fits into that many characters of JSON. */
function fill<Value extends JsonValue>(budget: number, make: (index: number) => Value): Value[] {
  const list: Value[] = []
  for (let left = budget; left > 0; ) {
    const value = make(list.length)
    left -= JSON.stringify(value).length + 1
    list.push(value)
  }
  return list.slice(0, -1)
}

function http(members: JsonObject): JsonObject {
  return { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/v1/**'], ...members }
}

function bodyOf(body: JsonObject): JsonObject {
  return http({ constraints: { body } })
}

function timesOf(time: readonly JsonValue[]): JsonObject {
  return http({ constraints: { time } })
}

function short(index: number): string {
  return index.toString(36)
}

/** Zones that are known under many spellings, and some that are not known at all. */
function misspell(random: Random): string {
  const zone = random.pick(ZONES)
  return zone.replaceAll(/[a-z]/g, (letter) => (random.chance(0.3) ? letter.toUpperCase() : letter))
}

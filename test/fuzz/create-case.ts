import { copyDraft, type Draft } from './draft.ts'
import { forgeRequest } from './forge.ts'
import type { FuzzCase, InputKind, RequestCase, StatusCase } from './fuzz-case.ts'
import { mutateBody } from './mutate-body.ts'
import { flipCredential, mutateCredentials, mutateJws } from './mutate-credential.ts'
import { mutateHarmlessly, mutateHeaders, mutateSignedField } from './mutate-headers.ts'
import { mutateMethod, mutateTarget } from './mutate-target.ts'
import { flipBit, flipByte, mutateGrammar, randomText } from './mutate-text.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'
import { createRawDraft } from './raw-draft.ts'
import { createTextCase } from './text-case.ts'
import { answersOf, type World, type Worlds } from './world.ts'

/** Where an input is made: the same numbers make the same input. */
export interface Workshop {
  readonly random: Random
  readonly pool: Pool
  readonly worlds: Worlds
}

type Make = (workshop: Workshop) => FuzzCase

/** Makes one input. */
export function createCase(workshop: Workshop): { readonly kind: InputKind; readonly fuzzCase: FuzzCase } {
  const [kind, make] = workshop.random.pickWeighted(MAKERS, TOTAL)
  return { kind, fuzzCase: make(workshop) }
}

/** Weights of each kind of input, in thousandths. */
const MAKERS: readonly (readonly [weight: number, maker: readonly [InputKind, Make]])[] = [
  [205, ['grammar', changedOnTheWay]],
  [130, ['grammar', changedField]],
  [60, ['grammar', changedCredential]],
  [70, ['grammar', forged]],
  [10, ['grammar', honest]],
  [5, ['grammar', repeated]],
  [
    119,
    [
      'grammar',
      ({ random, pool, worlds }) => createTextCase(random, pool, { worlds, mutate: mutateGrammar }),
    ],
  ],
  [1, ['grammar', ({ random, worlds }) => changedStatus(random, worlds, mutateGrammar)]],
  [110, ['flip', flippedRequest]],
  [25, ['flip', flippedCredential]],
  [64, ['flip', ({ random, pool, worlds }) => createTextCase(random, pool, { worlds, mutate: flipBit })]],
  [1, ['flip', ({ random, worlds }) => changedStatus(random, worlds, flipBit)]],
  [120, ['raw', rawRequest]],
  [80, ['raw', ({ random, pool, worlds }) => createTextCase(random, pool, { worlds, mutate: replaceAll })]],
]
const TOTAL = MAKERS.reduce((sum, [weight]) => sum + weight, 0)

function request(world: World, draft: Draft, more: Partial<RequestCase> = {}): RequestCase {
  return { type: 'request', world, draft, isRepeated: false, mustAccept: false, ...more }
}

/** Most inputs meet the verifier that accepts honest requests: elsewhere less can go wrong. */
function pickWorld(random: Random, worlds: Worlds): World {
  return random.chance(0.85) ? worlds.plain : random.pick(worlds.others)
}

/** A copy of an honest request, and a verifier for its kind. */
function pickRequest({ random, pool, worlds }: Workshop): { world: World; draft: Draft } {
  if (random.chance(0.06)) return { world: worlds.key, draft: copyDraft(random.pick(pool.keyRequests)) }
  return { world: pickWorld(random, worlds), draft: copyDraft(random.pick(pool.requests).draft) }
}

function changedOnTheWay(workshop: Workshop): FuzzCase {
  const { random, pool } = workshop
  const { world, draft } = pickRequest(workshop)
  const changes = 1 + random.below(3)
  for (let change = 0; change < changes; change += 1) {
    const what = random.below(10)
    if (what < 5) mutateHeaders(draft, random, pool)
    if (what === 5 || what === 6) mutateTarget(draft, random)
    if (what === 7) mutateMethod(draft, random)
    if (what === 8) mutateBody(draft, random)
    if (what === 9) mutateSignedField(draft, random)
  }
  return request(world, draft)
}

function changedField(workshop: Workshop): FuzzCase {
  const { world, draft } = pickRequest(workshop)
  mutateSignedField(draft, workshop.random)
  if (workshop.random.chance(0.2)) mutateSignedField(draft, workshop.random)
  return request(world, draft)
}

function changedCredential({ random, pool, worlds }: Workshop): FuzzCase {
  const draft = copyDraft(random.pick(pool.requests).draft)
  mutateCredentials(draft, random, pool)
  return request(pickWorld(random, worlds), draft)
}

function forged({ random, pool, worlds }: Workshop): FuzzCase {
  const draft = forgeRequest(random, pool)
  if (random.chance(0.05)) mutateHeaders(draft, random, pool)
  return request(pickWorld(random, worlds), draft)
}

function honest({ random, pool, worlds }: Workshop): FuzzCase {
  if (random.chance(0.1)) {
    return request(worlds.key, copyDraft(random.pick(pool.keyRequests)), { mustAccept: true })
  }
  const { draft, chain, isByName } = random.pick(pool.requests)
  const copy = copyDraft(draft)
  mutateHarmlessly(copy, random)
  return request(worlds.plain, copy, { mustAccept: chain.isLive && !isByName })
}

function repeated({ random, pool, worlds }: Workshop): FuzzCase {
  const { draft, chain, isByName } = random.pick(pool.requests)
  const mustAccept = chain.isLive && !isByName
  return request(worlds.plain, copyDraft(draft), { isRepeated: true, mustAccept })
}

function changedStatus(
  random: Random,
  worlds: Worlds,
  mutate: (text: string, random: Random) => string,
): StatusCase {
  const answers = answersOf(worlds.publications)
  const [url, text] = random.pick([...answers])
  const [, other] = random.pick([...answers])
  const isJws = mutate === mutateGrammar && random.chance(0.7)
  answers.set(url, isJws ? mutateJws(text, random, other) : mutate(random.chance(0.9) ? text : other, random))
  return { type: 'status', answers }
}

/** One bit of the raw request: method, target, header names and values, body. */
function flippedRequest(workshop: Workshop): FuzzCase {
  const { random } = workshop
  const { world, draft } = pickRequest(workshop)
  const headerBytes = draft.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  let at = random.below(draft.method.length + draft.target.length + headerBytes + draft.body.length)
  if (at < draft.method.length) draft.method = flipBit(draft.method, random)
  at -= draft.method.length
  if (at >= 0 && at < draft.target.length) draft.target = flipBit(draft.target, random)
  at -= draft.target.length
  for (const line of draft.headers) at = flipLine(line, at, random)
  if (at >= 0) flipBody(draft, random)
  return request(world, draft)
}

/** Flips a bit of the line when the position lies in it, and returns the position behind the line. */
function flipLine(line: [name: string, value: string], at: number, random: Random): number {
  const [name, value] = line
  if (at >= 0 && at < name.length) line[0] = flipBit(name, random)
  if (at >= name.length && at < name.length + value.length) line[1] = flipBit(value, random)
  return at - name.length - value.length
}

function flipBody(draft: Draft, random: Random): void {
  draft.body = draft.body.slice()
  flipByte(draft.body, random)
}

function flippedCredential({ random, pool, worlds }: Workshop): FuzzCase {
  const draft = copyDraft(random.pick(pool.requests).draft)
  flipCredential(draft, random)
  return request(pickWorld(random, worlds), draft)
}

function rawRequest({ random, pool, worlds }: Workshop): FuzzCase {
  return request(random.chance(0.9) ? worlds.plain : worlds.key, createRawDraft(random, pool))
}

function replaceAll(_: string, random: Random): string {
  return randomText(random, 2000)
}

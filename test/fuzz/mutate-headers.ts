import { type Draft, dropLines, findLine, setLine } from './draft.ts'
import { mutateGrammar, randomText } from './mutate-text.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'
import { HEADER_NAMES, HEADER_VALUES } from './vocabulary.ts'

type HeaderMutation = (draft: Draft, random: Random, pool: Pool) => void

const SIGNED_FIELDS = [
  'signature-input',
  'signature',
  'signature-key',
  'delegation-chain',
  'content-digest',
  'agent-context',
  'content-type',
] as const
/** Somebody on the way changed the headers. */
export function mutateHeaders(draft: Draft, random: Random, pool: Pool): void {
  random.pickWeighted(MUTATIONS, TOTAL)(draft, random, pool)
}

/** Somebody on the way changed the value of a field that the verifier reads, by one step of its grammar. */
export function mutateSignedField(draft: Draft, random: Random): void {
  const line = findLine(draft, random.pick(SIGNED_FIELDS)) ?? findLine(draft, 'signature-input')
  if (line !== undefined) line[1] = mutateGrammar(line[1], random)
}

const MUTATIONS: readonly (readonly [number, HeaderMutation])[] = [
  [6, (draft, random) => void draft.headers.splice(random.below(draft.headers.length), 1)],
  [5, repeatLine],
  [5, (draft, random) => setLine(draft, random.pick(SIGNED_FIELDS), random.pick(HEADER_VALUES))],
  [6, (draft, random) => setLine(draft, random.pick(HEADER_NAMES), random.pick(HEADER_VALUES))],
  [6, (draft, random) => insertLine(draft, random, [random.pick(HEADER_NAMES), random.pick(HEADER_VALUES)])],
  [3, (draft, random) => insertLine(draft, random, [random.pick(HEADER_NAMES), randomText(random, 300)])],
  [5, takeFromAnother],
  [4, joinWithAnother],
  [3, renameLine],
  [3, editLine],
  [1, swapValues],
  [1, manyLines],
]
const TOTAL = MUTATIONS.reduce((sum, [weight]) => sum + weight, 0)

function insertLine(draft: Draft, random: Random, line: [string, string]): void {
  draft.headers.splice(random.below(draft.headers.length + 1), 0, line)
}

function repeatLine(draft: Draft, random: Random): void {
  const [name, value] = random.pick(draft.headers)
  insertLine(draft, random, [random.chance(0.5) ? name : name.toUpperCase(), value])
}

/** The same header of another honest request. */
function takeFromAnother(draft: Draft, random: Random, pool: Pool): void {
  const name = random.pick(SIGNED_FIELDS)
  const line = findLine(random.pick(pool.requests).draft, name)
  if (line === undefined) dropLines(draft, name)
  else setLine(draft, name, line[1])
  if (random.chance(0.5)) takeSignatureFrom(draft, random.pick(pool.requests).draft, random)
}

function takeSignatureFrom(draft: Draft, other: Draft, random: Random): void {
  for (const name of ['signature', 'signature-input', 'signature-key', 'delegation-chain'] as const) {
    const line = findLine(other, name)
    if (line !== undefined && random.chance(0.75)) setLine(draft, name, line[1])
  }
}

function joinWithAnother(draft: Draft, random: Random, pool: Pool): void {
  const name = random.pick(SIGNED_FIELDS)
  const other = findLine(random.pick(pool.requests).draft, name)?.[1] ?? 'x=1'
  const own = findLine(draft, name)?.[1] ?? ''
  const relabelled = random.chance(0.6)
    ? other.replace(/^[^=]*=/, random.pick(['other=', 'a=', 'sig2=']))
    : other
  setLine(draft, name, random.chance(0.5) ? `${own}, ${relabelled}` : `${relabelled}, ${own}`)
}

function renameLine(draft: Draft, random: Random): void {
  const line = random.pick(draft.headers)
  const [name] = line
  line[0] = random.pick([
    name.replaceAll('-', '_'),
    `${name} `,
    `X-${name}`,
    mutateGrammar(name, random),
    random.pick(HEADER_NAMES),
  ])
}

function editLine(draft: Draft, random: Random): void {
  const line = random.pick(draft.headers)
  line[1] = mutateGrammar(line[1], random)
}

function swapValues(draft: Draft, random: Random): void {
  const one = random.pick(draft.headers)
  const other = random.pick(draft.headers)
  const [, value] = one
  one[1] = other[1]
  other[1] = value
}

function manyLines(draft: Draft, random: Random): void {
  const name = random.pick(['X', 'Cookie', 'Connection', 'X-HTTP-Method-Override'])
  const count = random.pick([10, 100, 130, 1000])
  for (let line = 0; line < count; line += 1)
    draft.headers.push([name, random.pick(HEADER_VALUES).slice(0, 50)])
}

const JUNK: readonly [string, string][] = [
  ['X-Request-Id', '1'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['Accept-Encoding', 'gzip, br'],
  ['User-Agent', 'agent/1.0 (é)'],
]

/** Changes nothing that means anything: the request must still be accepted. */
export function mutateHarmlessly(draft: Draft, random: Random): void {
  for (const line of draft.headers) {
    if (random.chance(0.5)) line[0] = random.pick([line[0].toLowerCase(), line[0].toUpperCase()])
    // HTTP parsers take white space away before a verifier sees it; only the signature fields are read with it.
    const isSigned = /^(?:signature|delegation|agent)/i.test(line[0])
    if (isSigned && random.chance(0.2))
      line[1] = `${random.pick(['', ' ', '\t'])}${line[1]}${random.pick(['', ' \t'])}`
  }
  if (random.chance(0.5)) draft.headers.push(random.pick(JUNK))
  if (random.chance(0.3)) draft.headers.reverse()
}

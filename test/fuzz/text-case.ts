import { findLine } from './draft.ts'
import type { TextCase } from './fuzz-case.ts'
import { mutateJws } from './mutate-credential.ts'
import { issuer } from './parties.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'
import { digestOf } from './sign.ts'
import type { Worlds } from './world.ts'

type Source = (random: Random, pool: Pool, worlds: Worlds) => string

/** Makes a text that one of the parsers nearly accepts. */
export function createTextCase(
  random: Random,
  pool: Pool,
  options: { readonly worlds: Worlds; readonly mutate: (text: string, random: Random) => string },
): TextCase {
  const [parser, source] = random.pick(SOURCES)
  const text = source(random, pool, options.worlds)
  if (COMPACT.has(parser) && random.chance(0.4)) {
    return { type: 'text', parser, text: mutateJws(text, random, source(random, pool, options.worlds)) }
  }
  const once = options.mutate(text, random)
  return { type: 'text', parser, text: random.chance(0.2) ? options.mutate(once, random) : once }
}

const COMPACT: ReadonlySet<string> = new Set(['delegation', 'heartbeat', 'statusList'])
const FIELDS = ['signature-input', 'signature', 'content-digest', 'agent-context', 'signature-key'] as const
const DICTIONARIES = [
  'a=1, b;x=1.5;y="q\\"", c=(1 "a" tok;p);z, d=:AAEC:, e=?0, f=@17, g=%"%c3%bc", *h=-0.5',
  'sha-256=:AAEC:, sha-512=:AA==:;a, unixsum=:AA==:',
]
const ITEMS = [
  '"a\\\\b";x=1',
  'tok/en:x;y',
  '-999999999999999',
  '1.125;a=?1',
  ':AAEC:',
  '@-1',
  '%"%f0%9f%98%80"',
]
const ACCEPT =
  'sig=("@method" "@target-uri" "content-digest");created;expires;nonce;keyid;tag="agent-delegation"'
const ERRORS = ['error=invalid_input;required_input=("@method" "x")', 'error=clock_skew', 'error=cache_miss']
const JSONS = [
  '{"a":[1,-0.0,1e-7,5e0,"\\u00e9\\ud83d\\ude00\\n"],"B":{"c":null,"d":[true,false,{}]},"":""}',
  ' [ 9007199254740991 , -1E+2 , [] , "\\/" ] ',
]

function field(random: Random, pool: Pool): string {
  const { draft } = random.pick(pool.requests)
  return findLine(draft, random.pick(FIELDS))?.[1] ?? random.pick(DICTIONARIES)
}

function payload(random: Random, pool: Pool): string {
  return JSON.stringify(random.pick(random.pick(pool.chains).links).payload)
}

function link(random: Random, pool: Pool): string {
  return random.pick(random.pick(pool.chains).links).jws
}

const SOURCES: readonly (readonly [string, Source])[] = [
  ['dictionary', (random, pool) => (random.chance(0.5) ? field(random, pool) : random.pick(DICTIONARIES))],
  ['list', (random) => random.pick(['1, (2 "b");q, c', '"a", "b"', '((1', ...ITEMS])],
  ['item', (random) => random.pick(ITEMS)],
  ['signatureKey', (random, pool) => findLine(random.pick(pool.requests).draft, 'signature-key')?.[1] ?? ''],
  ['signatureKey', (random, pool) => findLine(random.pick(pool.keyRequests), 'signature-key')?.[1] ?? ''],
  [
    'stringList',
    (random, pool) => findLine(random.pick(pool.requests).draft, 'delegation-chain')?.[1] ?? '"a"',
  ],
  ['acceptSignature', () => ACCEPT],
  ['signatureError', (random) => random.pick(ERRORS)],
  ['contentDigest', (random) => random.pick(DIGESTS)],
  ['json', (random, pool) => (random.chance(0.5) ? payload(random, pool) : random.pick(JSONS))],
  ['jsonBytes', (random) => Buffer.from(random.pick([...JSONS, '{"é😀":"ü"}'])).toString('latin1')],
  ['jwk', () => `{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","x":"${encoded(issuer.publicKey)}"}`],
  ['base64url', (random) => encoded(random.bytes(random.below(70)))],
  ['base64', (random) => Buffer.from(random.bytes(random.below(70))).toString('base64')],
  ['didUrl', () => issuer.kid],
  ['delegation', link],
  ['delegation', link],
  ['delegation', link],
  ['capabilities', capabilities],
  ['heartbeat', (_random, _pool, { publications }) => publications[0]?.heartbeat ?? ''],
  ['statusList', (random, _, { publications }) => random.pick([...(publications[0]?.lists.values() ?? [])])],
]
const DIGESTS = ['sha256', 'sha512'].map((algorithm) =>
  digestOf(new Uint8Array(Buffer.from('{"x":1}')), algorithm === 'sha256' ? 'sha256' : 'sha512'),
)

function capabilities(random: Random, pool: Pool): string {
  const { grant } = random.pick(pool.chains)
  return JSON.stringify(random.chance(0.5) ? grant.root : random.pick(grant.narrower))
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

import { type Draft, findLine } from './draft.ts'
import { flipBit, mutateGrammar } from './mutate-text.ts'
import { issuer } from './parties.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'
import { headerOf } from './sign.ts'

type LinksMutation = (links: string[], random: Random, pool: Pool) => void
type JwsMutation = (parts: string[], random: Random, other: readonly string[]) => void

/** Somebody without a key changed what is presented: links moved, taken from other chains, cut up or rewritten. */
export function mutateCredentials(draft: Draft, random: Random, pool: Pool): void {
  const links = readLinks(draft)
  random.pick(LINKS_MUTATIONS)(links, random, pool)
  writeLinks(draft, links)
}

/** One bit of one credential is another. */
export function flipCredential(draft: Draft, random: Random): void {
  const links = readLinks(draft)
  const at = random.below(links.length)
  links[at] = flipBit(links[at] ?? '', random)
  writeLinks(draft, links)
}

/** A compact JWS of which one part, or what is inside one part, is another; the signature stays. */
export function mutateJws(jws: string, random: Random, other: string): string {
  const parts = jws.split('.')
  random.pick(JWS_MUTATIONS)(parts, random, other.split('.'))
  return parts.join('.')
}

/** The links that a draft presents, root first. */
export function readLinks(draft: Draft): string[] {
  const chain = findLine(draft, 'delegation-chain')?.[1] ?? ''
  const key = findLine(draft, 'signature-key')?.[1] ?? ''
  const [, leaf = ''] = /;jwt="([^"]*)"/.exec(key) ?? []
  return [...[...chain.matchAll(/"([^"]*)"/g)].map(([, link = '']) => link), leaf]
}

function writeLinks(draft: Draft, links: readonly string[]): void {
  const key = findLine(draft, 'signature-key')
  if (key !== undefined) key[1] = key[1].replace(/;jwt="[^"]*"/, () => `;jwt="${links.at(-1) ?? ''}"`)
  const ancestors = links.slice(0, -1).map((link) => `"${link}"`)
  draft.headers = draft.headers.filter(([name]) => name.toLowerCase() !== 'delegation-chain')
  if (ancestors.length > 0) draft.headers.push(['Delegation-Chain', ancestors.join(', ')])
}

const anyLink = (random: Random, pool: Pool): string => random.pick(random.pick(pool.chains).links).jws
const anyPlace = (links: readonly string[], random: Random): number => random.below(links.length)

const LINKS_MUTATIONS: readonly LinksMutation[] = [
  (links, random) => void links.splice(anyPlace(links, random), 1),
  (links, random) => void links.splice(anyPlace(links, random), 0, links[anyPlace(links, random)] ?? ''),
  (links) => void links.reverse(),
  (links, random, pool) => void links.splice(anyPlace(links, random), 0, anyLink(random, pool)),
  (links, random, pool) => void links.splice(anyPlace(links, random), 1, anyLink(random, pool)),
  (links, random, pool) => {
    const { links: others } = random.pick(pool.chains)
    links.splice(0, anyPlace(links, random), ...others.slice(0, random.below(others.length)).map(jwsOf))
  },
  (links, random, pool) => {
    while (links.length < 10) links.unshift(anyLink(random, pool))
  },
  (links, random, pool) => mutateOne(links, random, pool),
  (links, random, pool) => mutateOne(links, random, pool),
  (links, random, pool) => mutateOne(links, random, pool),
]

function jwsOf({ jws }: { readonly jws: string }): string {
  return jws
}

function mutateOne(links: string[], random: Random, pool: Pool): void {
  const at = anyPlace(links, random)
  links[at] = mutateJws(links[at] ?? '', random, anyLink(random, pool))
}

const HEADERS = [
  '{"alg":"none"}',
  '{"alg":"none","typ":"vc+jwt"}',
  '{"alg":"HS256","typ":"vc+jwt"}',
  headerOf(issuer.kid),
  headerOf(issuer.kid, 'behalf-heartbeat+jwt'),
  headerOf(issuer.kid).replace('EdDSA', 'Ed25519'),
  headerOf(issuer.kid).replace('{', '{"jwk":{},'),
  headerOf(issuer.kid).replace('{', '{"crit":["x"],'),
]

const JWS_MUTATIONS: readonly JwsMutation[] = [
  (parts, random, other) => {
    const at = random.below(3)
    parts[at] = other[at] ?? ''
  },
  (parts, random) => void parts.splice(0, 1, encode(random.pick(HEADERS))),
  (parts, random) => rewrite(parts, 0, random),
  (parts, random) => rewrite(parts, 1, random),
  (parts, random) => rewrite(parts, 1, random),
  (parts, random) => void parts.splice(random.below(3), 1, ''),
  (parts, random) => void parts.push(random.pick(['', 'AA', parts[2] ?? ''])),
  (parts) => void parts.splice(2, 1, `${parts[2] ?? ''}=`),
  (parts) => void parts.splice(2, 1, (parts[2] ?? '').slice(0, -1)),
  (parts) => void parts.splice(2, 1, nextSpelling(parts[2] ?? '')),
  (parts, random) => {
    const at = random.below(3)
    parts[at] = flipBit(parts[at] ?? '', random)
  },
]

/** Changes the text inside a part by one step of its grammar. */
function rewrite(parts: string[], at: number, random: Random): void {
  const text = Buffer.from(parts[at] ?? '', 'base64url').toString('latin1')
  parts[at] = encode(mutateGrammar(text, random))
}

function encode(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64url')
}

/** The last character of 64 bytes has bits that mean nothing: another character that decodes the same. */
function nextSpelling(encoded: string): string {
  const next: Readonly<Record<string, string>> = { A: 'B', Q: 'R', g: 'h', w: 'x' }
  return encoded.slice(0, -1) + (next[encoded.at(-1) ?? ''] ?? 'B')
}

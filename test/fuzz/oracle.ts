import type { JsonObject, JsonValue } from '@behalf/core'
import { type Draft, lineValues } from './draft.ts'
import { asObject, asText } from './json.ts'
import { issuer, otherIssuer, revokedAgent } from './parties.ts'
import type { Registry, SignedLink, SignedRequest } from './registry.ts'
import { allows } from './rights.ts'
import { digestOf } from './sign.ts'
import { FIRST_REVOKED, LAST_REVOKED, LIST_SIZES } from './status.ts'
import { must } from './violation.ts'
import type { Verified, World } from './world.ts'

// Everything here is written from the words of the design and reads the accepted request by itself; it shares no code
// with the packages. It is only about what was accepted: each line is something that acceptance implies.

/** What an accepted request must be, on this verifier at this moment. */
export interface Acceptance {
  readonly draft: Draft
  readonly world: World
  readonly registry: Registry
  readonly verified: Verified
}

/**
 * Checks everything that acceptance implies: the signed parts are, byte for byte, what the harness signed, every
 * credential is one that the harness signed, and every link allows the request.
 *
 * @throws Violation
 */
export function judgeAcceptance(acceptance: Acceptance): void {
  const { draft, world, registry, verified } = acceptance
  must(!world.isStale, 'accepted although nothing fresh is known about revocations')
  const signed = registry.request(lineValues(draft, 'signature').join())
  must(signed !== undefined, 'accepted a signature that nobody made')
  judgeSignedParts(draft, signed)
  judgeCoverage(draft, signed)
  judgeParameters(signed, world)
  must(Buffer.from(draft.body).equals(verified.body), 'returned another body than was sent')
  must(verified.agent === signed.signer.did, 'returned another agent than the one that signed')
  if (world.kind === 'key') {
    judgeInlineKey(draft, signed)
    return
  }
  judgeChain(acceptance, signed)
  judgeContext(acceptance)
}

function judgeSignedParts(draft: Draft, signed: SignedRequest): void {
  must(draft.method === signed.method, 'the method is not the one that was signed')
  must(draft.target === signed.target, 'the target is not the one that was signed')
  must(Buffer.from(draft.body).equals(signed.body), 'the body is not the one that was signed')
  const [authority = ''] = [...lineValues(draft, ':authority'), ...lineValues(draft, 'host')]
  const { host, protocol } = new URL(signed.origin)
  const spellings = [host, protocol === 'https:' ? `${host}:443` : host]
  must(spellings.includes(authority.toLowerCase()), 'the host is not the one that was signed')
  for (const [name, values] of signed.fields) {
    const now = lineValues(draft, name)
    must(values.length === 1 && now.length === 1 && now[0] === values[0], `${name} is not what was signed`)
  }
}

function judgeCoverage(draft: Draft, { components }: SignedRequest): void {
  const sent = ['content-type', 'agent-context'].filter((name) => lineValues(draft, name).length > 0)
  const required = ['@method', '@target-uri', 'signature-key', ...sent]
  if (draft.body.length > 0) required.push('content-digest')
  for (const name of required) must(components.includes(name), `${name} is not covered`)
  if (draft.body.length > 0) {
    const digests = lineValues(draft, 'content-digest').join()
    const right = [digestOf(draft.body, 'sha256'), digestOf(draft.body, 'sha512')]
    must(
      right.some((digest) => digests.includes(digest)),
      'the digest is not that of the body',
    )
  }
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
    const others = lineValues(draft, name).filter((value) => value !== draft.method)
    must(others.length === 0, 'a header asks for another method')
  }
}

function judgeParameters({ params, signer }: SignedRequest, world: World): void {
  const read = (name: string, form: string): string => {
    const found = [...params.matchAll(new RegExp(`; *${name}(?:=(?:${form}))?(?=;|$)`, 'g'))]
    must(found.length === 1, `the parameter ${name} is not there once`)
    return found[0]?.[1] ?? ''
  }
  const created = Number(read('created', '([0-9]+)'))
  const expires = Number(read('expires', '([0-9]+)'))
  const seconds = world.now / 1000
  must(created <= seconds + 5, 'signed in the future')
  must(expires > created && expires - created <= 300, 'valid for too long')
  must(seconds <= expires + 30, 'the signature has expired')
  must(/^[A-Za-z0-9_-]{16,256}$/.test(read('nonce', '"([^"\\\\]*)"')), 'the nonce is not one')
  must(read('keyid', '"([^"\\\\]*)"') === signer.kid, 'keyid is not the key that signed')
  const tag = world.kind === 'key' ? 'agent-key' : 'agent-delegation'
  must(read('tag', '"([^"\\\\]*)"') === tag, 'the tag is that of another application')
  must(
    !/; *alg(?=[;=]|$)/.test(params) || read('alg', '"([^"\\\\]*)"') === 'ed25519',
    'the algorithm is another',
  )
}

function judgeInlineKey(draft: Draft, { signer }: SignedRequest): void {
  const x = Buffer.from(signer.publicKey).toString('base64url')
  must(lineValues(draft, 'signature-key').join().includes(`x="${x}"`), 'the inline key is another')
}

function judgeChain({ draft, world, registry, verified }: Acceptance, signed: SignedRequest): void {
  must('chain' in verified, 'returned no chain')
  const links = presentedLinks(draft, registry)
  must(links.length <= 8, 'the chain has too many links')
  must(
    links.map(({ jws }) => jws).join() === verified.chain.links.map(({ jws }) => jws).join(),
    'returned another chain than was presented',
  )
  for (const [index, link] of links.entries()) {
    judgeLink(link, { parent: links[index - 1], world, signed })
  }
  const { issuer: rootIssuer, credentialSubject: subject } = links[0]?.payload ?? {}
  const { onBehalfOf } = asObject(subject)
  must(same({ ...verified.principal, issuer: undefined }, onBehalfOf), 'returned another principal')
  must(verified.principal.issuer === rootIssuer, 'returned another issuer')
  must(subjectOf(links.at(-1)) === signed.signer.did, 'the signer is not the subject of the leaf')
}

function presentedLinks(draft: Draft, registry: Registry): readonly SignedLink[] {
  const strings = (name: string, form: RegExp): string[] =>
    [...lineValues(draft, name).join().matchAll(form)].map(([, text = '']) => text)
  const [name] = strings('signature-key', /=cached;.*cid="([^"]*)"/g)
  if (name !== undefined) {
    const chain = registry.chain(name)
    must(chain !== undefined, 'accepted the name of a chain that nobody signed')
    must(lineValues(draft, 'delegation-chain').length === 0, 'accepted a chain beside the name of one')
    return chain
  }
  const presented = [
    ...strings('delegation-chain', /"([^"]*)"/g),
    ...strings('signature-key', /;[ ]*jwt="([^"]*)"/g),
  ]
  return presented.map((jws) => {
    const link = registry.link(jws)
    must(link !== undefined, 'accepted a credential that nobody signed')
    return link
  })
}

interface LinkPlace {
  readonly parent: SignedLink | undefined
  readonly world: World
  readonly signed: SignedRequest
}

function judgeLink({ payload, signer, digest }: SignedLink, { parent, world, signed }: LinkPlace): void {
  const subject = asObject(payload.credentialSubject)
  const seconds = world.now / 1000
  must(digest !== parent?.digest, 'a link is its own parent')
  must(payload.issuer === signer.did, 'a link is signed by another than its issuer')
  must(Number(payload.nbf) <= seconds + 5 && seconds < Number(payload.exp), 'a link is not in time')
  must(Date.parse(asText(payload.validUntil)) / 1000 === payload.exp, 'a link ends at two times')
  judgeStatus(asObject(payload.credentialStatus), subject)
  must(allows(subject.capabilities, { ...signed, now: world.now }), 'a link does not allow the request')
  if (parent === undefined) {
    must(signer === issuer || signer === otherIssuer, 'the root is from somebody who is not trusted')
    must(subject.parent === undefined, 'the root is a child')
    return
  }
  const above = asObject(parent.payload.credentialSubject)
  must(signer.did === subjectOf(parent), 'a link is signed by another than the agent above')
  must(asObject(subject.parent).digest === parent.digest, 'a link names another parent')
  must(asObject(subject.parent).id === parent.payload.id, 'a link names another parent')
  must(Number(payload.exp) <= Number(parent.payload.exp), 'a link outlives the one above')
  must(Number(payload.nbf) >= Number(parent.payload.nbf), 'a link begins before the one above')
  must(Number(above.maxDelegationDepth ?? 0) > Number(subject.maxDelegationDepth ?? 0), 'the depth grows')
  must(same(subject.onBehalfOf, above.onBehalfOf), 'a link acts for another principal')
  must(same(subject.workflow, above.workflow), 'a link belongs to another workflow')
}

function judgeStatus(entry: JsonObject, subject: JsonObject): void {
  const index = Number(entry.statusListIndex)
  const url = asText(entry.statusListCredential)
  const [, list] = /^https:\/\/(?:authority|other)\.test\/status\/lists\/([12])$/.exec(url) ?? []
  const size = LIST_SIZES[Number(list) - 1]
  must(size !== undefined && index >= 0 && index < size, 'a link names no entry of any list')
  must(index < FIRST_REVOKED || index > LAST_REVOKED, 'a link is revoked')
  must(subject.id !== revokedAgent.did, 'the key of a link is revoked')
}

function judgeContext({ draft, world, verified }: Acceptance): void {
  must('context' in verified, 'returned no context')
  const lines = lineValues(draft, 'agent-context')
  const text = lines.join()
  must((verified.context === undefined) === (lines.length === 0), 'returned another context')
  for (const name of ['run', 'model', 'tool', 'call'] as const) {
    const [, spelled] = new RegExp(`(?:^|,)[ \\t]*${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(text) ?? []
    const said = spelled?.replaceAll(/\\(.)/g, '$1')
    if (said !== undefined) must(verified.context?.[name] === said, 'returned another context')
    must(said !== undefined || !world.requiredContext.includes(name), 'a required member is absent')
  }
  const run = verified.workflow?.run
  const said = verified.context?.run
  must(run === undefined || said === undefined || run === said, 'the run is another')
}

function subjectOf(link: SignedLink | undefined): JsonValue | undefined {
  return asObject(link?.payload.credentialSubject).id
}

/** Whether two flat objects have the same members, undefined ones aside. */
function same(one: unknown, other: unknown): boolean {
  return spell(one) === spell(other)
}

function spell(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return JSON.stringify(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}

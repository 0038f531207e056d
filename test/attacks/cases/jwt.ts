import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeBase64url } from '@behalf/core'
import { expect } from 'vitest'
import { type CaseGroup, http, invariant, own } from '../support/attack-case.ts'
import { createChain, encodeText, grant, ITEMS, type LinkChanges, NOW, signJws } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import type { Api } from '../support/lab.ts'
import { agentC, issuer, otherIssuer, stranger } from '../support/party.ts'
import { addLines, baseline, changeLine, dropLines, sign } from '../support/request.ts'
import { createStatusFeed, signHonestList } from '../support/status-feed.ts'
import type { Answer } from '../support/wire.ts'

/** The same defect in each link of the chain in turn, every other link being honest. */
function anyLink(change: LinkChanges): (api: Api) => Promise<readonly Answer[]> {
  return async (api) => {
    const answers: Answer[] = []
    for (const position of [0, 1, 2]) {
      const chain = await createChain([0, 1, 2].map((index) => (index === position ? change : {})))
      answers.push(await api.sendSigned(baseline({ chain })))
    }
    return answers
  }
}

const inAnyLink = (change: LinkChanges) => http(anyLink(change))
const inLeaf = (change: LinkChanges) =>
  http(async (api) => api.sendSigned(baseline({ chain: await createChain([{}, {}, change]) })))
const inRoot = (change: LinkChanges) =>
  http(async (api) => api.sendSigned(baseline({ chain: await createChain([change, {}, {}]) })))

const PEM = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(issuer.publicKey).toString('base64')}\n-----END PUBLIC KEY-----\n`

/** The link with another header and an HMAC in the place of the signature. */
function withHmac(secret: string): LinkChanges {
  return {
    jws: (text) => {
      const input = `${encodeText(JSON.stringify({ alg: 'HS256', kid: issuer.kid, typ: 'vc+jwt' }))}.${text.split('.')[1] ?? ''}`
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    },
  }
}

/** A header that names keys elsewhere; nobody may have asked for them. */
async function temptToFetch(
  api: Api,
  header: (url: string) => Readonly<Record<string, unknown>>,
): Promise<readonly Answer[]> {
  let connections = 0
  const canary = createServer((_request, response) => response.end('{}')).on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', () => resolve()))
  const { port } = canary.address() as AddressInfo
  const asked = api.world.feed.asked.length
  try {
    const answers = await anyLink({ header: header(`http://127.0.0.1:${port}/keys`) })(api)
    expect(connections).toBe(0)
    expect(api.world.feed.asked.length).toBe(asked)
    return answers
  } finally {
    canary.close()
  }
}

/** The leaf replaced by any text. */
async function presentLeaf(api: Api, jwt: string): Promise<Answer> {
  return api.sendSigned(changeLine(baseline(), 'Signature-Key', () => `sig=jwt;jwt="${jwt}"`))
}

/** Time moves past the end of the chain after it was accepted. */
async function outlive(api: Api, milliseconds: number): Promise<Answer> {
  expectAnswer(await api.sendSigned(baseline()), 'ok')
  api.world.now += milliseconds
  await api.world.refresh()
  return api.sendSigned(baseline({ created: api.world.now / 1000 }))
}

const atLocations = (...locations: readonly string[]) =>
  http(async (api) =>
    api.sendSigned(baseline({ chain: await grant({ ...ITEMS, locations: [...locations] }) })),
  )

/** Credential as VC-JOSE JWT. */
export const jwt: CaseGroup = {
  name: 'Credential as VC-JOSE JWT',
  catalogue: {
    'JW-001': inAnyLink({ header: { alg: 'none' }, jws: (text) => text.replace(/[^.]*$/, '') }),
    'JW-003': inAnyLink(withHmac(PEM)),
    'JW-004': inAnyLink(withHmac(`\n${PEM}`)),
    'JW-006': inAnyLink(withHmac('')),
    'JW-007': inAnyLink({ header: { alg: 'RS256' } }),
    'JW-009': http((api) => temptToFetch(api, (jku) => ({ jku }))),
    'JW-010': http(async (api) => [
      ...(await temptToFetch(api, (x5u) => ({ x5u }))),
      ...(await temptToFetch(api, () => ({ x5u: 'http://169.254.169.254/latest' }))),
      ...(await temptToFetch(api, () => ({ x5c: [Buffer.from('a certificate').toString('base64')] }))),
    ]),
    'JW-012': inAnyLink({ header: { b64: false, crit: ['b64'] } }),
    'JW-013': http(async (api) => {
      const [, , leaf = ''] = await createChain()
      const [, payload, signature] = leaf.split('.')
      const flattened = JSON.stringify({ payload, header: { alg: 'EdDSA' }, signature })
      return presentLeaf(api, flattened.replaceAll('"', '\\"'))
    }),
    'JW-015': http(async (api) => [
      ...(await anyLink({ header: { kid: '../../dev/null' } })(api)),
      ...(await anyLink({ header: { kid: "' OR 1=1 --" } })(api)),
    ]),
    'JW-016': http(async (api) => {
      const feed = createStatusFeed()
      const list = await signHonestList(issuer, { bits: new Uint8Array(16_384), now: NOW, version: 1 })
      await feed.publish(NOW)
      const heartbeat = await (await feed.fetch('https://authority.test/status/heartbeat')).text()
      return [
        ...(await anyLink({ header: { typ: 'at+jwt' } })(api)),
        ...(await anyLink({ header: { typ: undefined } })(api)),
        await presentLeaf(api, list),
        await presentLeaf(api, heartbeat),
      ]
    }),
    'JW-018': http(async (api) => [
      ...(await anyLink({ claims: { exp: undefined } })(api)),
      ...(await anyLink({ claims: { validUntil: undefined } })(api)),
      ...(await anyLink({ claims: { exp: undefined, validUntil: undefined } })(api)),
    ]),
    'JW-019': inAnyLink({ claims: { exp: '9999999999' } }),
    'JW-021': inAnyLink({ claims: { exp: NOW / 1000 + 86_400 } }),
    'JW-022': http(async (api) => [
      await api.sendSigned(
        baseline({ chain: await createChain([{ claims: { issuer: stranger.did } }, {}, {}]) }),
      ),
      await api.sendSigned(
        baseline({ chain: await createChain([{}, {}, { claims: { issuer: issuer.did } }]) }),
      ),
    ]),
    'JW-024': http(async (api) => [
      ...(await anyLink({ jws: (text) => text.replace(/\.([^.]+)\./, '.$1=.') })(api)),
      ...(await anyLink({ jws: (text) => text.replace(/\.([^.]+)\./, '. $1.') })(api)),
      ...(await anyLink({ jws: (text) => `${text}=` })(api)),
    ]),
    'JW-025': inAnyLink({ jws: (text) => `${text}.AAAA` }),
    'JW-027': invariant(async (api) => {
      // Same ids, same length, same bytes for more than a thousand characters: only the end differs.
      const narrow = await createChain([{}, {}, { subject: { purpose: 'a' } }])
      const other = await createChain([{}, {}, { subject: { purpose: 'b', capabilities: [] } }])
      const forged = narrow.with(2, `${(narrow[2] ?? '').slice(0, -8)}AAAAAAAA`)
      expectAnswer(await api.sendSigned(baseline({ chain: narrow })), 'ok')
      expectAnswer(await api.sendSigned(baseline({ chain: forged })), 'credential_signature_invalid')
      expectAnswer(await api.sendSigned(baseline({ chain: other })), 'scope_exceeded')
      expectAnswer(await api.sendSigned(baseline({ chain: narrow })), 'ok')
    }),
    'JW-028': http(async (api) => outlive(await api.open({}), 606_000)),
    'JW-030': inLeaf({ claims: { aud: `https://api.test/${'a'.repeat(4000)}` } }),
    'JW-031': inLeaf({ claims: { aud: ['https://api.test', 'https://other.test'] } }),
    'JW-033': atLocations('https://api.test/'),
    'JW-034': inLeaf({ terms: { subject: stranger.did } }),
  },
  own: {
    'JW-own-1': own(
      'header_too_large',
      'An audience of 50,000 characters',
      inLeaf({ claims: { aud: 'a'.repeat(50_000) } }),
    ),
    'JW-own-2': own(
      'credential_too_large',
      'A delegation above the cap, on a server that takes long headers',
      http(async (api) => {
        const roomy = await api.open({ server: { maxHeaderSize: 65_536 } })
        const chain = await createChain([{}, {}, { subject: { purpose: 'a'.repeat(9000) } }])
        return roomy.sendSigned(baseline({ chain }))
      }),
    ),
    'JW-own-3': own('audience_mismatch', 'Delegated for another port', atLocations('https://api.test:8443')),
    'JW-own-4': own(
      'audience_mismatch',
      'Delegated for a host that begins like ours',
      atLocations('https://api.test.evil.test', 'https://api.tes'),
    ),
    'JW-own-5': own(
      'audience_mismatch',
      'Delegated for our host in capitals',
      atLocations('https://API.test'),
    ),
    'JW-own-6': own('audience_mismatch', 'Delegated for plain http', atLocations('http://api.test')),
    'JW-own-7': own('ok', 'The newer name of the algorithm', inAnyLink({ header: { alg: 'Ed25519' } })),
    'JW-own-8': own(
      'algorithm_unsupported',
      'Names that are nearly ours',
      http(async (api) => {
        const answers: Answer[] = []
        for (const alg of [
          'eddsa',
          'ED25519',
          'Ed448',
          'ES256',
          'HS256',
          '',
          'constructor',
          ['EdDSA'],
          null,
          undefined,
        ]) {
          answers.push(...(await anyLink({ header: { alg } })(api)))
        }
        return answers
      }),
    ),
    'JW-own-9': own(
      'credential_malformed',
      'A critical extension nobody knows',
      inAnyLink({ header: { crit: ['exp'], exp: 0 } }),
    ),
    'JW-own-10': own(
      'issuer_untrusted',
      'A header that brings its key',
      inAnyLink({ header: { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } } }),
    ),
    'JW-own-11': own(
      'credential_malformed',
      'A member that nobody has defined',
      inAnyLink({ claims: { scope: 'admin' } }),
    ),
    'JW-own-12': own(
      'credential_malformed',
      'A member that nobody has defined, in the subject',
      inAnyLink({ subject: { admin: true } }),
    ),
    'JW-own-13': own(
      'format_mismatch',
      'jti, nbf or sub disagree with the credential',
      http(async (api) => [
        ...(await anyLink({ claims: { jti: 'urn:uuid:00000000-0000-4000-8000-00000000000f' } })(api)),
        ...(await anyLink({ claims: { nbf: 0 } })(api)),
        ...(await anyLink({ claims: { sub: stranger.did } })(api)),
        ...(await anyLink({ claims: { iss: stranger.did } })(api)),
      ]),
    ),
    'JW-own-14': own(
      'issuer_mismatch',
      'A key identifier of somebody else',
      inAnyLink({ header: { kid: stranger.kid } }),
    ),
    'JW-own-15': own(
      'credential_expired',
      'Expired by more than the tolerance',
      inAnyLink({ terms: { validUntil: NOW - 6000 } }),
    ),
    'JW-own-16': own(
      'issuer_untrusted',
      'A root by an issuer that nobody here trusts',
      inRoot({ terms: { issuer: otherIssuer.did }, signer: otherIssuer }),
    ),
    'JW-own-17': own(
      'credential_signature_invalid',
      'A root in the name of the trusted issuer',
      inRoot({ signer: stranger, header: { kid: issuer.kid } }),
    ),
    'JW-own-18': own(
      'credential_malformed',
      'Nothing, and nothing between dots',
      http(async (api) => {
        const answers: Answer[] = []
        for (const text of [
          '.',
          '..',
          'a.b.c',
          `${encodeText('{}')}.`,
          encodeBase64url(new Uint8Array(3000)),
        ]) {
          answers.push(await presentLeaf(api, text))
        }
        return answers
      }),
    ),
    'JW-own-19': own(
      'credential_signature_invalid',
      'Signature of one link under the payload of another',
      http(async (api) => {
        const [root = '', middle = '', leaf = ''] = await createChain()
        const spliced = `${leaf.slice(0, leaf.lastIndexOf('.'))}${middle.slice(middle.lastIndexOf('.'))}`
        return api.sendSigned(baseline({ chain: [root, middle, spliced] }))
      }),
    ),
    'JW-own-20': own(
      'credential_malformed',
      'Payload or header that is no object',
      http(async (api) => {
        const header = JSON.stringify({ alg: 'EdDSA', kid: agentC.kid, typ: 'vc+jwt' })
        const answers: Answer[] = []
        for (const text of ['[]', '"text"', 'null', '1', ''])
          answers.push(await presentLeaf(api, await signJws(header, text, agentC)))
        return answers
      }),
    ),
    'JW-own-21': own(
      'credential_malformed',
      'The delegation in quotes inside quotes',
      http(async (api) => {
        const request = await sign(
          addLines(dropLines(baseline(), 'Signature-Key'), ['Signature-Key', 'sig=jwt;jwt=token']),
        )
        return api.send(request)
      }),
    ),
  },
}

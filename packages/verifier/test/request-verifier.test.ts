import { decodeBase64url, digestSha256, encodeUtf8, type JsonObject, verifyEd25519 } from '@behalf/core'
import { createContentDigest, KEY_TAG, serializeSignatureKey } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { createMemoryReplayStore, type IncomingRequest, VerifierError } from '../src/index.ts'
import { agentA, agentB, agentC, issuer, otherIssuer, stranger } from './support/agents.ts'
import {
  addLines,
  dropLine,
  freshNonce,
  makeRequest,
  type RequestChanges,
  replaceLine,
} from './support/b0.ts'
import { ITEMS, type LinkTerms, makeChain, NOW } from './support/chain.ts'
import { codeOf, makeList, makeStatusSource, makeWorld, refusalOf, type World } from './support/world.ts'

const chain = await makeChain()
const b0 = (changes: RequestChanges = {}): Promise<IncomingRequest> => makeRequest(chain, changes)

/** The code for a chain with other terms, signed by agent C as always. */
async function codeOfChain(...terms: LinkTerms[]): Promise<string> {
  return codeOf(await makeRequest(await makeChain(terms)))
}

/** Paths of the objects below a value that somebody could change; bytes cannot be frozen. */
function changeableParts(value: unknown, path = 'verified'): readonly string[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  const below = Object.entries(value).flatMap(([name, member]) => changeableParts(member, `${path}.${name}`))
  return Object.isFrozen(value) ? below : [path, ...below]
}

describe('the baseline request', () => {
  test('is accepted and says who acts on whose behalf, and why that is allowed', async () => {
    const { verifier } = makeWorld()
    const request = await makeRequest(chain, { headers: [['Agent-Context', 'run="run-42", model="m"']] })
    const { chain: verifiedChain, ...verified } = await verifier.verify(request)
    expect(verified).toEqual({
      principal: { issuer: issuer.did, id: 'person-7', tenant: 'acme' },
      agent: agentC.did,
      capability: ITEMS,
      approval: { method: 'operator', digest: digestSha256('evidence') },
      context: { run: 'run-42', model: 'm' },
      workflow: { id: 'triage', run: 'run-42' },
      requestId: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      account: undefined,
      body: request.body,
      answerHeaders: [],
    })
    expect(verifiedChain.links.map(({ jws }) => jws)).toEqual(chain)
  })

  test('gives a result that nobody can change', async () => {
    const { verifier } = makeWorld()
    const request = (): Promise<IncomingRequest> => b0({ headers: [['Agent-Context', 'run="run-42"']] })
    for (const verified of [await verifier.verify(await request()), await verifier.verify(await request())]) {
      expect(changeableParts(verified)).toEqual([])
      expect(() => Object.assign(verified, { agent: stranger.did })).toThrow(TypeError)
    }
  })

  test('keeps the request id that an adapter gave to it', async () => {
    const verified = await makeWorld().verifier.verify({ ...(await b0()), requestId: 'given' })
    expect(verified.requestId).toBe('given')
  })

  test('may read its body late', async () => {
    const request = await b0()
    const body = (): Promise<Uint8Array> => Promise.resolve(encodeUtf8('{"x":1}'))
    expect(await codeOf({ ...request, body })).toBe('ok')
  })

  test('may be a GET without a body, with a chain of one', async () => {
    const links = await makeChain([{ subject: agentC.did }])
    const request = await makeRequest(links, { method: 'GET', target: '/v1/items/7', body: '' })
    expect(await codeOf(request)).toBe('ok')
  })

  test('may carry headers that say nothing to us, a second signature of somebody else, and OWS', async () => {
    const request = addLines(await b0(), ['__proto__', 'x'], ['x-a', '  1  '])
    expect(await codeOf(request)).toBe('ok')
  })
})

describe('framing, headers and target', () => {
  test.each<[string, (request: IncomingRequest) => IncomingRequest, string]>([
    [
      'too many headers',
      (r) => addLines(r, ...Array.from({ length: 200 }, () => ['x', 'y'] as const)),
      'header_too_large',
    ],
    ['both ends of the body', (r) => addLines(r, ['Transfer-Encoding', 'chunked']), 'request_malformed'],
    ['a body longer than announced', (r) => replaceLine(r, 'content-length', '6'), 'request_malformed'],
    ['a body above the cap', (r) => replaceLine(r, 'content-length', '1048577'), 'request_too_large'],
    ['two hosts', (r) => addLines(r, ['Host', 'evil']), 'header_ambiguous'],
    ['two delegation headers', (r) => addLines(r, ['Delegation-Chain', '"x"']), 'header_ambiguous'],
    ['an alias', (r) => addLines(r, ['delegation_chain', '"x"']), 'header_ambiguous'],
    ['another :authority', (r) => addLines(r, [':authority', 'evil']), 'header_ambiguous'],
    ['Signature-Input on two lines', (r) => addLines(r, ['Signature-Input', 'a=()']), 'signature_ambiguous'],
    ['another host', (r) => replaceLine(r, 'host', 'other.test'), 'target_mismatch'],
    ['dot segments', (r) => ({ ...r, target: '/v1/public/../items' }), 'target_ambiguous'],
  ])('%s', async (_title, change, code) => {
    expect(await codeOf(change(await b0()))).toBe(code)
  })

  test.each(['API.TEST', 'api.test:443'])('the host may be spelled %s', async (host) => {
    expect(await codeOf(replaceLine(await b0(), 'host', host))).toBe('ok')
  })

  test('the body is read only once the headers are in order', async () => {
    let reads = 0
    const body = (): Promise<Uint8Array> => {
      reads += 1
      return Promise.resolve(new Uint8Array(7))
    }
    await codeOf({ ...addLines(await b0(), ['Host', 'evil']), body })
    expect(reads).toBe(0)
    await codeOf({ ...(await b0()), body })
    expect(reads).toBe(1)
  })

  test('a body reader that breaks is our own fault', async () => {
    const world = makeWorld()
    const body = (): Promise<Uint8Array> => Promise.reject(new Error('broken'))
    expect(await codeOf({ ...(await b0()), body }, world)).toBe('internal_error')
    expect(world.faults.map(({ code }) => code)).toEqual(['internal_error'])
  })

  test('limits of the options are obeyed', async () => {
    expect(await codeOf(await b0(), makeWorld({ maxBodyBytes: 6 }))).toBe('request_too_large')
    expect(await codeOf(await b0(), makeWorld({ maxHeaderBytes: 100 }))).toBe('header_too_large')
  })
})

describe('the signature', () => {
  test('must be there', async () => {
    const request = dropLine(dropLine(await b0(), 'signature'), 'signature-input')
    expect(await codeOf(request)).toBe('signature_missing')
    expect(await codeOf(dropLine(await b0(), 'signature-input'))).toBe('signature_malformed')
  })

  test.each<[string, RequestChanges, string]>([
    [
      'without @method',
      { components: ['@target-uri', 'content-type', 'content-digest', 'signature-key'] },
      'component_missing',
    ],
    [
      'without the delegation',
      { components: ['@method', '@target-uri', 'content-type', 'content-digest'] },
      'component_missing',
    ],
    [
      'without the digest',
      { components: ['@method', '@target-uri', 'content-type', 'signature-key'] },
      'component_missing',
    ],
    ['over a component outside the profile', { components: ['@request-target'] }, 'component_unsupported'],
    ['of another application', { tag: 'web-bot-auth' }, 'tag_mismatch'],
    ['of a bare key', { tag: KEY_TAG }, 'tag_mismatch'],
    ['with a bare DID as keyid', { keyid: agentC.did }, 'key_invalid'],
    ['with a keyid that needs the network', { keyid: 'did:web:a.test#1' }, 'keyid_unsupported'],
    ['that lasts too long', { expires: NOW / 1000 + 301 }, 'signature_window_too_long'],
    ['that expired', { created: NOW / 1000 - 91, expires: NOW / 1000 - 31 }, 'signature_expired'],
    ['that expired just within the tolerance', { created: NOW / 1000 - 40, expires: NOW / 1000 - 30 }, 'ok'],
    ['from the future', { created: NOW / 1000 + 6, expires: NOW / 1000 + 66 }, 'signature_not_yet_valid'],
  ])('%s', async (_title, changes, code) => {
    expect(await codeOf(await b0(changes))).toBe(code)
  })

  test('must cover what a proxy may not drop', async () => {
    expect(await codeOf(addLines(await b0(), ['Connection', 'close, Content-Digest']))).toBe(
      'component_missing',
    )
  })

  test('names what is missing', async () => {
    const { verifier } = makeWorld()
    const refusal = await refusalOf(verifier.verify(await b0({ components: ['@method'] })))
    expect(refusal.missing).toEqual(['@target-uri', 'signature-key', 'content-digest', 'content-type'])
  })

  test('never names a component that the peer made up', async () => {
    const { verifier } = makeWorld()
    const covered = ['@method', '@target-uri', 'content-type', 'content-digest', 'signature-key', 'x-a']
    const request = dropLine(await b0({ components: covered, headers: [['X-A', '1']] }), 'x-a')
    expect(await refusalOf(verifier.verify(request))).toMatchObject({
      code: 'component_missing',
      missing: [],
    })
  })

  test.each<[string, Partial<IncomingRequest>]>([
    ['method', { method: 'PUT' }],
    ['HEAD for GET', { method: 'HEAD' }],
    ['path', { target: '/v1/items/8?b=2&a=1' }],
    ['query', { target: '/v1/items?b=2&a=1&admin=1' }],
    ['spelling of the query', { target: '/v1/items?b=2&a=%31' }],
  ])('holds the %s', async (_title, change) => {
    expect(await codeOf({ ...(await b0()), ...change })).toBe('signature_invalid')
  })

  test('holds the content type and the delegation', async () => {
    expect(await codeOf(replaceLine(await b0(), 'content-type', 'text/plain'))).toBe('signature_invalid')
    const wide = await makeChain([{}, {}, { purpose: 'another' }])
    const other = await makeRequest(wide)
    const line = other.headers.find(([name]) => name === 'Signature-Key')?.[1] ?? ''
    expect(await codeOf(replaceLine(await b0(), 'signature-key', line))).toBe('signature_invalid')
  })

  test('must be made by the holder of the leaf', async () => {
    expect(await codeOf(await b0({ signer: agentB }))).toBe('key_mismatch')
    expect(await codeOf(await b0({ signer: stranger, keyid: agentC.kid }))).toBe('signature_invalid')
  })
})

describe('the body', () => {
  test('must be the one digested', async () => {
    const request = await b0()
    expect(await codeOf({ ...request, body: encodeUtf8('{"x":2}') })).toBe('digest_mismatch')
    expect(await codeOf(await b0({ without: ['content-digest'] }))).toBe('digest_missing')
    const weak = await b0({
      without: ['content-digest'],
      headers: [['Content-Digest', 'md5=:AAAAAAAAAAAAAAAAAAAAAA==:']],
    })
    expect(await codeOf(weak)).toBe('digest_unsupported')
  })

  test('may not be empty when another was digested', async () => {
    const digest = createContentDigest(encodeUtf8('x'))
    const request = await b0({ body: '', headers: [['Content-Digest', digest]] })
    expect(await codeOf(request)).toBe('digest_mismatch')
  })

  test('of a GET is digested as well', async () => {
    const links = await makeChain([{ subject: agentC.did }])
    const request = await makeRequest(links, {
      method: 'GET',
      target: '/v1/items',
      without: ['content-digest'],
    })
    expect(await codeOf(request)).toBe('digest_missing')
  })

  test('may say one thing twice: bytes are bytes without a constraint', async () => {
    expect(await codeOf(await b0({ body: '{"amount":1,"amount":9999}' }))).toBe('ok')
  })
})

describe('what is presented', () => {
  test('must be a delegation, not a bare key', async () => {
    const key = serializeSignatureKey('sig', { scheme: 'hwk', publicKey: agentC.signer.publicKey })
    const refusal = await refusalOf(makeWorld().verifier.verify(await b0({ signatureKey: key })))
    expect(refusal).toMatchObject({ code: 'credential_missing', signatureError: 'unsupported_scheme' })
    expect(await codeOf(await b0({ signatureKey: 'sig=jwks_uri;id="https://a.test"' }))).toBe(
      'credential_missing',
    )
  })

  test('may be a reference, to a chain that is held', async () => {
    const signatureKey = 'sig=cached;cid="abc"'
    expect(await codeOf(await b0({ signatureKey, without: ['delegation-chain'] }))).toBe('cache_miss')
    expect(await codeOf(await b0({ signatureKey }))).toBe('request_malformed')
    const expired = {
      signatureKey,
      without: ['delegation-chain'],
      created: NOW / 1000 - 91,
      expires: NOW / 1000 - 31,
    }
    expect(await codeOf(await b0(expired))).toBe('signature_expired')
  })

  test('must be in form', async () => {
    expect(await codeOf(await makeRequest([...chain.slice(0, 2), 'a.b.c.d']))).toBe('credential_malformed')
    expect(
      await codeOf(await b0({ without: ['delegation-chain'], headers: [['Delegation-Chain', 'x=1;']] })),
    ).toBe('credential_malformed')
    expect(await codeOf(await makeRequest(Array.from({ length: 9 }, () => chain[0] ?? '')))).toBe(
      'chain_too_deep',
    )
    expect(await codeOf(await makeRequest([...chain.slice(0, 2), `${'x'.repeat(12_000)}`]))).toBe(
      'credential_too_large',
    )
  })

  test('must be complete and in order', async () => {
    const [root = '', middle = '', leaf = ''] = chain
    expect(await codeOf(await makeRequest([root, leaf]))).toBe('chain_broken')
    expect(await codeOf(await makeRequest([root, middle, middle]))).toBe('key_mismatch')
    expect(await codeOf(await makeRequest([root, root, middle, leaf]))).toBe('chain_cycle')
  })

  test('is read again when an agent shows other ancestors than before', async () => {
    const [root = '', middle = '', leaf = ''] = chain
    const { verifier } = makeWorld()
    for (let times = 0; times < 2; times += 1) await verifier.verify(await makeRequest([root, middle, leaf]))
    for (const other of [
      [root, leaf],
      [middle, root, leaf],
    ]) {
      await expect(verifier.verify(await makeRequest(other))).rejects.toThrow(VerifierError)
    }
    await verifier.verify(await makeRequest([root, middle, leaf]))
  })
})

describe('the chain', () => {
  test.each<[string, LinkTerms[], string]>([
    ['of an untrusted issuer', [{ signer: otherIssuer }, {}, {}], 'issuer_untrusted'],
    ['that an agent began', [{ signer: stranger }, {}, {}], 'issuer_untrusted'],
    [
      'with an expired link',
      [{}, { validUntil: NOW - 6000 }, { validUntil: NOW - 6000 }],
      'credential_expired',
    ],
    ['with a link of tomorrow', [{}, {}, { validFrom: NOW + 60_000 }], 'credential_not_yet_valid'],
    [
      'with a link signed by somebody else',
      [{}, { signer: stranger, issuer: stranger.did }, {}],
      'chain_broken',
    ],
    [
      'with a forged proof',
      [{}, { signer: { ...agentA, signer: stranger.signer } }, {}],
      'credential_signature_invalid',
    ],
    ['whose parent forbids it', [{}, { maxDelegationDepth: 0 }, {}], 'delegation_not_permitted'],
    [
      'whose child is wider',
      [{}, {}, { capabilities: [{ ...ITEMS, actions: ['DELETE'] }] }],
      'attenuation_violation',
    ],
    ['whose child changes the principal', [{}, {}, { onBehalfOf: { id: 'person-8' } }], 'chain_broken'],
    ['without rights', [{}, {}, { capabilities: [] }], 'scope_exceeded'],
  ])('%s', async (_title, terms, code) => {
    expect(await codeOfChain(...terms)).toBe(code)
  })

  test('is read strictly', async () => {
    const tamper = (payload: JsonObject): JsonObject => ({ ...payload, sub: agentA.did })
    expect(await codeOfChain({}, {}, { tamper })).toBe('format_mismatch')
  })

  test('of an issuer that was distrusted at run time is refused', async () => {
    const world = makeWorld()
    expect(await codeOf(await b0(), world)).toBe('ok')
    world.verifier.distrustIssuer(issuer.did)
    expect(await codeOf(await b0(), world)).toBe('issuer_untrusted')
  })

  test('may come from an issuer whose keys come from elsewhere', async () => {
    const keys = { trustedIssuers: [otherIssuer.did], issuerKeys: () => otherIssuer.signer.publicKey }
    const request = await makeRequest(await makeChain([{ signer: otherIssuer }, {}, {}]))
    const wrongList = await codeOf(request, makeWorld({ ...keys, statusSource: makeStatusSource(undefined) }))
    expect(wrongList).toBe('status_invalid')
    expect(await codeOf(await b0(), makeWorld(keys))).toBe('issuer_untrusted')
  })
})

describe('before the signature of the request verified', () => {
  test('an untrusted issuer gets one answer, whatever else is wrong with its chain', async () => {
    const untrusted: LinkTerms[][] = [
      [{ signer: otherIssuer }, {}, {}],
      [{ signer: otherIssuer, validUntil: NOW - 30_000 }, {}, {}],
      [{ signer: otherIssuer }, { maxDelegationDepth: 0 }, {}],
    ]
    const { verifier } = makeWorld()
    for (const terms of untrusted) {
      const request = await makeRequest(await makeChain(terms), { signer: stranger })
      const refusal = await refusalOf(verifier.verify(request))
      const answer = verifier.refuse(refusal, 'id')
      expect([refusal.code, refusal.link, refusal.field]).toEqual(['issuer_untrusted', undefined, undefined])
      expect(answer).toEqual(verifier.refuse(await refusalOf(verifier.verify(request)), 'id'))
    }
  })

  test('nothing about a credential is told; afterwards the link is', async () => {
    const tamper = (payload: JsonObject): JsonObject => ({ ...payload, nbf: 'x' })
    const malformed = await makeRequest(await makeChain([{}, {}, { tamper }]))
    const { verifier } = makeWorld()
    const early = await refusalOf(verifier.verify(malformed))
    expect([early.link, early.field]).toEqual([undefined, undefined])
    const expired = await makeRequest(await makeChain([{}, {}, { validFrom: NOW + 60_000 }]))
    expect(await refusalOf(verifier.verify(expired))).toMatchObject({
      code: 'credential_not_yet_valid',
      link: 2,
    })
  })

  test('a stolen delegation tells a thief neither its time nor its status', async () => {
    const stolen = await makeRequest(await makeChain([{}, {}, { validFrom: NOW + 60_000 }]), {
      signer: stranger,
    })
    expect(await codeOf(stolen)).toBe('key_mismatch')
    const world = makeWorld({ statusSource: makeStatusSource(await makeList([102])) })
    expect(await codeOf(await b0({ signer: stranger, keyid: agentC.kid }), world)).toBe('signature_invalid')
  })

  test('no nonce is burned', async () => {
    const world = makeWorld()
    const nonce = freshNonce()
    expect(await codeOf(await b0({ nonce, signer: stranger, keyid: agentC.kid }), world)).toBe(
      'signature_invalid',
    )
    expect(await codeOf(await b0({ nonce }), world)).toBe('ok')
  })
})

describe('status', () => {
  const withStatus = async (revoked: number[], keys: string[] = []): Promise<World> =>
    makeWorld({ statusSource: makeStatusSource(await makeList(revoked), keys) })

  test.each([
    [0, 100],
    [1, 101],
    [2, 102],
  ])('link %i is refused when it is revoked', async (link, index) => {
    const { verifier } = await withStatus([index])
    expect(await refusalOf(verifier.verify(await b0()))).toMatchObject({ code: 'credential_revoked', link })
  })

  test('other entries do not matter', async () => {
    expect(await codeOf(await b0(), await withStatus([99, 103, 0, 7]))).toBe('ok')
  })

  test.each([
    ['the signer', agentC.did],
    ['a delegator', agentA.did],
  ])('a revoked key of %s refuses', async (_title, did) => {
    expect(await codeOf(await b0(), await withStatus([], [did]))).toBe('key_revoked')
    expect(await codeOf(await b0(), await withStatus([101], [did])), 'keys come before lists').toBe(
      'key_revoked',
    )
  })

  test('a revoked key of somebody else does not', async () => {
    expect(await codeOf(await b0(), await withStatus([], [stranger.did]))).toBe('ok')
  })

  test('a list that the issuer does not keep refuses', async () => {
    const foreign = {
      id: 'https://evil.test/1#1',
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: '1',
      statusListCredential: 'https://evil.test/1',
    } as const
    const request = await makeRequest(await makeChain([{}, {}, { status: foreign }]))
    expect(await codeOf(request)).toBe('status_invalid')
  })

  test('an index outside the list refuses', async () => {
    const status = {
      id: 'urn:x',
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: '131072',
      statusListCredential: 'https://authority.test/status/lists/1',
    } as const
    expect(await codeOf(await makeRequest(await makeChain([{}, {}, { status }])))).toBe(
      'status_index_invalid',
    )
  })

  test('a source that says why it cannot tell is believed', async () => {
    const read = (): never => {
      throw new VerifierError('status_stale', 'too old')
    }
    const world = makeWorld({ statusSource: { ...makeStatusSource(undefined), read } })
    expect(await codeOf(await b0(), world)).toBe('status_stale')
    expect(world.faults).toEqual([])
  })

  test('a snapshot that breaks is our own fault', async () => {
    const lists = (): never => {
      throw new RangeError('broken')
    }
    const source = makeStatusSource(undefined)
    const world = makeWorld({ statusSource: { ...source, read: (did) => ({ ...source.read(did), lists }) } })
    expect(await codeOf(await b0(), world)).toBe('internal_error')
  })

  test('a source that fails refuses', async () => {
    const read = (): never => {
      throw new Error('broken')
    }
    const world = makeWorld({ statusSource: { ...makeStatusSource(undefined), read } })
    expect(await codeOf(await b0(), world)).toBe('status_unavailable')
    expect(world.faults[0]?.cause).toBeInstanceOf(Error)
  })
})

describe('authorisation', () => {
  test.each<[string, RequestChanges, string]>([
    ['another path', { target: '/v1/admin' }, 'scope_exceeded'],
    ['a path escaped twice', { target: '/v1/%2561dmin' }, 'scope_exceeded'],
    ['what a router would normalise', { target: '//V1/Admin;x' }, 'scope_exceeded'],
    ['another method', { method: 'DELETE' }, 'scope_exceeded'],
  ])('%s', async (_title, changes, code) => {
    expect(await codeOf(await b0(changes))).toBe(code)
  })

  test('says what would be needed', async () => {
    const refusal = await refusalOf(
      makeWorld().verifier.verify(await b0({ target: '/v1/admin?token=secret' })),
    )
    expect(refusal.requiredScope).toBe('POST https://api.test/v1/admin')
  })

  test('a header that asks for another method goes beyond the scope', async () => {
    const request = await b0()
    expect(await codeOf(addLines(request, ['X-HTTP-Method-Override', 'DELETE']))).toBe('scope_exceeded')
    expect(await codeOf(addLines(request, ['X-HTTP-Method-Override', 'POST']))).toBe('ok')
  })

  test('is for the origin of the request', async () => {
    const world = makeWorld({ origins: ['https://api.test', 'https://two.test'] })
    expect(await codeOf(await b0({ origin: 'https://two.test' }), world)).toBe('audience_mismatch')
  })

  test('looks into the body under a constraint', async () => {
    const capability = { ...ITEMS, constraints: { body: { amount: { maximum: 100 } } } }
    const links = await makeChain([
      { capabilities: [capability] },
      { capabilities: [capability] },
      { capabilities: [capability] },
    ])
    expect(await codeOf(await makeRequest(links, { body: '{"amount":100}' }))).toBe('ok')
    expect(await codeOf(await makeRequest(links, { body: '{"amount":101}' }))).toBe('policy_denied')
    expect(await codeOf(await makeRequest(links, { body: '{"amount":1,"amount":9999}' }))).toBe(
      'json_ambiguous',
    )
    const text = {
      body: '{"amount":1}',
      without: ['content-type'],
      headers: [['Content-Type', 'text/plain']],
    } as const
    expect(await codeOf(await makeRequest(links, text))).toBe('policy_denied')
    const encoded = { body: '{"amount":1}', headers: [['Content-Encoding', 'br']] } as const
    expect(await codeOf(await makeRequest(links, encoded))).toBe('policy_denied')
  })

  test('looks into the query under a constraint', async () => {
    const capability = { ...ITEMS, constraints: { query: { account: { const: '1' } } } }
    const links = await makeChain([
      { capabilities: [capability] },
      { capabilities: [capability] },
      { capabilities: [capability] },
    ])
    expect(await codeOf(await makeRequest(links, { target: '/v1/items?account=1' }))).toBe('ok')
    expect(await codeOf(await makeRequest(links, { target: '/v1/items?account=1&account=2' }))).toBe(
      'scope_exceeded',
    )
  })
})

describe('the account', () => {
  test('is what mapPrincipal found, and is left as it is', async () => {
    const account = { name: 'somebody', rights: ['read'] }
    const seen: unknown[] = []
    const { verifier } = makeWorld({
      mapPrincipal: (principal, request) => {
        seen.push(principal, request.agent, request.capability)
        return Promise.resolve(account)
      },
    })
    const verified = await verifier.verify(await b0())
    expect(verified.account).toBe(account)
    expect(Object.isFrozen(account)).toBe(false)
    expect(seen).toEqual([{ issuer: issuer.did, id: 'person-7', tenant: 'acme' }, agentC.did, ITEMS])
  })

  test('is refused when there is none', async () => {
    expect(await codeOf(await b0(), makeWorld({ mapPrincipal: () => undefined }))).toBe('forbidden')
  })

  test('is refused when it cannot be told, and the cause is reported', async () => {
    const cause = new Error('directory down')
    const world = makeWorld({ mapPrincipal: () => Promise.reject(cause) })
    expect(await codeOf(await b0(), world)).toBe('forbidden')
    expect(world.faults).toEqual([expect.objectContaining({ code: 'forbidden', cause })])
  })

  test('is looked up only for what the delegation allows, and before the nonce is claimed', async () => {
    const calls: string[] = []
    const replayStore = {
      claim: () => {
        calls.push('claim')
        return true
      },
    }
    const mapPrincipal = (): string => {
      calls.push('map')
      return 'account'
    }
    const world = makeWorld({ mapPrincipal, replayStore })
    await codeOf(await b0({ target: '/v1/admin' }), world)
    expect(calls).toEqual([])
    await codeOf(await b0(), world)
    expect(calls).toEqual(['map', 'claim'])
  })

  test('cannot change what was verified', async () => {
    const { verifier } = makeWorld({
      mapPrincipal: (_principal, request) => Object.assign(request, { agent: stranger.did }),
    })
    expect(await refusalOf(verifier.verify(await b0()))).toMatchObject({ code: 'forbidden' })
  })
})

describe('replay', () => {
  test('the same request is accepted once, however many come at the same time', async () => {
    const world = makeWorld()
    const request = await b0()
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(request, world)))
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1)
    expect(codes.filter((code) => code === 'nonce_replayed')).toHaveLength(49)
  })

  test('the nonce belongs to the agent', async () => {
    const world = makeWorld()
    const nonce = freshNonce()
    const links = await makeChain([{}, { subject: agentB.did }])
    expect(await codeOf(await b0({ nonce }), world)).toBe('ok')
    expect(await codeOf(await makeRequest(links, { nonce, signer: agentB }), world)).toBe('ok')
    expect(await codeOf(await b0({ nonce, target: '/v1/items/8' }), world)).toBe('nonce_replayed')
  })

  test('a nonce may come again after its time', async () => {
    const world = makeWorld()
    const nonce = freshNonce()
    expect(await codeOf(await b0({ nonce }), world)).toBe('ok')
    world.now = NOW + 120_999
    const created = Math.floor(world.now / 1000)
    expect(await codeOf(await b0({ nonce, created }), world)).toBe('nonce_replayed')
    world.now = NOW + 121_000
    expect(await codeOf(await b0({ nonce, created: created + 1 }), world)).toBe('ok')
  })

  test('is kept until the expiry, twice the skew and a second', async () => {
    const claims: unknown[] = []
    const claim = (entry: unknown): boolean => claims.push(entry) > 0
    const nonce = freshNonce()
    await codeOf(await b0({ nonce }), makeWorld({ replayStore: { claim } }))
    expect(claims).toEqual([{ key: agentC.did, nonce, created: NOW, keepUntil: NOW + 121_000 }])
  })

  test('an API that just started refuses what an earlier one may have accepted', async () => {
    const clock = (): number => NOW
    const world = makeWorld({ replayStore: createMemoryReplayStore({ clock }) })
    expect(await codeOf(await b0(), world)).toBe('nonce_replayed')
  })

  test('a store that cannot decide refuses, and so does one that says anything but yes', async () => {
    const broken = { claim: (): Promise<boolean> => Promise.reject(new Error('down')) }
    const world = makeWorld({ replayStore: broken })
    expect(await codeOf(await b0(), world)).toBe('replay_store_unavailable')
    expect(world.faults).toHaveLength(1)
    const vague = { claim: (): boolean => JSON.parse('1') }
    expect(await codeOf(await b0(), makeWorld({ replayStore: vague }))).toBe('nonce_replayed')
  })

  test('a clock that went back refuses', async () => {
    const world = makeWorld()
    world.now = NOW + 86_400_000
    expect(await codeOf(await b0(), world)).toBe('signature_expired')
    world.now = NOW
    expect(await codeOf(await b0(), world)).toBe('clock_unsynchronized')
  })

  test('only requests that pass every other check reach the store', async () => {
    let claims = 0
    const claim = (): boolean => {
      claims += 1
      return true
    }
    const world = makeWorld({ replayStore: { claim } })
    const refused = [b0({ target: '/v1/admin' }), b0({ signer: stranger }), b0({ expires: NOW / 1000 + 999 })]
    for (const request of refused) expect(await codeOf(await request, world)).not.toBe('ok')
    expect(claims).toBe(0)
  })
})

describe('uses', () => {
  test('are counted against every link that limits them', async () => {
    const world = makeWorld()
    const links = await makeChain([{ maxUses: 3 }, {}, { maxUses: 2 }])
    const sibling = await makeChain([{ maxUses: 3 }, {}, { maxUses: 2, purpose: 'sibling' }])
    expect(await codeOf(await makeRequest(links), world)).toBe('ok')
    expect(await codeOf(await makeRequest(links), world)).toBe('ok')
    expect(await codeOf(await makeRequest(links), world)).toBe('budget_exceeded')
    expect(await codeOf(await makeRequest(sibling), world)).toBe('ok')
    expect(await codeOf(await makeRequest(sibling), world)).toBe('budget_exceeded')
  })

  test('are kept as long as the link can be used', async () => {
    const counted: unknown[] = []
    const count = (uses: unknown): boolean => counted.push(uses) > 0
    await codeOf(
      await makeRequest(await makeChain([{ maxUses: 3 }, {}, {}])),
      makeWorld({ useCounter: { count } }),
    )
    expect(counted).toEqual([
      [{ digest: expect.stringMatching(/^sha-256:/), limit: 3, keepUntil: NOW + 610_000 }],
    ])
    await codeOf(await b0(), makeWorld({ useCounter: { count } }))
    expect(counted, 'nothing to count, nobody to ask').toHaveLength(1)
  })

  test('that cannot be counted refuse', async () => {
    const count = (): never => {
      throw new Error('down')
    }
    const request = await makeRequest(await makeChain([{ maxUses: 3 }, {}, {}]))
    expect(await codeOf(request, makeWorld({ useCounter: { count } }))).toBe('replay_store_unavailable')
  })

  test('are not counted for a replay', async () => {
    const world = makeWorld()
    const request = await makeRequest(await makeChain([{ maxUses: 2 }, {}, {}]))
    expect(await codeOf(request, world)).toBe('ok')
    expect(await codeOf(request, world)).toBe('nonce_replayed')
    expect(await codeOf(await makeRequest(await makeChain([{ maxUses: 2 }, {}, {}])), world)).toBe('ok')
  })
})

describe('the record', () => {
  test('of an accepted request is made before the handler may act', async () => {
    const world = makeWorld()
    const verified = await world.verifier.verify(await b0())
    expect(world.records).toEqual([
      {
        time: NOW,
        requestId: verified.requestId,
        decision: 'accepted',
        code: 'ok',
        method: 'POST',
        origin: 'https://api.test',
        path: '/v1/items',
        agent: agentC.did,
        principal: verified.principal,
        delegations: verified.chain.links.map(({ id }) => id),
        workflow: verified.workflow,
        evidence: expect.any(Object),
      },
    ])
  })

  test('holds what the agent said and what proves the request', async () => {
    const world = makeWorld()
    const { chain } = await world.verifier.verify(await b0({ headers: [['Agent-Context', 'run="run-42"']] }))
    const [record] = world.records
    expect(record?.context).toEqual({ run: 'run-42' })
    const { credentials = [], signatureBase = '', signature = '' } = record?.evidence ?? {}
    expect(credentials).toEqual(chain.links.map(({ jws }) => jws))
    const bytes = decodeBase64url(signature)
    expect(verifyEd25519(chain.leaf.publicKey, encodeUtf8(signatureBase), bytes)).toBe(true)
  })

  test('that cannot be made refuses the request', async () => {
    const record = (): Promise<void> => Promise.reject(new Error('disk full'))
    const world = makeWorld({ auditSink: { record } })
    expect(await codeOf(await b0(), world)).toBe('audit_unavailable')
  })

  test('that cannot be made does not change a refusal', async () => {
    const record = (): never => {
      throw new Error('disk full')
    }
    const world = makeWorld({ auditSink: { record } })
    expect(await codeOf(await b0({ target: '/v1/admin' }), world)).toBe('scope_exceeded')
    expect(world.faults.map(({ code }) => code)).toEqual(['audit_unavailable'])
  })

  test('of a refusal says only what was proven by then', async () => {
    const world = makeWorld()
    await codeOf({ ...(await b0()), method: 'GET\r\n' }, world)
    await codeOf(addLines(await b0(), ['Host', 'evil']), world)
    await codeOf(await b0({ signer: stranger, keyid: agentC.kid }), world)
    await codeOf({ ...(await b0()), body: encodeUtf8('{"x":2}') }, world)
    await codeOf(await b0({ target: '/v1/admin?secret=1' }), world)
    const shape = world.records.map((record) => [record.code, Object.keys(record).slice(4).join(' ')])
    expect(shape).toEqual([
      ['request_malformed', ''],
      ['header_ambiguous', 'method'],
      ['signature_invalid', 'method origin path'],
      ['digest_mismatch', 'method origin path agent'],
      ['scope_exceeded', 'method origin path agent principal delegations workflow evidence'],
    ])
    const told = world.records.map((record) => ({ ...record, evidence: undefined }))
    expect(JSON.stringify(told)).not.toContain('secret')
    expect(world.records.every(({ decision }) => decision === 'refused')).toBe(true)
  })

  test('is not needed', async () => {
    const { auditSink: _, ...rest } = { auditSink: undefined, maxBodyBytes: 1000 }
    expect(await codeOf(await b0(), makeWorld(rest))).toBe('ok')
  })
})

describe('Agent-Context', () => {
  const withContext = (value: string): Promise<IncomingRequest> => b0({ headers: [['Agent-Context', value]] })

  test('must be covered when it is sent', async () => {
    const request = addLines(await b0(), ['Agent-Context', 'run="run-42"'])
    expect(await codeOf(request)).toBe('component_missing')
  })

  test('must be complete where the API asks for it', async () => {
    const world = makeWorld({ requiredContext: ['run', 'call'] })
    expect(await codeOf(await withContext('run="run-42", call="c1"'), world)).toBe('ok')
    const { verifier } = makeWorld({ requiredContext: ['run', 'call'] })
    expect(await refusalOf(verifier.verify(await withContext('run="run-42"')))).toMatchObject({
      code: 'context_missing',
      missing: ['call'],
    })
    expect(await codeOf(await b0(), makeWorld({ requiredContext: ['tool'] }))).toBe('context_missing')
  })

  test('must name the run of the delegation', async () => {
    expect(await codeOf(await withContext('run="run-43"'))).toBe('context_missing')
    expect(await codeOf(await withContext('call="c"'))).toBe('ok')
    const links = await makeChain([
      { workflow: { id: 'w' } },
      { workflow: { id: 'w' } },
      { workflow: { id: 'w' } },
    ])
    expect(await codeOf(await makeRequest(links, { headers: [['Agent-Context', 'run="any"']] }))).toBe('ok')
  })

  test('must be in form', async () => {
    expect(await codeOf(await withContext('run=1'))).toBe('signature_malformed')
  })
})

describe('options', () => {
  test.each<[string, Parameters<typeof makeWorld>[0]]>([
    ['no origins', { origins: [] }],
    ['no issuers', { trustedIssuers: [] }],
    ['an unknown member of the context', { requiredContext: ['mood'] }],
    ['a limit of nothing', { maxBodyBytes: 0 }],
    ['a limit that is no number', { maxHeaderBytes: Number.NaN }],
    ['a time that is negative', { bodyTimeoutSeconds: -1 }],
  ])('%s', (_title, changes) => {
    expect(() => makeWorld(changes)).toThrow(TypeError)
  })

  test('refuse answers with the origin, the tag and the time of the verifier', async () => {
    const world = makeWorld()
    const { headers } = world.verifier.refuse(
      await refusalOf(world.verifier.verify(await b0({ components: ['@method'] }))),
      'id',
    )
    expect(headers).toContainEqual(['Date', new Date(NOW).toUTCString()])
    expect(headers).toContainEqual([
      'WWW-Authenticate',
      'Signature realm="api.test", error="component_missing", tag="agent-delegation"',
    ])
  })
})

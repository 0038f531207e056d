import { encodeUtf8 } from '@behalf/core'
import { DELEGATION_TAG, serializeSignatureKey } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import {
  createKeyRequestVerifier,
  createMemoryReplayStore,
  type IncomingRequest,
  type KeyRequestVerifier,
  type KeyRequestVerifierOptions,
  VerifierError,
} from '../src/index.ts'
import { agentB, agentC, stranger } from './support/agents.ts'
import { addLines, dropLine, freshNonce, type RequestChanges } from './support/b0.ts'
import { NOW } from './support/chain.ts'
import { makeKeyRequest } from './support/key-request.ts'
import { refusalOf } from './support/world.ts'

interface Setup {
  readonly verifier: KeyRequestVerifier
  readonly faults: VerifierError[]
  now: number
}

function setUp(changes: Partial<KeyRequestVerifierOptions> = {}): Setup {
  const time = { now: NOW - 60_000 }
  const clock = (): number => time.now
  const faults: VerifierError[] = []
  const verifier = createKeyRequestVerifier({
    origins: ['https://api.test'],
    replayStore: createMemoryReplayStore({ clock }),
    clock,
    reportFault: (fault) => {
      faults.push(fault)
    },
    ...changes,
  })
  time.now = NOW
  return Object.assign(time, { verifier, faults })
}

async function codeOf(request: IncomingRequest, { verifier }: Setup = setUp()): Promise<string> {
  try {
    await verifier.verify(request)
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

describe('createKeyRequestVerifier', () => {
  test('proves who asks, and nothing else', async () => {
    const { verifier } = setUp()
    const request = await makeKeyRequest()
    const verified = await verifier.verify(request)
    expect(verified).toEqual({
      agent: agentC.did,
      requestId: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      body: request.body,
    })
    expect(Object.isFrozen(verified)).toBe(true)
    expect(await verifier.verify({ ...(await makeKeyRequest()), requestId: 'given' })).toMatchObject({
      requestId: 'given',
    })
  })

  test('takes a GET without a body', async () => {
    expect(
      await codeOf(await makeKeyRequest({ method: 'GET', target: '/delegation-requests/1', body: '' })),
    ).toBe('ok')
  })

  test.each<[string, RequestChanges, string]>([
    ['the tag of delegated requests', { tag: DELEGATION_TAG }, 'tag_mismatch'],
    ['a credential instead of a key', { signatureKey: 'sig=jwt;jwt="a.b.c"' }, 'keyid_unsupported'],
    ['a reference instead of a key', { signatureKey: 'sig=cached;cid="x"' }, 'keyid_unsupported'],
    [
      'another inline key',
      { signatureKey: serializeSignatureKey('sig', { scheme: 'hwk', publicKey: agentB.signer.publicKey }) },
      'key_mismatch',
    ],
    ['a keyid of somebody else', { keyid: agentB.kid }, 'key_mismatch'],
    ['a keyid without a fragment', { keyid: agentC.did }, 'key_invalid'],
    ['a keyid that needs the network', { keyid: 'did:web:a.test#1' }, 'keyid_unsupported'],
    ['a window that is too long', { expires: NOW / 1000 + 301 }, 'signature_window_too_long'],
    ['a signature that expired', { created: NOW / 1000 - 99, expires: NOW / 1000 - 31 }, 'signature_expired'],
    [
      'an uncovered key',
      { components: ['@method', '@target-uri', 'content-type', 'content-digest'] },
      'component_missing',
    ],
    ['another origin', { origin: 'https://two.test' }, 'target_mismatch'],
    ['a body without a digest', { without: ['content-digest'] }, 'digest_missing'],
  ])('refuses %s', async (_title, changes, code) => {
    expect(await codeOf(await makeKeyRequest(changes))).toBe(code)
  })

  test('refuses a signature by another key than the one presented', async () => {
    const forged = { ...agentC, signer: stranger.signer }
    const key = serializeSignatureKey('sig', { scheme: 'hwk', publicKey: agentC.signer.publicKey })
    expect(await codeOf(await makeKeyRequest({ signer: forged, signatureKey: key }))).toBe(
      'signature_invalid',
    )
  })

  test('refuses what was changed on the way', async () => {
    const request = await makeKeyRequest()
    expect(await codeOf({ ...request, body: encodeUtf8('{"x":2}') })).toBe('digest_mismatch')
    expect(await codeOf({ ...request, method: 'PUT' })).toBe('signature_invalid')
    expect(await codeOf(dropLine(request, 'signature'))).toBe('signature_malformed')
    expect(await codeOf(addLines(request, ['Host', 'evil']))).toBe('header_ambiguous')
    expect(await codeOf(addLines(request, ['signature_key', 'x']))).toBe('header_ambiguous')
    expect(await codeOf({ ...request, target: '/v1/../admin' })).toBe('target_ambiguous')
    expect(await codeOf({ ...request, method: 'G ET' })).toBe('request_malformed')
  })

  test('refuses a header that asks for another method than the one that was signed', async () => {
    const request = await makeKeyRequest()
    expect(await codeOf(addLines(request, ['X-Method-Override', 'DELETE']))).toBe('header_ambiguous')
    expect(await codeOf(addLines(request, ['X-HTTP-Method-Override', 'POST']))).toBe('ok')
  })

  test('says which scheme it wants', async () => {
    const { verifier } = setUp()
    const refusal = await refusalOf(
      verifier.verify(await makeKeyRequest({ signatureKey: 'sig=jwt;jwt="a.b.c"' })),
    )
    const { headers } = verifier.refuse(refusal, 'id')
    expect(headers).toContainEqual(['Accept-Signature-Scheme', 'hwk'])
    expect(headers).toContainEqual(['Signature-Error', 'error=unsupported_scheme'])
    expect(headers).toContainEqual([
      'WWW-Authenticate',
      'Signature realm="api.test", error="keyid_unsupported", tag="agent-key"',
    ])
    expect(headers).toContainEqual(['Date', new Date(NOW).toUTCString()])
  })

  test('accepts a nonce once for each key', async () => {
    const setup = setUp()
    const nonce = freshNonce()
    const request = await makeKeyRequest({ nonce })
    expect(await codeOf(request, setup)).toBe('ok')
    expect(await codeOf(request, setup)).toBe('nonce_replayed')
    expect(await codeOf(await makeKeyRequest({ nonce, signer: agentB }), setup)).toBe('ok')
  })

  test('claims nothing for what it refuses', async () => {
    let claims = 0
    const replayStore = {
      claim: () => {
        claims += 1
        return true
      },
    }
    const request = await makeKeyRequest()
    expect(await codeOf({ ...request, body: encodeUtf8('{"x":2}') }, setUp({ replayStore }))).toBe(
      'digest_mismatch',
    )
    expect(claims).toBe(0)
  })

  test('refuses when the store cannot decide, and reports it', async () => {
    const replayStore = { claim: () => Promise.reject(new Error('down')) }
    const setup = setUp({ replayStore })
    expect(await codeOf(await makeKeyRequest(), setup)).toBe('replay_store_unavailable')
    expect(setup.faults).toEqual([expect.objectContaining({ code: 'replay_store_unavailable' })])
  })

  test('refuses when the clock went back', async () => {
    const setup = setUp()
    setup.now = NOW + 3_600_000
    expect(await codeOf(await makeKeyRequest(), setup)).toBe('signature_expired')
    setup.now = NOW
    expect(await codeOf(await makeKeyRequest(), setup)).toBe('clock_unsynchronized')
  })

  test('wants origins', () => {
    expect(() => setUp({ origins: [] })).toThrow(TypeError)
  })
})

import { decodeUtf8, encodeUtf8, type JsonObject, verifyEd25519 } from '@behalf/core'
import { digestDelegationChain, parseMessageStatement } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { createMessageVerifier, type MessageVerifierOptions } from '../src/index.ts'
import { agentA, agentB, agentC, issuer } from './support/agents.ts'
import { makeApprovedChain } from './support/approval.ts'
import { makeChain, NOW } from './support/chain.ts'
import {
  AUDIENCE,
  CALL,
  codeOfMessage,
  type MessageChanges,
  makeMessage,
  makeMessageWorld,
} from './support/proven-messages.ts'
import { makeList, makeStatusSource, refusalOf } from './support/world.ts'

const chain = await makeChain()
const name = digestDelegationChain(chain)
const revoked = await makeList([101])
const nothingRevoked = await makeList()
const SECONDS = Math.floor(NOW / 1000)

describe('a message with a proof', () => {
  test('tells who sends it, for whom, and is recorded before it is handed on', async () => {
    const { verifier, records } = makeMessageWorld()
    const context = { model: 'm-1', call: 'c-1' }
    const verified = await verifier.verify(await makeMessage(chain, { signed: { context } }))
    expect(verified).toMatchObject({
      agent: agentC.did,
      principal: { issuer: issuer.did, id: 'person-7', tenant: 'acme' },
      context,
      chain: { digest: name },
    })
    expect(parseMessageStatement(decodeUtf8(verified.body))?.message).toEqual(CALL)
    expect(records).toMatchObject([
      {
        decision: 'accepted',
        code: 'ok',
        requestId: verified.requestId,
        origin: 'https://mcp.test',
        path: '/issues',
        agent: agentC.did,
        call: { method: 'tools/call', tool: 'search' },
        delegations: verified.chain.links.map(({ id }) => id),
        context,
      },
    ])
    expect(records[0]).not.toHaveProperty('method')
  })

  test('proves itself again from what was recorded', async () => {
    const { verifier, records } = makeMessageWorld()
    await verifier.verify(await makeMessage(chain))
    const { signatureBase = '', signature = '', credentials } = records[0]?.evidence ?? {}
    expect(credentials).toEqual(chain)
    const bytes = new Uint8Array(Buffer.from(signature, 'base64url'))
    expect(verifyEd25519(agentC.signer.publicKey, encodeUtf8(signatureBase), bytes)).toBe(true)
    expect(parseMessageStatement(signatureBase)).toMatchObject({ audience: AUDIENCE, cid: name })
  })

  test('keeps the span that its sender named, where that is one', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { verifier, records } = makeMessageWorld()
    await verifier.verify(await makeMessage(chain, { beside: { traceparent } }))
    await verifier.verify(await makeMessage(chain, { beside: { traceparent: 'anything' } }))
    expect(records.map((record) => record.traceparent)).toEqual([traceparent, undefined])
  })

  test('is named by a URI that is no address, too', async () => {
    const audience = 'urn:example:issues'
    const { verifier, records } = makeMessageWorld({ audience })
    await verifier.verify(await makeMessage(chain, { signed: { audience } }))
    expect(records).toMatchObject([{ origin: audience, path: '' }])
  })

  test('ends with its chain', async () => {
    const { verifier } = makeMessageWorld()
    const { signal } = await verifier.verify(await makeMessage(chain))
    expect(signal.aborted).toBe(false)
    verifier.distrustIssuer(issuer.did)
    expect(signal.reason).toMatchObject({ code: 'issuer_untrusted' })
    expect(await codeOfMessage(await makeMessage(chain), { ...makeMessageWorld(), verifier })).toBe(
      'issuer_untrusted',
    )
  })
})

describe('a proof is refused', () => {
  const other = { ...CALL, method: 'resources/read' }
  const tool = { ...CALL, params: { name: 'close', arguments: { a: 1 } } }
  const values = { ...CALL, params: { name: 'search', arguments: { a: 2 } } }
  const result = { id: 1, result: {} }

  test.each<[string, MessageChanges, string]>([
    ['for another method', { sent: other }, 'signature_invalid'],
    ['for another tool', { sent: tool }, 'signature_invalid'],
    ['for other arguments', { sent: values }, 'signature_invalid'],
    ['for another id', { sent: { ...CALL, id: 2 } }, 'signature_invalid'],
    [
      'for a notification of the same',
      { sent: { method: 'tools/call', params: CALL['params'] ?? null } },
      'signature_invalid',
    ],
    ['for an answer', { message: result, sent: { ...result, result: { a: 1 } } }, 'signature_invalid'],
    ['with another context', { proof: { context: { run: 'run-42' } } }, 'signature_invalid'],
    [
      'with a context taken away',
      { signed: { context: { model: 'm' } }, proof: { context: undefined } },
      'signature_invalid',
    ],
    ['with another nonce', { proof: { nonce: 'another-nonce-0001' } }, 'signature_invalid'],
    ['with a later end', { proof: { expires: SECONDS + 90 } }, 'signature_invalid'],
    ['with an earlier begin', { proof: { created: SECONDS - 1 } }, 'signature_invalid'],
    ['made for another server', { signed: { audience: 'https://mcp.test/other' } }, 'target_mismatch'],
    [
      'made for another server, and told to be for this one',
      { signed: { audience: 'https://mcp.test/other' }, proof: { audience: AUDIENCE } },
      'signature_invalid',
    ],
    ['without audience', { proof: { audience: undefined } }, 'parameter_missing'],
    ['without created', { proof: { created: undefined } }, 'parameter_missing'],
    ['without expires', { proof: { expires: undefined } }, 'parameter_missing'],
    ['without nonce', { proof: { nonce: undefined } }, 'parameter_missing'],
    ['without keyid', { proof: { keyid: undefined } }, 'parameter_missing'],
    ['with a time in words', { proof: { created: 'now' } }, 'parameter_invalid'],
    ['with a broken time', { proof: { expires: SECONDS + 0.5 } }, 'parameter_invalid'],
    ['that ends before it begins', { proof: { expires: SECONDS } }, 'parameter_invalid'],
    ['with a keyid that is no text', { proof: { keyid: 7 } }, 'parameter_invalid'],
    ['with a short nonce', { proof: { nonce: 'short' } }, 'nonce_invalid'],
    ['of another kind of key', { proof: { keyid: 'did:web:a.test#k' } }, 'keyid_unsupported'],
    ['of another key than the leaf’s', { signer: agentB }, 'key_mismatch'],
    ['without signature', { proof: { signature: undefined } }, 'signature_malformed'],
    ['with a short signature', { proof: { signature: 'AAAA' } }, 'signature_malformed'],
    [
      'with a signature that is padded',
      { proof: { signature: `${'A'.repeat(86)}==` } },
      'signature_malformed',
    ],
    ['with a member that is none', { proof: { extra: 1 } }, 'signature_malformed'],
    ['with a context of another form', { proof: { context: 'run' } }, 'signature_malformed'],
    ['with a context with numbers', { proof: { context: { run: 1 } } }, 'signature_malformed'],
    ['with an empty member of context', { proof: { context: { run: '' } } }, 'signature_malformed'],
    ['with letters beyond ASCII in it', { proof: { context: { run: 'é' } } }, 'signature_malformed'],
    [
      'with a prompt that is no digest',
      { proof: { context: { prompt: 'sha-256:AAAA' } } },
      'signature_malformed',
    ],
    ['with no delegation', { proof: { chain: undefined } }, 'credential_missing'],
    ['with an empty chain', { proof: { chain: [] } }, 'credential_missing'],
    ['with a chain and a name', { proof: { cid: name } }, 'request_malformed'],
    ['with a chain that is no list', { proof: { chain: 'x' } }, 'credential_malformed'],
    ['with links that are no texts', { proof: { chain: [1] } }, 'credential_malformed'],
    ['with a name that is no digest', { proof: { chain: undefined, cid: 'x' } }, 'credential_malformed'],
    ['with a name of a chain not held', { proof: { chain: undefined, cid: name } }, 'cache_miss'],
    ['with evidence that is no document', { proof: { evidence: 'x' } }, 'evidence_invalid'],
    [
      'that begins later',
      { signed: { created: SECONDS + 6, expires: SECONDS + 60 } },
      'signature_not_yet_valid',
    ],
    ['that ended', { signed: { created: SECONDS - 60, expires: SECONDS - 31 } }, 'signature_expired'],
    ['that lasts too long', { signed: { expires: SECONDS + 301 } }, 'signature_window_too_long'],
    ['for another run', { signed: { context: { run: 'run-43' } } }, 'context_missing'],
  ])('%s', async (_title, changes, expected) => {
    const { records, ...world } = makeMessageWorld()
    expect(await codeOfMessage(await makeMessage(chain, changes), { ...world, records })).toBe(expected)
    expect(records).toMatchObject([{ decision: 'refused', code: expected, origin: 'https://mcp.test' }])
  })

  test.each([
    [undefined, 'signature_missing'],
    ['x', 'signature_malformed'],
    [[], 'signature_malformed'],
  ])('that is %j', async (proof, expected) => {
    const bytes = encodeUtf8(JSON.stringify({ message: CALL, proof }))
    expect(await codeOfMessage({ bytes })).toBe(expected)
  })

  test('a second time, and is claimed after everything else', async () => {
    const world = makeMessageWorld()
    const message = await makeMessage(chain)
    expect(await codeOfMessage(message, world)).toBe('ok')
    expect(await codeOfMessage(message, world)).toBe('nonce_replayed')
    const nothing = await makeChain([{ capabilities: [] }])
    const refused = await makeMessage(nothing, { signer: agentA })
    expect(await codeOfMessage(refused, world)).toBe('scope_exceeded')
    expect(await codeOfMessage(refused, world)).toBe('scope_exceeded')
  })

  test.each<[string, Partial<MessageVerifierOptions<unknown>>, MessageChanges, string]>([
    ['revoked', { statusSource: makeStatusSource(revoked) }, {}, 'credential_revoked'],
    ['a revoked key', { statusSource: makeStatusSource(nothingRevoked, [agentB.did]) }, {}, 'key_revoked'],
    ['of an unknown issuer', { trustedIssuers: [agentA.did] }, {}, 'issuer_untrusted'],
    ['without what is required', { requiredContext: ['model'] }, {}, 'context_missing'],
    ['not approved by a person', { requireHumanApproval: 'claimed' }, {}, 'approval_required'],
    ['of a principal without account', { mapPrincipal: () => undefined }, {}, 'forbidden'],
    ['too long', { maxMessageBytes: 100 }, {}, 'request_too_large'],
    [
      'what cannot be recorded',
      { auditSink: { record: () => Promise.reject(new Error('full')) } },
      {},
      'audit_unavailable',
    ],
    [
      'what cannot be claimed',
      { replayStore: { claim: () => Promise.reject(new Error('down')) } },
      {},
      'replay_store_unavailable',
    ],
    ['what is used up', { useCounter: { count: () => false } }, {}, 'budget_exceeded'],
  ])('%s', async (_title, options, changes, expected) => {
    const counted = await makeChain([{ maxUses: 1 }, { maxUses: 1 }, { maxUses: 1 }])
    expect(await codeOfMessage(await makeMessage(counted, changes), makeMessageWorld(options))).toBe(expected)
  })

  test('whose chain ended, or was changed', async () => {
    const ended = await makeChain([{ validUntil: NOW }])
    expect(await codeOfMessage(await makeMessage(ended, { signer: agentA }))).toBe('credential_expired')
    const [root = '', ...rest] = chain
    const forged = [`${root.slice(0, -4)}AAAA`, ...rest]
    expect(await codeOfMessage(await makeMessage(forged))).toBe('credential_signature_invalid')
  })

  test('with our own values alone', async () => {
    const { verifier } = makeMessageWorld()
    const refusal = await refusalOf(
      verifier.verify(await makeMessage(chain, { proof: { nonce: undefined } })),
    )
    const body = JSON.parse(verifier.refuse(refusal, 'id-1').body) as JsonObject
    expect(body).toMatchObject({
      code: 'parameter_missing',
      request_id: 'id-1',
      status: 401,
      retryable: true,
    })
  })
})

describe('a chain that was shown', () => {
  const naming: MessageChanges = { proof: { chain: undefined, cid: name } }

  test('may be named from then on', async () => {
    const world = makeMessageWorld()
    expect(await codeOfMessage(await makeMessage(chain), world)).toBe('ok')
    expect(await codeOfMessage(await makeMessage(chain, naming), world)).toBe('ok')
  })

  test.each<[string, Partial<MessageVerifierOptions<unknown>>]>([
    ['where nothing is kept', { chainCache: 'off' }],
    ['where it is too long to be kept', { chainCache: { maxBytes: 100 } }],
  ])('is not held %s', async (_title, options) => {
    const world = makeMessageWorld(options)
    expect(await codeOfMessage(await makeMessage(chain), world)).toBe('ok')
    expect(await codeOfMessage(await makeMessage(chain, naming), world)).toBe('cache_miss')
  })

  test('does not stand for another: the name is signed', async () => {
    const world = makeMessageWorld()
    const second = await makeChain([{}, {}, { purpose: 'Another one' }])
    await world.verifier.verify(await makeMessage(second))
    const cid = digestDelegationChain(second)
    const changed = await makeMessage(chain, { proof: { chain: undefined, cid } })
    expect(await codeOfMessage(changed, world)).toBe('signature_invalid')
  })
})

test('evidence of the approval is shown beside the chain', async () => {
  const { links, evidence } = await makeApprovedChain()
  const world = (): ReturnType<typeof makeMessageWorld> =>
    makeMessageWorld({ requireHumanApproval: 'proven' })
  const shown = { evidence: JSON.parse(JSON.stringify(evidence)) as JsonObject }
  expect(await codeOfMessage(await makeMessage(links), world())).toBe('approval_required')
  expect(await codeOfMessage(await makeMessage(links, { proof: shown }), world())).toBe('ok')
  expect(await codeOfMessage(await makeMessage(links, { proof: { evidence: {} } }), world())).toBe(
    'evidence_invalid',
  )
})

test.each([
  'mcp',
  'https://mcp.test/issues?x',
  'https://mcp.test/issues#x',
  'https://mcp.test',
  'https://a@mcp.test/',
])('there is no verifier for %s', (audience) => {
  expect(() => createMessageVerifier({ audience } as never)).toThrow('audience: ')
})

test('a cap is above zero', () => {
  expect(() => makeMessageWorld({ maxMessageBytes: 0 })).toThrow(TypeError)
})

import { createEd25519Signer, encodeBase64url, type JsonObject } from '@behalf/core'
import {
  approvedPart,
  CURRENT_RENDERER,
  createApprovalChallenge,
  createApprovalEvidence,
  createDelegationPayload,
  type DelegationTerms,
  digestApprovalEvidence,
  parseDelegation,
  renderDelegation,
  signDelegation,
} from '@behalf/credential'
import { createSoftwarePasskey } from '@behalf/credential/software-passkey'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { describe, expect, test } from 'vitest'
import { type Inspection, inspectPasted } from '../src/verify/inspect-pasted.ts'
import { parsePasted } from '../src/verify/pasted.ts'

const NOW = Date.UTC(2026, 0, 1)
const PAGE = 'https://authority.example'
const signerOf = (byte: number) => createEd25519Signer(new Uint8Array(32).fill(byte))
const [issuer, agent, helper] = [signerOf(1), signerOf(2), signerOf(3)]
const didOf = ({ publicKey }: { readonly publicKey: Uint8Array }) => encodeDidKey(publicKey)
const ISSUER = didOf(issuer)

function terms(change: Partial<DelegationTerms> = {}): DelegationTerms {
  return {
    id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
    issuer: ISSUER,
    subject: didOf(agent),
    onBehalfOf: { id: 'alice' },
    capabilities: [
      { type: 'http', locations: ['https://api.example'], actions: ['GET'], paths: ['/issues/**'] },
    ],
    maxDelegationDepth: 1,
    purpose: 'Sort new issues',
    policy: { id: 'house', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-one' },
    approval: { method: 'operator', digest: `sha-256:${'A'.repeat(43)}` },
    validFrom: NOW,
    validUntil: NOW + 600_000,
    status: {
      id: `${PAGE}/status/lists/1#7`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: '7',
      statusListCredential: `${PAGE}/status/lists/1`,
    },
    ...change,
  }
}

const sign = (payload: JsonObject, signer = issuer): Promise<string> =>
  signDelegation(payload, { signer, kid: encodeDidKeyUrl(didOf(signer)) })

/** A root that a software passkey approved, with its evidence. */
async function approved(): Promise<{ readonly root: string; readonly evidence: JsonObject }> {
  const payloads = [
    approvedPart(
      createDelegationPayload(terms({ approval: { method: 'software-passkey', digest: '' } }), NOW),
    ),
  ]
  const sentences = payloads.map((payload) => renderDelegation(payload).sentences)
  const nonce = encodeBase64url(new Uint8Array(16))
  const challenge = createApprovalChallenge({ payloads, renderer: CURRENT_RENDERER, sentences, nonce })
  const passkey = createSoftwarePasskey({ origin: PAGE, random: (length) => new Uint8Array(length).fill(9) })
  const { response } = await passkey.authenticate({ challenge: encodeBase64url(challenge) })
  const evidence = createApprovalEvidence({
    payloads,
    renderer: CURRENT_RENDERER,
    sentences,
    requests: [{ id: 'urn:uuid:r', version: 1 }],
    given: [
      {
        by: 'alice',
        at: '2026-01-01T00:00:00Z',
        nonce,
        rp_id: 'authority.example',
        origin: PAGE,
        passkey: { id: passkey.id, public_key: passkey.publicKey, software: true },
        authenticator_data: response.authenticatorData,
        client_data_json: response.clientDataJSON,
        signature: response.signature,
      },
    ],
  })
  const approval = { method: 'software-passkey' as const, digest: digestApprovalEvidence(evidence) }
  return {
    root: await sign(createDelegationPayload(terms({ approval }), NOW)),
    evidence: JSON.parse(JSON.stringify(evidence)),
  }
}

async function childOf(root: string): Promise<string> {
  const parent = parseDelegation(root)
  const { policy: _, approval: __, ...rest } = terms()
  const child = {
    ...rest,
    id: 'urn:uuid:00000000-0000-4000-8000-000000000002',
    issuer: didOf(agent),
    subject: didOf(helper),
    maxDelegationDepth: 0,
    parent: { id: parent.id, digest: parent.digest },
    status: { ...rest.status, id: `${PAGE}/status/lists/1#8`, statusListIndex: '8' },
  }
  return sign(createDelegationPayload(child, NOW), agent)
}

async function inspect(
  pasted: unknown,
  change: { now?: number; trusted?: string } = {},
): Promise<Inspection> {
  const text = typeof pasted === 'string' ? pasted : JSON.stringify(pasted)
  const parsed = parsePasted(text)
  if (parsed === undefined) throw new Error('It was not recognised')
  return inspectPasted(parsed, { now: NOW, trusted: ISSUER, ...change })
}

const results = ({ checks }: Inspection): readonly string[] =>
  checks.map(({ result, code }) => (code === undefined ? result : `${result} ${code}`))

describe('what is pasted', () => {
  test.each([
    ['', undefined],
    ['hello', undefined],
    ['a.b', undefined],
    ['{}', undefined],
    ['{"chain":[]}', undefined],
    ['{"chain":[1]}', undefined],
    ['[]', undefined],
    ['  a.b.c\n', { links: ['a.b.c'] }],
    ['{"chain":["a.b.c","d.e.f"]}', { links: ['a.b.c', 'd.e.f'] }],
    ['{"delegation":"a.b.c"}', { links: ['a.b.c'] }],
    ['{"delegation":"x","chain":["a.b.c"],"evidence":{"x":1}}', { links: ['a.b.c'], evidence: { x: 1 } }],
    ['{"type":"behalf-approval-evidence"}', { links: [], evidence: { type: 'behalf-approval-evidence' } }],
  ])('%j', (text, pasted) => {
    expect(parsePasted(text)).toEqual(pasted)
  })

  test('that reads in two ways is refused', () => {
    expect(() => parsePasted('{"delegation":"a.b.c","delegation":"d.e.f"}')).toThrow(
      expect.objectContaining({ code: 'json_ambiguous' }),
    )
  })

  test('of any size is answered', () => {
    expect(parsePasted('a'.repeat(1_000_000))).toBeUndefined()
  })
})

describe('what is checked', () => {
  test('a delegation with its evidence: all but the revocation', async () => {
    const { root, evidence } = await approved()
    const inspection = await inspect({ delegation: root, chain: [root], evidence })
    expect(results(inspection)).toEqual(['passed', 'passed', 'passed', 'passed', 'unchecked'])
    expect(inspection.approval).toMatchObject({ method: 'software-passkey', isProven: false })
    expect(inspection.links[0]?.sentences).toEqual([
      'It may read (GET) "/issues/" and everything below it at "https://api.example".',
    ])
  })

  test('a chain', async () => {
    const root = await sign(createDelegationPayload(terms(), NOW))
    const inspection = await inspect({ chain: [root, await childOf(root)] })
    expect(results(inspection)).toEqual(['passed', 'passed', 'passed', 'unchecked', 'unchecked'])
    expect(inspection.links).toHaveLength(2)
  })

  test('a child alone says what it says and proves nothing', async () => {
    const root = await sign(createDelegationPayload(terms(), NOW))
    const inspection = await inspect(await childOf(root))
    expect(results(inspection)).toEqual(['unchecked', 'passed', 'unchecked', 'unchecked', 'unchecked'])
  })

  test('evidence alone shows what it claims', async () => {
    const { evidence } = await approved()
    const inspection = await inspect(evidence)
    expect(results(inspection)).toEqual(['unchecked'])
    expect(inspection.claimed).toContain('It acts on behalf of "alice".')
  })

  test('each failure has its code', async () => {
    const { root, evidence } = await approved()
    expect(results(await inspect(root, { now: NOW + 600_000 }))[1]).toBe('failed credential_expired')
    expect(results(await inspect(root, { trusted: didOf(helper) }))[2]).toBe('failed issuer_untrusted')
    const [head, payload] = root.split('.')
    const forged = `${head}.${payload}.${encodeBase64url(new Uint8Array(64))}`
    expect(results(await inspect(forged))[0]).toBe('failed credential_signature_invalid')
    const other = JSON.parse(JSON.stringify(evidence).replace('It acts on behalf', 'It works on behalf'))
    const inspection = await inspect({ chain: [root], evidence: other })
    expect(results(inspection)[3]).toBe('failed evidence_invalid')
    expect(inspection.approval).toBeUndefined()
  })

  test('without an answer of the authority its trust is not told', async () => {
    const { root } = await approved()
    const parsed = parsePasted(root)
    const inspection = await inspectPasted(parsed ?? { links: [] }, { now: NOW })
    expect(results(inspection)[2]).toBe('unchecked')
  })
})

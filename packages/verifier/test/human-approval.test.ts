import { canonicalizeJson, isJsonObject, type JsonObject } from '@behalf/core'
import { digestDelegationChain } from '@behalf/credential'
import { serializeSignatureKey } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import type { HumanApprovalOptions, IncomingRequest } from '../src/index.ts'
import { makeApprovedChain, passkey, spell } from './support/approval.ts'
import { addLines, makeRequest, type RequestChanges } from './support/b0.ts'
import { makeChain } from './support/chain.ts'
import { codeOf, makeWorld, refusalOf } from './support/world.ts'

const PROVEN: HumanApprovalOptions = { requireHumanApproval: 'proven' }
const approved = await makeApprovedChain()

const bare = (links = approved.links, changes: RequestChanges = {}): Promise<IncomingRequest> =>
  makeRequest(links, changes)
const showing = (field = approved.field, links = approved.links): Promise<IncomingRequest> =>
  makeRequest(links, { headers: [['Approval-Evidence', field]] })

/** The verdict of a fresh verifier. */
async function verdict(options: HumanApprovalOptions, request: Promise<IncomingRequest>): Promise<string> {
  return codeOf(await request, makeWorld({ ...options }))
}

describe('an API that requires nothing', () => {
  test('takes any approval, and evidence it did not ask for', async () => {
    expect(await verdict({}, bare(await makeChain()))).toBe('ok')
    expect(await verdict({}, showing())).toBe('ok')
  })
})

describe('an API that requires a claim', () => {
  const claimed = { requireHumanApproval: 'claimed' } as const

  test('takes the word of the issuer for a passkey', async () => {
    expect(await verdict(claimed, bare())).toBe('ok')
  })

  test.each(['operator', 'enrolment', 'login', 'software-passkey'] as const)('refuses %s', async (method) => {
    const { links } = await makeApprovedChain({ method })
    expect(await verdict(claimed, bare(links))).toBe('approval_required')
  })

  test('refuses a root that says nothing of it', async () => {
    const links = await makeChain([{ tamper: withoutApproval }, {}, {}])
    expect(await verdict(claimed, bare(links))).toBe('approval_required')
  })
})

describe('an API that requires a proof', () => {
  test('takes evidence that verifies', async () => {
    expect(await verdict(PROVEN, showing())).toBe('ok')
  })

  test('asks for evidence that was not shown', async () => {
    const refusal = await refusalOf(makeWorld(PROVEN).verifier.verify(await bare()))
    expect(refusal).toMatchObject({ code: 'approval_required', missing: ['approval-evidence'] })
  })

  test.each(['operator', 'enrolment', 'login', 'software-passkey'] as const)(
    'refuses %s, and asks for no evidence',
    async (method) => {
      const { links, field } = await makeApprovedChain({ method })
      const refusal = await refusalOf(makeWorld(PROVEN).verifier.verify(await showing(field, links)))
      expect(refusal).toMatchObject({ code: 'approval_required' })
      expect(refusal?.missing).toBeUndefined()
    },
  )

  test('refuses a software passkey that the root calls a passkey', async () => {
    const { links, field } = await makeApprovedChain({ software: true, method: 'passkey' })
    expect(await verdict(PROVEN, showing(field, links))).toBe('evidence_invalid')
  })

  test('refuses evidence of another delegation', async () => {
    const other = await makeApprovedChain({ root: { purpose: 'Something else' } })
    expect(await verdict(PROVEN, showing(other.field))).toBe('evidence_invalid')
  })

  test('refuses evidence that was changed', async () => {
    const { evidence } = approved
    const changed = spell({ ...evidence, requests: [{ id: 'request-1', version: 2 }] })
    expect(await verdict(PROVEN, showing(changed))).toBe('evidence_invalid')
  })

  test.each([
    ['nothing', '::'],
    ['no byte sequence', '"{}"'],
    ['the document as a text', JSON.stringify(canonicalizeJson(approved.evidence))],
    ['no structured field', '{}'],
    ['no JSON', ':e30gfQ==:'],
    ['no object', ':W10=:'],
    ['parameters', `${approved.field};v=2`],
    ['two documents', `${approved.field}, ${approved.field}`],
    ['too much', `:${'QUFB'.repeat(5500)}:`],
  ])('refuses %s', async (_, field) => {
    expect(await verdict(PROVEN, showing(field))).toBe('evidence_invalid')
  })

  test('tells an agent of the part that failed only after its signature verified', async () => {
    const other = await makeApprovedChain({ root: { purpose: 'Something else' } })
    const request = await showing(other.field)
    const tampered = { ...request, target: '/v1/items?b=2&a=2' }
    expect(await codeOf(tampered, makeWorld(PROVEN))).toBe('signature_invalid')
  })

  test('looks at it after the capability and before the nonce is used up', async () => {
    const outside = await bare(approved.links, { target: '/v2/other' })
    expect(await codeOf(outside, makeWorld(PROVEN))).toBe('scope_exceeded')
    const world = makeWorld(PROVEN)
    const request = await bare()
    expect(await codeOf(request, world)).toBe('approval_required')
    expect(await codeOf(request, world)).toBe('approval_required')
  })
})

describe('evidence that was shown', () => {
  test('is remembered with the chain, shown in full or named', async () => {
    const world = makeWorld({ ...PROVEN, chainCache: { offerReferences: true } })
    expect(await codeOf(await showing(), world)).toBe('ok')
    expect(await codeOf(await bare(), world)).toBe('ok')
    expect(await codeOf(await named(), world)).toBe('ok')
  })

  test('is asked for again by a verifier that holds the chain but never saw it', async () => {
    const world = makeWorld({ ...PROVEN, chainCache: { offerReferences: true } })
    expect(await codeOf(await bare(), world)).toBe('approval_required')
    expect(await codeOf(await named(), world)).toBe('approval_required')
    expect(await codeOf(await showing(), world)).toBe('ok')
    expect(await codeOf(await named(), world)).toBe('ok')
  })

  test('is not remembered when it was wrong', async () => {
    const world = makeWorld(PROVEN)
    expect(await codeOf(await showing(':e30=:'), world)).toBe('evidence_invalid')
    expect(await codeOf(await bare(), world)).toBe('approval_required')
  })

  test('is asked for each time where no chain is kept', async () => {
    const world = makeWorld({ ...PROVEN, chainCache: 'off' })
    expect(await codeOf(await showing(), world)).toBe('ok')
    expect(await codeOf(await bare(), world)).toBe('approval_required')
  })

  test('must be covered by the signature, whether or not it is asked for', async () => {
    const late = addLines(await bare(), ['Approval-Evidence', approved.field])
    for (const options of [{}, PROVEN]) {
      const refusal = await refusalOf(makeWorld({ ...options }).verifier.verify(late))
      expect(refusal).toMatchObject({ code: 'component_missing', missing: ['approval-evidence'] })
    }
  })

  test('is one line', async () => {
    const twice = addLines(await showing(), ['Approval-Evidence', approved.field])
    expect(await codeOf(twice, makeWorld(PROVEN))).toBe('header_ambiguous')
    const alias = addLines(await bare(), ['Approval_Evidence', approved.field])
    expect(await codeOf(alias, makeWorld(PROVEN))).toBe('header_ambiguous')
  })
})

describe('pinned passkeys', () => {
  test('are the only ones', async () => {
    expect(await verdict({ ...PROVEN, approvalPasskeys: [passkey.publicKey] }, showing())).toBe('ok')
    expect(await verdict({ ...PROVEN, approvalPasskeys: ['pAEB'] }, showing())).toBe('evidence_invalid')
  })
})

describe('options that contradict themselves are refused', () => {
  test.each<[string, HumanApprovalOptions]>([
    ['pins without a requirement', { approvalPasskeys: ['pAEB'] }],
    ['pins of a claim', { requireHumanApproval: 'claimed', approvalPasskeys: ['pAEB'] }],
    ['no pins at all', { requireHumanApproval: 'proven', approvalPasskeys: [] }],
  ])('%s', (_, options) => {
    expect(() => makeWorld({ ...options })).toThrow(TypeError)
  })

  test('an unknown requirement', () => {
    const options: object = { requireHumanApproval: 'yes' }
    expect(() => makeWorld({ ...options })).toThrow(TypeError)
  })
})

function named(): Promise<IncomingRequest> {
  const cid = digestDelegationChain(approved.links)
  return makeRequest(approved.links, {
    signatureKey: serializeSignatureKey('sig', { scheme: 'cached', cid }),
    without: ['delegation-chain'],
  })
}

function withoutApproval(payload: JsonObject): JsonObject {
  const { credentialSubject } = payload
  if (credentialSubject === undefined || !isJsonObject(credentialSubject))
    throw new TypeError('There is no subject')
  const { approval: _, ...subject } = credentialSubject
  return { ...payload, credentialSubject: subject }
}

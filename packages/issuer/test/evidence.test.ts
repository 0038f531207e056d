import { canonicalizeJson, digestSha256, isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { parseCompactJws } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { verifyEvidence } from '../src/index.ts'
import { ALICE, createWorld } from './support/issuer-world.ts'

const invalid = expect.objectContaining({ code: 'evidence_invalid' })

async function obtain(): Promise<{
  payload: JsonObject
  evidence: JsonObject
  operator: string
  request: string
}> {
  const world = await createWorld()
  const { delegation, evidence } = await world.obtain()
  const { payload } = parseCompactJws(delegation, { maxBytes: 12_000 })
  const request = [...world.store.state().requests.keys()][0] ?? ''
  return { payload, evidence, operator: world.operator.did, request }
}

const object = (value: JsonValue | undefined): JsonObject => {
  if (!isJsonObject(value)) throw new Error('not an object')
  return value
}

describe('the evidence of an approval', () => {
  test('is what the delegation names by digest', async () => {
    const { payload, evidence } = await obtain()
    const approval = object(object(payload.credentialSubject).approval)
    expect(approval).toEqual({ method: 'operator', digest: digestSha256(canonicalizeJson(evidence)) })
    expect(verifyEvidence(payload, evidence)).toBe(evidence)
  })

  test('says who approved what, when and how', async () => {
    const { evidence, operator, request } = await obtain()
    expect(evidence).toMatchObject({
      type: 'behalf-approval-evidence',
      version: 1,
      method: 'operator',
      by: operator,
      at: '2026-11-24T12:00:00.000Z',
      request: { id: request, version: 1 },
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/u),
    })
  })

  test('holds the whole payload but the digest and the time of signing', async () => {
    const { payload, evidence } = await obtain()
    const approved = object(evidence.payload)
    expect(approved.iat).toBeUndefined()
    expect(approved.credentialStatus).toEqual(payload.credentialStatus)
    expect(approved.id).toBe(payload.id)
    const subject = object(approved.credentialSubject)
    expect(subject.approval).toEqual({ method: 'operator' })
    expect(subject.onBehalfOf).toEqual(ALICE)
    const { iat, ...rest } = payload
    expect(iat).toBeTypeOf('number')
    expect(Object.keys(approved).toSorted()).toEqual(Object.keys(rest).toSorted())
  })

  test('differs for two approvals of the same terms', async () => {
    const world = await createWorld()
    const [one, two] = [await world.obtain(), await world.obtain()]
    expect(one.evidence.nonce).not.toBe(two.evidence.nonce)
  })

  test('is refused when it is of another delegation', async () => {
    const [one, world] = [await obtain(), await createWorld()]
    const other = await world.obtain({ purpose: 'Something else' })
    expect(() => verifyEvidence(one.payload, other.evidence)).toThrow(invalid)
  })

  test('is refused when anything in it was changed', async () => {
    const { payload, evidence } = await obtain()
    for (const name of Object.keys(evidence)) {
      expect(() => verifyEvidence(payload, { ...evidence, [name]: 'changed' })).toThrow(invalid)
    }
  })

  test('is refused when the delegation says more than was approved, though the digest is right', async () => {
    const { payload, evidence } = await obtain()
    const subject = object(payload.credentialSubject)
    const wider = { ...payload, credentialSubject: { ...subject, maxDelegationDepth: 7 } }
    expect(() => verifyEvidence(wider, evidence)).toThrow(invalid)
    expect(() => verifyEvidence({ ...payload, exp: 1 }, evidence)).toThrow(invalid)
  })

  test('is refused when the method differs, though the digest is right', async () => {
    const { payload, evidence } = await obtain()
    const passkey = { ...evidence, method: 'passkey' }
    const digest = digestSha256(canonicalizeJson(passkey))
    const subject = { ...object(payload.credentialSubject), approval: { method: 'operator', digest } }
    expect(() => verifyEvidence({ ...payload, credentialSubject: subject }, passkey)).toThrow(invalid)
  })

  test('is refused for a delegation without an approval, and without a payload', async () => {
    const { payload, evidence } = await obtain()
    expect(() => verifyEvidence({ ...payload, credentialSubject: {} }, evidence)).toThrow(invalid)
    expect(() => verifyEvidence({}, evidence)).toThrow(invalid)
    const empty = { method: 'operator' }
    const approval = { method: 'operator', digest: digestSha256(canonicalizeJson(empty)) }
    expect(() => verifyEvidence({ credentialSubject: { approval } }, empty)).toThrow(invalid)
  })
})

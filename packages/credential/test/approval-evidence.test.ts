import { encodeBase64url, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseApprovalEvidence } from '../src/index.ts'
import { approveRoot } from './support/approvals.ts'
import { withMember } from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

let evidence: JsonObject
let assertion: JsonObject

beforeAll(async () => {
  const approved = await approveRoot()
  evidence = parseJson(JSON.stringify(approved.evidence)) as JsonObject
  assertion = parseJson(JSON.stringify(approved.evidence.assertions[0] ?? {})) as JsonObject
})

const withAssertion = (path: string, value: JsonValue | undefined): JsonObject => ({
  ...evidence,
  assertions: [withMember(assertion, path, value)],
})

describe('evidence in its form', () => {
  test('is read as it is', () => {
    expect(parseApprovalEvidence(evidence)).toEqual(evidence)
  })

  test.each<[string, JsonValue | undefined]>([
    ['type', 'other'],
    ['type', undefined],
    ['version', 1],
    ['version', '2'],
    ['method', 'word of mouth'],
    ['requests', {}],
    ['requests', [{ id: 'r', version: 0 }]],
    ['requests', [{ id: '', version: 1 }]],
    ['requests', [{ id: 'r', version: 1, more: 1 }]],
    ['approved', []],
    ['approved.payloads', 'x'],
    ['approved.payloads', [1]],
    ['approved.renderer', 0],
    ['approved.renderer', '1'],
    ['approved.sentences', ['x']],
    ['approved.sentences', [[1]]],
    ['approved.more', 1],
    ['assertions', {}],
    ['assertions', [1]],
    ['by', 1],
    ['at', 'yesterday'],
    ['nonce', encodeBase64url(new Uint8Array(15))],
    ['more', 1],
  ])('is refused with another %s: %j', (path, value) => {
    expect(codeOf(() => parseApprovalEvidence(withMember(evidence, path, value)))).toBe(
      'credential_malformed',
    )
  })

  test.each<[string, JsonValue | undefined]>([
    ['by', ''],
    ['at', '2026-11-24T12:00:00.000Z'],
    ['at', undefined],
    ['nonce', encodeBase64url(new Uint8Array(15))],
    ['nonce', `${encodeBase64url(new Uint8Array(16))}=`],
    ['rp_id', undefined],
    ['origin', 1],
    ['authenticator_data', undefined],
    ['client_data_json', undefined],
    ['signature', undefined],
    ['passkey', 'x'],
    ['passkey.id', undefined],
    ['passkey.public_key', 1],
    ['passkey.software', 'no'],
    ['passkey.software', undefined],
    ['passkey.more', 1],
    ['more', 1],
  ])('is refused with an assertion with another %s: %j', (path, value) => {
    expect(codeOf(() => parseApprovalEvidence(withAssertion(path, value)))).toBe('credential_malformed')
  })

  test.each<[string, string, JsonValue | undefined]>([
    ['requests.id', 'requests', [{ version: 1 }]],
    ['requests.version', 'requests', [{ id: 'r' }]],
    ['requests', 'requests', ['r']],
    ['approved', 'approved', 'x'],
    ['payloads', 'approved.payloads', {}],
    ['payloads', 'approved.payloads', ['x']],
    ['renderer', 'approved.renderer', undefined],
    ['sentences', 'approved.sentences', {}],
    ['sentences', 'approved.sentences', ['x']],
    ['sentences', 'approved.sentences', [['']]],
    ['enrolment', 'approved.enrolment', 'x'],
    ['max_seconds', 'approved.enrolment', { valid_until: '2026-11-24T12:00:00Z' }],
    ['valid_until', 'approved.enrolment', { max_seconds: 1 }],
    ['assertions', 'assertions', 'x'],
    ['assertions', 'assertions', ['x']],
    ['by', 'by', ''],
    ['at', 'at', ''],
    ['nonce', 'nonce', ''],
    ['nonce', 'nonce', '*'],
  ])('names the member %s when %s is %j', (field, path, value) => {
    const changed = withMember({ ...evidence, version: 3 }, path, value)
    expect(refusalOf(() => parseApprovalEvidence(changed))).toMatchObject({ field })
  })

  test.each([
    'by',
    'at',
    'nonce',
    'rp_id',
    'origin',
    'passkey',
    'passkey.id',
    'passkey.public_key',
    'passkey.software',
    'authenticator_data',
    'client_data_json',
    'signature',
  ])('names the member %s of an assertion', (path) => {
    for (const value of [undefined, 1]) {
      const changed = withAssertion(path, value)
      expect(refusalOf(() => parseApprovalEvidence(changed))).toMatchObject({ field: path })
    }
  })

  test.each([null, 'text', []])('is not %j', (value) => {
    expect(codeOf(() => parseApprovalEvidence(value))).toBe('credential_malformed')
  })
})

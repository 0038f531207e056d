import { parseCapabilities } from '@behalf/credential'
import type { DelegationRecord, DelegationRequest, Enrolment, KnownCapability } from '@behalf/issuer'
import { describe, expect, test } from 'vitest'
import { ANSWERS } from '../src/answer-schemas.ts'
import { approveSchema, newRequestSchema, revocationSchema } from '../src/body-schemas.ts'
import { defined } from '../src/defined.ts'
import { optional, readCapabilities, readJsonColumn, readNumber, readText } from '../src/json-column.ts'
import { MAX_BODY_BYTES, readBody, readId, readListNumber, readQuery } from '../src/read-input.ts'
import { readOnBehalfOf } from '../src/request-rows.ts'
import { delegationToWire, enrolmentToWire, receiptToWire, requestToWire } from '../src/to-wire.ts'
import { START } from './support/authority-world.ts'

const WIRE = [{ type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/x'] }]
const CAPABILITIES = parseCapabilities(WIRE) as readonly KnownCapability[]
const OPTIONS = { origin: 'https://authority.test', now: START }
const UUID = 'urn:uuid:00000000-0000-4000-8000-000000000000'
const REQUEST: DelegationRequest = {
  id: UUID,
  version: 1,
  agent: 'did:key:zAgent',
  terms: {
    onBehalfOf: { id: 'acct-42' },
    capabilities: CAPABILITIES,
    validForSeconds: 600,
    maxDelegationDepth: 0,
    purpose: 'Sum up',
  },
  policy: { id: 'ask', digest: 'sha-256:x', decision: 'ask-one' },
  status: 'pending',
  requestedAt: START,
  expiresAt: START + 900_000,
  approvals: [],
}
const refused = (field: string): unknown => expect.objectContaining({ code: 'input_invalid', field })

describe('the wire form', () => {
  test('of a bare request has what is there and nothing else', () => {
    const wire = requestToWire(REQUEST, OPTIONS)
    expect(ANSWERS.request.safeParse(wire).success).toBe(true)
    expect(wire).toEqual({
      id: UUID,
      version: 1,
      status: 'pending',
      agent: 'did:key:zAgent',
      on_behalf_of: { id: 'acct-42' },
      capabilities: WIRE,
      valid_for_seconds: 600,
      max_delegation_depth: 0,
      purpose: 'Sum up',
      policy: { id: 'ask', digest: 'sha-256:x', decision: 'ask-one' },
      approval_url: `https://authority.test/approve/${UUID}`,
      requested_at: '2026-11-24T12:00:00.000Z',
      expires_at: '2026-11-24T12:15:00.000Z',
    })
  })

  test('of a full request has everything', () => {
    const full: DelegationRequest = {
      ...REQUEST,
      agentName: 'Summariser',
      terms: { ...REQUEST.terms, maxUses: 3, workflow: { id: 'triage', run: '7' } },
      policy: { ...REQUEST.policy, reason: 'Someone looks' },
      status: 'approved',
      lastPolledAt: START,
      decidedAt: START + 1,
      decidedBy: 'did:key:zOperator',
      reason: 'Fine',
      delegationId: UUID,
      collectedAt: START + 2,
    }
    const wire = requestToWire(full, OPTIONS)
    expect(ANSWERS.request.safeParse(wire).success).toBe(true)
    expect(wire).toMatchObject({
      agent_name: 'Summariser',
      max_uses: 3,
      workflow: { id: 'triage', run: '7' },
      policy: { reason: 'Someone looks' },
      decided_at: '2026-11-24T12:00:00.001Z',
      decided_by: 'did:key:zOperator',
      reason: 'Fine',
      delegation_id: UUID,
    })
    expect(JSON.stringify(wire)).not.toMatch(/polled|collected/u)
  })

  test('of a request tells that its time is over', () => {
    const at = (now: number): unknown => requestToWire(REQUEST, { ...OPTIONS, now }).status
    expect([at(START + 899_999), at(START + 900_000)]).toEqual(['pending', 'expired'])
    expect(
      requestToWire({ ...REQUEST, status: 'refused' }, { ...OPTIONS, now: START + 900_000 }).status,
    ).toBe('refused')
  })

  test('of a receipt is short', () => {
    const wire = receiptToWire(REQUEST, { ...OPTIONS, intervalSeconds: 2 })
    expect(ANSWERS.receipt.safeParse(wire).success).toBe(true)
    expect(Object.keys(wire)).toHaveLength(6)
  })

  test('of an enrolment leaves out what has no end', () => {
    const enrolment: Enrolment = {
      id: UUID,
      agent: 'did:key:zAgent',
      onBehalfOf: { id: 'acct-42' },
      capabilities: CAPABILITIES,
      maxSeconds: 600,
      maxDelegationDepth: 0,
      createdAt: START,
      createdBy: 'did:key:zOperator',
    }
    expect(ANSWERS.enrolment.safeParse(enrolmentToWire(enrolment)).success).toBe(true)
    expect(enrolmentToWire(enrolment)).not.toHaveProperty('valid_until')
    expect(enrolmentToWire({ ...enrolment, validUntil: START })).toHaveProperty('valid_until')
  })

  test('of a delegation reads its terms from what is signed', () => {
    const delegation: DelegationRecord = {
      id: UUID,
      rootId: UUID,
      parentId: UUID,
      delegator: 'did:key:zAgent',
      subject: 'did:key:zSub',
      onBehalfOf: { id: 'acct-42' },
      validFrom: START,
      validUntil: START + 1000,
      status: { list: 1, index: 7 },
      payload: { credentialSubject: { capabilities: WIRE, purpose: 'Sum up' } },
      createdAt: START,
    }
    const wire = delegationToWire(delegation, OPTIONS)
    expect(ANSWERS.delegations.safeParse({ delegations: [wire] }).success).toBe(true)
    expect(wire).toMatchObject({ capabilities: WIRE, purpose: 'Sum up', status: 'active', parent_id: UUID })
    // Where a place in a list is is nobody's business but the list's.
    expect(JSON.stringify(wire)).not.toContain('index')
    expect(delegationToWire({ ...delegation, payload: {} }, OPTIONS)).not.toHaveProperty('purpose')
    const below = delegationToWire({ ...delegation, revokedAbove: UUID }, OPTIONS)
    expect(below).toMatchObject({ status: 'revoked', revoked_above: UUID })
    expect(ANSWERS.delegations.safeParse({ delegations: [below] }).success).toBe(true)
  })
})

describe('reading a body', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const read = (text: string, contentType: string | undefined = 'application/json'): unknown =>
    readBody(approveSchema, { body: bytes(text), contentType })

  test('gives what the schema says', () => {
    expect(read('{"version":1,"narrow":{"max_uses":2}}')).toEqual({ version: 1, narrow: { max_uses: 2 } })
    expect(read('{"version":1}', 'application/json;charset=UTF-8')).toEqual({ version: 1 })
  })

  test('takes an empty one for an empty object', () => {
    expect(() => read('', undefined)).toThrow(refused('version'))
  })

  test('wants to be told that it is JSON', () => {
    expect(() => readBody(approveSchema, { body: bytes('{"version":1}'), contentType: undefined })).toThrow(
      refused('content-type'),
    )
    expect(() => read('{"version":1}', 'application/jsonp')).toThrow(refused('content-type'))
  })

  test('has an end', () => {
    expect(() => read(`{"version":1,"x":"${'x'.repeat(MAX_BODY_BYTES)}"}`)).toThrow(refused('body'))
  })

  test('of one kind or the other says what was meant', () => {
    const readEither = (value: unknown): unknown =>
      readBody(revocationSchema, { body: bytes(JSON.stringify(value)), contentType: 'application/json' })
    expect(readEither({ agent: 'x', reason: 'y' })).toEqual({ agent: 'x', reason: 'y' })
    expect(() => readEither({ agent: 7 })).toThrow(refused('agent'))
    expect(() => readEither({ delegation: 'x', reason: {} })).toThrow(refused('reason'))
  })

  test('passes capabilities on as they are', () => {
    const body = { on_behalf_of: { id: 'a' }, capabilities: [{ odd: 1 }], purpose: 'x' }
    expect(
      readBody(newRequestSchema, { body: bytes(JSON.stringify(body)), contentType: 'application/json' }),
    ).toEqual(body)
  })
})

describe('reading a path and a query', () => {
  test('takes ids in their one spelling', () => {
    expect(readId(UUID)).toBe(UUID)
    for (const text of ['', 'x', UUID.toUpperCase(), UUID.slice(9), ` ${UUID}`, `${UUID}\n`, `${UUID}0`]) {
      expect(() => readId(text)).toThrow(expect.objectContaining({ code: 'not_found' }))
    }
  })

  test('takes numbers in their one spelling', () => {
    expect(readListNumber('12')).toBe(12)
    for (const text of ['0', '01', '+1', '1.0', '1e1', '0x1', ' 1', '9999999999', '１']) {
      expect(() => readListNumber(text)).toThrow(expect.objectContaining({ code: 'not_found' }))
    }
  })

  test('takes each name once', () => {
    const search = new URLSearchParams('version=1&version=2')
    expect(() => readQuery(approveSchema, search)).toThrow(refused('query'))
  })
})

describe('columns', () => {
  test('that hold something else than they should are faults, not answers', () => {
    for (const run of [
      () => readJsonColumn('[]'),
      () => readJsonColumn('{'),
      () => readText(7),
      () => readText(undefined),
      () => readNumber('7'),
      () => readOnBehalfOf('x'),
      () => readOnBehalfOf({ id: 7 }),
    ]) {
      expect(run).toThrow()
    }
  })

  test('of capabilities drop what is not understood', () => {
    expect(readCapabilities(WIRE)).toEqual(CAPABILITIES)
    expect(readCapabilities([...WIRE, { type: 'smtp' }])).toEqual(CAPABILITIES)
  })

  test('without a value have no member', () => {
    expect({ ...optional('a', null), ...optional('b', undefined), ...optional('c', 0) }).toEqual({ c: 0 })
    expect(Object.keys(defined({ a: undefined, b: 0, c: null }))).toEqual(['b', 'c'])
  })
})

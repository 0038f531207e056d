import { encodeBase64url, type JsonObject } from '@behalf/core'
import {
  approvedPart,
  createApprovalChallenge,
  createDelegationPayload,
  renderApproval,
} from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { EnrolBody, PreparedApproval } from '../src/api/approvals-api.ts'
import { type Chosen, checkPrepared } from '../src/model/check-prepared.ts'
import { problemWords } from '../src/words/problem-words.ts'

const AGENT = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const OTHER = 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG'
const NOW = Date.UTC(2026, 0, 1)
const ENROL: EnrolBody = { valid_until: '2026-01-02T00:00:00Z', max_seconds: 600 }
const CHOSEN: Chosen = { requests: [{ agent: AGENT, on_behalf_of: { id: 'alice' } }], enrol: undefined }

function payloadOf(
  change: { readonly subject?: string; readonly id?: string; readonly path?: string } = {},
): JsonObject {
  return approvedPart(
    createDelegationPayload(
      {
        id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
        issuer: OTHER,
        subject: change.subject ?? AGENT,
        onBehalfOf: { id: change.id ?? 'alice' },
        capabilities: [
          {
            type: 'http',
            locations: ['https://api.example'],
            actions: ['GET'],
            paths: [change.path ?? '/issues/**'],
          },
        ],
        maxDelegationDepth: 0,
        purpose: 'Sort new issues',
        validFrom: NOW,
        validUntil: NOW + 600_000,
        status: {
          id: 'https://authority.example/status/lists/1#7',
          type: 'BitstringStatusListEntry',
          statusPurpose: 'revocation',
          statusListIndex: '7',
          statusListCredential: 'https://authority.example/status/lists/1',
        },
      },
      NOW,
    ),
  )
}

/** What an authority prepares that tells the truth about these payloads; a lie replaces what it says. */
function prepared(
  lie: Partial<PreparedApproval> = {},
  terms: { readonly payloads?: readonly JsonObject[]; readonly enrolment?: EnrolBody } = {},
): PreparedApproval {
  const { payloads = [payloadOf()], enrolment } = terms
  const approved = { payloads, renderer: 1, ...(enrolment && { enrolment }) }
  const sentences = renderApproval(approved)
  const nonce = 'AAAAAAAAAAAAAAAAAAAAAA'
  const challenge = encodeBase64url(createApprovalChallenge({ ...approved, sentences, nonce }))
  return {
    ...approved,
    approval: 'draft-1',
    sentences,
    nonce,
    expires_at: '2026-01-01T00:05:00Z',
    options: { challenge },
    ...lie,
  }
}

const challengeOf = (lying: PreparedApproval): string => encodeBase64url(createApprovalChallenge(lying))
const check = (answer: PreparedApproval, chosen: Partial<Chosen> = {}): (() => void) => {
  return () => checkPrepared(answer, { ...CHOSEN, ...chosen })
}

describe('what an honest authority prepared', () => {
  test('may be signed', () => {
    expect(check(prepared())).not.toThrow()
    expect(check(prepared({}, { enrolment: ENROL }), { enrol: ENROL })).not.toThrow()
  })

  test('may give the agent less by itself than was chosen', () => {
    const enrolment = { valid_until: '2026-01-01T12:00:00Z', max_seconds: 60 }
    expect(check(prepared({}, { enrolment }), { enrol: ENROL })).not.toThrow()
  })
})

describe('an authority that lies', () => {
  const wide = payloadOf({ path: '/**' })

  test('about the words of what is signed', () => {
    const { sentences } = prepared()
    const lie = { ...prepared({}, { payloads: [wide] }), sentences }
    const consistent = { ...lie, options: { challenge: challengeOf(lie) } }
    expect(check(consistent)).toThrow('Its sentences are not what the terms say.')
  })

  test('about the terms of what is signed', () => {
    const { options } = prepared({}, { payloads: [wide] })
    expect(check(prepared({ options }))).toThrow('Your passkey would sign something else.')
  })

  test.each([
    ['for another agent', { subject: OTHER }, 'It prepared terms for another agent.'],
    ['for another person', { id: 'mallory' }, 'It prepared terms on behalf of somebody else.'],
  ])('with terms %s', (_, change, message) => {
    expect(check(prepared({}, { payloads: [payloadOf(change)] }))).toThrow(message)
  })

  test('with one request more', () => {
    expect(check(prepared({}, { payloads: [payloadOf(), wide] }))).toThrow('another number of requests')
  })

  test.each<[string, EnrolBody | undefined, EnrolBody | undefined]>([
    ['nothing was chosen', ENROL, undefined],
    ['less was chosen', ENROL, { ...ENROL, max_seconds: 599 }],
    ['an earlier end was chosen', ENROL, { ...ENROL, valid_until: '2026-01-01T23:59:59Z' }],
    ['it was chosen and is not there', undefined, ENROL],
  ])('about what the agent may have by itself: %s', (_, enrolment, enrol) => {
    const answer = prepared({}, enrolment ? { enrolment } : {})
    expect(check(answer, { enrol })).toThrow('than was chosen')
  })

  test('with a renderer that does not exist, or terms that are none', () => {
    expect(check(prepared({ renderer: 99 }))).toThrow('Its terms cannot be read.')
    const empty = { credentialSubject: { id: AGENT, onBehalfOf: { id: 'alice' } } }
    expect(check(prepared({ payloads: [empty] }))).toThrow('Its terms cannot be read.')
  })

  test('is told of in words that say what to do', () => {
    let words: unknown
    try {
      check(prepared({ nonce: 'BAAAAAAAAAAAAAAAAAAAAA' }))()
    } catch (error) {
      words = problemWords(error)
    }
    expect(words).toEqual({
      title: 'The authority does not show what you would sign.',
      next: 'Your passkey would sign something else. Nothing was approved. Tell whoever runs this authority, and do not try again.',
    })
  })
})

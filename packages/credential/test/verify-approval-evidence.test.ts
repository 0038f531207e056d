import { encodeBase64url, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovalStatement,
  CredentialError,
  type Delegation,
  parseDelegation,
  type VerifyApprovalEvidenceOptions,
  verifyApprovalEvidence,
} from '../src/index.ts'
import { MINUTE, NOW } from './support/actors.ts'
import {
  type Approved,
  approveRoot,
  assertApproval,
  createEvidence,
  PAGE,
  PRINCIPAL,
  passkeyOf,
  renderAll,
  signApproved,
  TERMS,
} from './support/approvals.ts'
import { rootPayload, signValidChain } from './support/delegations.ts'
import { explained } from './support/refusal.ts'

const ASK_TWO = { policy: { id: 'ask', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-two' } }
const STATEMENT: ApprovalStatement = {
  method: 'operator',
  by: 'did:key:operator',
  at: '2026-11-24T12:00:00Z',
  nonce: encodeBase64url(new Uint8Array(16)),
}

/** The field of the refusal, with the rule of WebAuthn when it was one. */
async function refusalOf(
  { evidence, delegation }: { readonly evidence: JsonValue; readonly delegation: Delegation },
  options: Partial<VerifyApprovalEvidenceOptions> = {},
): Promise<string> {
  try {
    await verifyApprovalEvidence(evidence, { delegation, ...options })
    return 'ok'
  } catch (error) {
    if (!(error instanceof CredentialError) || error.code !== 'evidence_invalid') throw error
    explained(error)
    return [error.field, ...(error.webauthn === undefined ? [] : [error.webauthn])].join(' ')
  }
}

/** Evidence that was changed, and a root of the same terms that names it as it is now. */
async function changed(
  change: (evidence: ApprovalEvidence) => ApprovalEvidence,
  { evidence, delegation }: Approved,
): Promise<Approved> {
  const next = change(evidence)
  const [payload = {}] = evidence.approved.payloads
  return { evidence: next, delegation: await signApproved(withIat(payload, delegation), next) }
}

function withIat(payload: JsonObject, { issuedAt }: Delegation): JsonObject {
  return { ...payload, iat: issuedAt / 1000 }
}

function withAssertion(evidence: ApprovalEvidence, changes: Partial<ApprovalAssertion>): ApprovalEvidence {
  return { ...evidence, assertions: evidence.assertions.map((assertion) => ({ ...assertion, ...changes })) }
}

describe('evidence of one person', () => {
  test('tells who approved what with which passkey', async () => {
    const { evidence, delegation } = await approveRoot()
    const passkey = passkeyOf(1)
    expect(await verifyApprovalEvidence(evidence, { delegation })).toEqual({
      method: 'software-passkey',
      digest: delegation.approval?.digest,
      requests: [{ id: 'request-0', version: 1 }],
      renderer: 1,
      sentences: renderAll([rootPayload(TERMS)])[0],
      approvals: [
        {
          by: PRINCIPAL,
          at: NOW,
          passkey: { id: passkey.id, publicKey: passkey.publicKey, software: true },
          rpId: 'authority.test',
          origin: PAGE,
        },
      ],
      isProven: false,
    })
  })

  test('proves when the passkey is not a program, as far as the authority knows', async () => {
    const approved = await approveRoot({}, async (payload) => [
      await assertApproval({ payloads: [payload], software: false }),
    ])
    const { method, isProven } = await verifyApprovalEvidence(approved.evidence, approved)
    expect([method, isProven]).toEqual(['passkey', true])
  })

  test('survives JSON', async () => {
    const { evidence, delegation } = await approveRoot()
    expect(await refusalOf({ evidence: JSON.parse(JSON.stringify(evidence)), delegation })).toBe('ok')
  })

  test('is for a root', async () => {
    const links = await signValidChain(2)
    const { evidence } = await approveRoot()
    const delegation = parseDelegation(links[1] ?? '')
    await expect(verifyApprovalEvidence(evidence, { delegation })).rejects.toThrow(
      new TypeError('The delegation is not a root'),
    )
  })
})

describe('evidence and delegation', () => {
  test('a delegation without approval has no evidence', async () => {
    const { evidence } = await approveRoot()
    const [root = ''] = await signValidChain(1)
    expect(await refusalOf({ evidence, delegation: parseDelegation(root) })).toBe('approval')
  })

  test('another document has another digest', async () => {
    const { evidence, delegation } = await approveRoot()
    const other = { ...evidence, requests: [{ id: 'request-0', version: 2 }] }
    expect(await refusalOf({ evidence: other, delegation })).toBe('digest')
  })

  test('the method of both is the same', async () => {
    const { evidence, delegation } = await approveRoot()
    const { digest = '' } = delegation.approval ?? {}
    const lying = { ...delegation, approval: { method: 'passkey' as const, digest } }
    expect(await refusalOf({ evidence, delegation: lying })).toBe('method')
  })

  test('the terms of both are the same', async () => {
    const { evidence } = await approveRoot()
    const wider = await signApproved(rootPayload({ ...TERMS, validUntil: NOW + 11 * MINUTE }), evidence)
    expect(await refusalOf({ evidence, delegation: wider })).toBe('payloads')
  })

  test('the sentences are those of the terms', async () => {
    const payloads = [rootPayload(TERMS)]
    const sentences = [['It may do nothing.']]
    const given = [await assertApproval({ payloads, sentences })]
    const evidence = {
      ...(await createEvidence(payloads, given)),
      approved: { payloads, renderer: 1, sentences },
    }
    const approved = await changed(
      (honest) => ({ ...evidence, approved: { ...honest.approved, sentences } }),
      await approveRoot(),
    )
    expect(await refusalOf(approved)).toBe('sentences')
  })

  test('the renderer is one that exists', async () => {
    const approved = await changed(
      (evidence) => ({ ...evidence, approved: { ...evidence.approved, renderer: 2 } }),
      await approveRoot(),
    )
    expect(await refusalOf(approved)).toBe('payloads')
  })

  test('there is one payload for each request', async () => {
    const approved = await changed((evidence) => ({ ...evidence, requests: [] }), await approveRoot())
    expect(await refusalOf(approved)).toBe('payloads')
  })
})

describe('evidence of several requests', () => {
  test('proves each of their delegations', async () => {
    const payloads = [rootPayload(TERMS), rootPayload({ ...TERMS, purpose: 'Another' })]
    const evidence = await createEvidence(payloads)
    for (const payload of payloads) {
      const delegation = await signApproved(payload, evidence)
      const { sentences } = await verifyApprovalEvidence(evidence, { delegation })
      expect(sentences).toEqual(renderAll([payload])[0])
    }
  })

  test('says nothing of a delegation that is not among them', async () => {
    const evidence = await createEvidence([rootPayload(TERMS), rootPayload({ ...TERMS, purpose: 'Another' })])
    const delegation = await signApproved(rootPayload({ ...TERMS, purpose: 'A third' }), evidence)
    expect(await refusalOf({ evidence, delegation })).toBe('payloads')
  })
})

describe('evidence of an enrolment along with an approval', () => {
  const ENROLMENT = { valid_until: '2026-11-25T12:00:00Z', max_seconds: 600 }
  const enrolled = (): Promise<Approved> => approveRoot({}, undefined, ENROLMENT)
  const withEnrolment = (evidence: ApprovalEvidence, enrolment: typeof ENROLMENT): ApprovalEvidence => {
    const { payloads } = evidence.approved
    const sentences = renderAll(payloads, enrolment)
    return { ...evidence, approved: { ...evidence.approved, sentences, enrolment } }
  }

  test('tells its bounds, and the sentence that was shown', async () => {
    const { evidence, delegation } = await enrolled()
    const verified = await verifyApprovalEvidence(evidence, { delegation })
    expect(verified.enrolment).toEqual({ validUntil: Date.UTC(2026, 10, 25, 12), maxSeconds: 600 })
    expect(verified.sentences.at(-1)).toBe(
      'Until 2026-11-25 12:00:00 UTC this key may get the same again by itself, for any purpose and as often as it asks, each time for at most 10 minutes: nobody is asked.',
    )
  })

  test.each([
    ['a later end', { ...ENROLMENT, valid_until: '2026-11-25T12:00:01Z' }],
    ['longer delegations', { ...ENROLMENT, max_seconds: 601 }],
  ])('%s than the person signed is refused, whatever the sentences say', async (_, enrolment) => {
    const approved = await changed((evidence) => withEnrolment(evidence, enrolment), await enrolled())
    expect(await refusalOf(approved)).toBe('client_data_json webauthn_challenge_invalid')
  })

  test('one that nobody signed is refused, and so is one left out', async () => {
    const added = await changed((evidence) => withEnrolment(evidence, ENROLMENT), await approveRoot())
    expect(await refusalOf(added)).toBe('client_data_json webauthn_challenge_invalid')
    const left = await changed(
      (evidence) => {
        const { enrolment: _, ...approved } = evidence.approved
        return { ...evidence, approved: { ...approved, sentences: renderAll(approved.payloads) } }
      },
      await enrolled(),
    )
    expect(await refusalOf(left)).toBe('client_data_json webauthn_challenge_invalid')
  })

  test('its sentence is shown', async () => {
    const approved = await changed(
      (evidence) => ({
        ...evidence,
        approved: { ...evidence.approved, sentences: renderAll(evidence.approved.payloads) },
      }),
      await enrolled(),
    )
    expect(await refusalOf(approved)).toBe('sentences')
  })

  test('takes a passkey', async () => {
    expect(await refusalOf(await approveRoot({}, async () => STATEMENT, ENROLMENT))).toBe('enrolment')
  })

  test('is nothing that version 2 knows, which verifies as before', async () => {
    const old = (evidence: ApprovalEvidence): ApprovalEvidence => ({ ...evidence, version: 2 })
    expect(await refusalOf(await changed(old, await approveRoot()))).toBe('ok')
    expect(await refusalOf(await changed(old, await enrolled()))).toBe('approved')
  })

  test.each([
    ['enrolment', { ...ENROLMENT, more: 1 }],
    ['valid_until', { ...ENROLMENT, valid_until: '2026-11-25T12:00:00.0Z' }],
    ['max_seconds', { ...ENROLMENT, max_seconds: 0 }],
  ])('has its form: %s', async (field, enrolment) => {
    const { evidence, delegation } = await enrolled()
    const wrong = { ...evidence, approved: { ...evidence.approved, enrolment } }
    expect(await refusalOf({ evidence: wrong, delegation })).toContain(field)
  })
})

describe('evidence of two people', () => {
  const two = (second: Parameters<typeof assertApproval>[0]['by'], passkey = passkeyOf(2)) =>
    approveRoot(ASK_TWO, async (payload) => [
      await assertApproval({ payloads: [payload] }),
      await assertApproval({ payloads: [payload], passkey, ...(second === undefined ? {} : { by: second }) }),
    ])

  test('has both assertions', async () => {
    const { evidence, delegation } = await two('bob')
    const { approvals } = await verifyApprovalEvidence(evidence, { delegation })
    expect(approvals.map(({ by }) => by)).toEqual([PRINCIPAL, 'bob'])
  })

  test('both may be asked to be pinned', async () => {
    const approved = await two('bob')
    const [first, second] = [passkeyOf(1).publicKey, passkeyOf(2).publicKey]
    expect(await refusalOf(approved, { passkeys: [first, second] })).toBe('ok')
    expect(await refusalOf(approved, { passkeys: [first] })).toBe('passkey.public_key')
    expect(await refusalOf(approved, { passkeys: [second] })).toBe('passkey.public_key')
  })

  test('one of them is not enough where the policy asks two', async () => {
    expect(await refusalOf(await approveRoot(ASK_TWO))).toBe('assertions')
  })

  test('a second one where the policy asks one is refused', async () => {
    const approved = await approveRoot({}, async (payload) => [
      await assertApproval({ payloads: [payload] }),
      await assertApproval({ payloads: [payload], by: 'bob', passkey: passkeyOf(2) }),
    ])
    expect(await refusalOf(approved)).toBe('assertions')
  })

  test('one person is not two', async () => {
    expect(await refusalOf(await two(undefined))).toBe('assertions')
  })

  test('one passkey is not two', async () => {
    expect(await refusalOf(await two('bob', passkeyOf(1)))).toBe('assertions')
  })

  test('the principal is the first', async () => {
    const { evidence, delegation } = await two('bob')
    const turned = await changed((honest) => ({ ...honest, assertions: honest.assertions.toReversed() }), {
      evidence,
      delegation,
    })
    expect(await refusalOf(turned)).toBe('by')
  })

  test('software of one is software of both', async () => {
    const { evidence } = await approveRoot(ASK_TWO, async (payload) => [
      await assertApproval({ payloads: [payload], software: false }),
      await assertApproval({ payloads: [payload], by: 'bob', passkey: passkeyOf(2) }),
    ])
    expect(evidence.method).toBe('software-passkey')
  })
})

describe('evidence without a passkey', () => {
  test.each(['operator', 'enrolment', 'login'] as const)('%s says so and proves nothing', async (method) => {
    const by = method === 'login' ? PRINCIPAL : STATEMENT.by
    const { evidence, delegation } = await approveRoot({}, async () => ({ ...STATEMENT, method, by }))
    const verified = await verifyApprovalEvidence(evidence, { delegation })
    expect(verified).toMatchObject({ method, isProven: false, approvals: [] })
    expect(verified.statement).toEqual({ by, at: NOW })
  })

  test.each(['operator', 'enrolment', 'login'] as const)('%s is never two people', async (method) => {
    const approved = await approveRoot(ASK_TWO, async () => ({ ...STATEMENT, method, by: PRINCIPAL }))
    expect(await refusalOf(approved)).toBe('assertions')
  })

  test('login is the principal’s own', async () => {
    const approved = await approveRoot({}, async () => ({ ...STATEMENT, method: 'login', by: 'bob' }))
    expect(await refusalOf(approved)).toBe('by')
  })

  test.each(['by', 'at', 'nonce'] as const)('needs its %s', async (name) => {
    const approved = await changed(
      (evidence) => {
        const { [name]: _, ...rest } = evidence
        return rest
      },
      await approveRoot({}, async () => STATEMENT),
    )
    expect(await refusalOf(approved)).toBe('method')
  })

  test('has no assertions', async () => {
    const { evidence } = await approveRoot()
    const approved = await changed(
      (statement) => ({ ...statement, assertions: evidence.assertions }),
      await approveRoot({}, async () => STATEMENT),
    )
    expect(await refusalOf(approved)).toBe('method')
  })
})

describe('evidence with a passkey', () => {
  test('says that a program is one', async () => {
    const approved = await changed((evidence) => ({ ...evidence, method: 'passkey' }), await approveRoot())
    expect(await refusalOf(approved)).toBe('method')
  })

  test('has no statement beside it', async () => {
    const approved = await changed((evidence) => ({ ...evidence, by: 'somebody' }), await approveRoot())
    expect(await refusalOf(approved)).toBe('by')
  })

  test('has a passkey', async () => {
    const approved = await changed(
      (evidence) => ({ ...evidence, method: 'passkey', assertions: [] }),
      await approveRoot(),
    )
    expect(await refusalOf(approved)).toBe('assertions')
  })

  test('may be asked to be a pinned one', async () => {
    const approved = await approveRoot()
    expect(await refusalOf(approved, { passkeys: [passkeyOf(1).publicKey] })).toBe('ok')
    expect(await refusalOf(approved, { passkeys: [passkeyOf(2).publicKey] })).toBe('passkey.public_key')
    expect(await refusalOf(approved, { passkeys: [] })).toBe('passkey.public_key')
  })

  test('may be asked to be of one relying party and origin', async () => {
    const approved = await approveRoot()
    expect(await refusalOf(approved, { rpId: 'authority.test', origins: [PAGE] })).toBe('ok')
    expect(await refusalOf(approved, { rpId: 'test' })).toBe('rp_id webauthn_rp_mismatch')
    expect(await refusalOf(approved, { origins: ['https://other.test'] })).toBe(
      'client_data_json webauthn_origin_mismatch',
    )
  })

  test('names the rule of WebAuthn that an assertion breaks', async () => {
    const other = encodeBase64url(new Uint8Array(16).fill(99))
    const approved = await changed(
      (evidence) => withAssertion(evidence, { nonce: other }),
      await approveRoot(),
    )
    expect(await refusalOf(approved)).toBe('client_data_json webauthn_challenge_invalid')
  })
})

import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { DELEGATION_CONTEXT_URL, type DelegationTerms, parseDelegation } from '../src/index.ts'
import { agent, issuer, MINUTE, NOW, otherIssuer } from './support/actors.ts'
import {
  CAPABILITY,
  type Edit,
  headerText,
  LIST_URL,
  rootPayload,
  signText,
  signUnchecked,
  statusEntry,
  uuid,
  withMember,
} from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

const CREDENTIALS = 'https://www.w3.org/ns/credentials/v2'
const DIGEST = digestSha256('anything')
const PARENT = { id: uuid(9), digest: DIGEST }

const codeForPayload = async (payload: JsonObject): Promise<string> => {
  const jws = await signUnchecked(payload)
  return codeOf(() => parseDelegation(jws))
}
const codeFor = async (path: string, value: JsonValue | undefined): Promise<string> =>
  await codeForPayload(withMember(rootPayload(), path, value))
const codeForHeader = async (header: JsonObject): Promise<string> => {
  const jws = await signUnchecked(rootPayload(), issuer, header)
  return codeOf(() => parseDelegation(jws))
}
const codeForText = async (payload: string): Promise<string> => {
  const jws = await signText(headerText(), payload)
  return codeOf(() => parseDelegation(jws))
}

describe('what is returned', () => {
  test('says what the payload says', async () => {
    const terms: Partial<DelegationTerms> = {
      onBehalfOf: { id: 'p', role: 'r', tenant: 't' },
      maxUses: 100,
      purpose: 'Sort the issues',
      workflow: { id: 'w', run: 'x' },
      policy: { id: 'default', digest: DIGEST, decision: 'ask-one' },
      approval: { method: 'passkey', digest: DIGEST },
    }
    const jws = await signUnchecked(rootPayload(terms))
    expect(parseDelegation(jws)).toEqual({
      ...terms,
      id: uuid(0),
      issuer: issuer.did,
      subject: agent(0).did,
      publicKey: agent(0).publicKey,
      capabilities: [CAPABILITY],
      maxDelegationDepth: 7,
      validFrom: NOW - MINUTE,
      validUntil: NOW + 10 * MINUTE,
      issuedAt: NOW,
      status: statusEntry(0),
      kid: issuer.kid,
      digest: digestSha256(jws),
      jws,
    })
  })

  test('an absent depth is 0, absent members stay absent', async () => {
    const payload = withMember(rootPayload(), 'credentialSubject.maxDelegationDepth', undefined)
    const delegation = parseDelegation(await signUnchecked(payload))
    expect(delegation.maxDelegationDepth).toBe(0)
    for (const name of ['maxUses', 'purpose', 'workflow', 'policy', 'approval', 'parent']) {
      expect(delegation).not.toHaveProperty(name)
    }
  })

  test('cannot be changed afterwards', async () => {
    const delegation = parseDelegation(await signUnchecked(rootPayload()))
    expect(Object.isFrozen(delegation)).toBe(true)
    expect(Object.isFrozen(delegation.capabilities)).toBe(true)
    expect(delegation.capabilities.every(Object.isFrozen)).toBe(true)
    expect(Object.isFrozen(delegation.status)).toBe(true)
    expect(Object.isFrozen(delegation.onBehalfOf)).toBe(true)
  })

  test('a child has a parent', async () => {
    const jws = await signUnchecked(rootPayload({ parent: PARENT }))
    expect(parseDelegation(jws).parent).toEqual(PARENT)
  })

  test('the signature is not looked at', async () => {
    const jws = await signUnchecked(rootPayload(), otherIssuer, { kid: issuer.kid })
    expect(parseDelegation(jws).issuer).toBe(issuer.did)
  })
})

describe('header', () => {
  test.each<[JsonObject, string]>([
    [{}, 'ok'],
    [{ cty: 'vc' }, 'ok'],
    [{ typ: 'at+jwt' }, 'credential_type_mismatch'],
    [{ typ: 'behalf-heartbeat+jwt' }, 'credential_type_mismatch'],
    [{ jku: 'https://attacker.test/jwks' }, 'issuer_untrusted'],
    [{ x5c: ['MII'] }, 'issuer_untrusted'],
    [{ crit: ['b64'], b64: false }, 'credential_malformed'],
    [{ kid: '../../dev/null' }, 'credential_malformed'],
    [{ kid: issuer.did }, 'credential_malformed'],
    [{ kid: otherIssuer.kid }, 'issuer_mismatch'],
  ])('%j: %s', async (header, code) => {
    expect(await codeForHeader(header)).toBe(code)
  })
})

describe('kind', () => {
  test.each<[JsonValue | undefined]>([
    [['DelegationCredential']],
    [['VerifiableCredential']],
    [['DelegationCredential', 'VerifiableCredential']],
    [['VerifiableCredential', 'DelegationCredential', 'Other']],
    [['VerifiableCredential', 'BitstringStatusListCredential']],
    ['DelegationCredential'],
    [undefined],
  ])('type %j', async (type) => {
    expect(await codeFor('type', type)).toBe('credential_type_mismatch')
  })

  test.each<[JsonValue | undefined]>([
    [[DELEGATION_CONTEXT_URL, CREDENTIALS]],
    [[CREDENTIALS]],
    [[CREDENTIALS, DELEGATION_CONTEXT_URL, 'https://attacker.test/ctx']],
    [[CREDENTIALS, { '@vocab': 'https://attacker.test/' }]],
    [CREDENTIALS],
    [undefined],
  ])('@context %j', async (context) => {
    expect(await codeFor('@context', context)).toBe('context_unsupported')
  })

  test.each<[JsonValue]>([['https://api.test'], [['https://api.test', 'https://b.test']], [null], ['']])(
    'aud %j',
    async (aud) => {
      expect(await codeFor('aud', aud)).toBe('audience_mismatch')
    },
  )
})

describe('members that are required', () => {
  test.each([
    'id',
    'issuer',
    'validFrom',
    'validUntil',
    'credentialSubject',
    'credentialSubject.id',
    'credentialSubject.onBehalfOf',
    'credentialSubject.onBehalfOf.id',
    'credentialSubject.capabilities',
    'iss',
    'sub',
    'jti',
    'nbf',
    'exp',
    'iat',
    'cnf',
  ])('%s absent', async (path) => {
    expect(await codeFor(path, undefined)).toBe('credential_malformed')
  })

  test.each([
    'id',
    'issuer',
    'validFrom',
    'validUntil',
    'credentialSubject',
    'credentialSubject.id',
    'credentialSubject.onBehalfOf',
    'credentialSubject.maxUses',
    'credentialSubject.maxDelegationDepth',
    'credentialSubject.purpose',
    'credentialSubject.workflow',
    'credentialSubject.policy',
    'credentialSubject.approval',
    'iss',
    'sub',
    'jti',
    'nbf',
    'exp',
    'iat',
    'cnf',
  ])('%s as a list', async (path) => {
    expect(await codeFor(path, [])).toBe('credential_malformed')
  })
})

describe('members that are not defined', () => {
  test.each([
    'termsOfUse',
    'evidence',
    'vc',
    'client_id',
    'credentialSubject.name',
    'credentialSubject.budget',
    'credentialSubject.onBehalfOf.name',
    'cnf.jkt',
  ])('%s', async (path) => {
    expect(await codeFor(path, 'x')).toBe('credential_malformed')
  })

  test.each<[string, JsonValue]>([
    ['credentialSubject.workflow', { id: 'w', step: '1' }],
    ['credentialSubject.policy', { id: 'p', digest: DIGEST, decision: 'd', more: 1 }],
    ['credentialSubject.approval', { method: 'login', digest: DIGEST, by: 'x' }],
    ['credentialSubject.parent', { ...PARENT, issuer: 'x' }],
  ])('in %s', async (path, value) => {
    expect(await codeFor(path, value)).toBe('credential_malformed')
  })
})

describe('forms', () => {
  test.each<[string, JsonValue]>([
    ['id', 'urn:uuid:00000000-0000-4000-8000-00000000000'],
    ['id', 'URN:UUID:00000000-0000-4000-8000-000000000000'],
    ['id', 'https://authority.test/1'],
    ['exp', '9999999999'],
    ['exp', null],
    ['nbf', '0'],
    ['iat', 1.5],
    ['iat', -1],
    ['iat', '0'],
    ['validUntil', '2026-11-24T24:00:00Z'],
    ['validUntil', '2026-12-31T23:59:60Z'],
    ['validUntil', '+292026-11-24T12:00:00Z'],
    ['validFrom', '2026-11-24T12:00:00.000Z'],
    ['credentialSubject.maxUses', 0],
    ['credentialSubject.maxUses', -1],
    ['credentialSubject.maxUses', 1.5],
    ['credentialSubject.maxUses', '100'],
    ['credentialSubject.maxDelegationDepth', -1],
    ['credentialSubject.maxDelegationDepth', null],
    ['credentialSubject.maxDelegationDepth', true],
    ['credentialSubject.purpose', ''],
    ['credentialSubject.onBehalfOf', { id: '' }],
    ['credentialSubject.onBehalfOf', { id: 'p', role: null }],
    ['credentialSubject.onBehalfOf', { id: 'p', tenant: 1 }],
    ['credentialSubject.workflow', { run: 'x' }],
    ['credentialSubject.workflow', { id: 'w', run: 1 }],
    ['credentialSubject.policy', { id: 'p', digest: 'sha-256:x', decision: 'd' }],
    ['credentialSubject.policy', { id: 'p', digest: DIGEST }],
    ['credentialSubject.approval', { method: 'vibes', digest: DIGEST }],
    ['credentialSubject.approval', { digest: DIGEST }],
    ['credentialSubject.approval', { method: 'passkey' }],
    ['credentialSubject.parent', { id: uuid(1) }],
    ['credentialSubject.parent', { id: '', digest: DIGEST }],
    ['credentialSubject.parent', { id: uuid(1), digest: DIGEST.toUpperCase() }],
    ['cnf', { jwk: null, more: 1 }],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('credential_malformed')
  })

  test.each<[string, string, JsonValue | undefined]>([
    ['credentialSubject', 'credentialSubject', 'x'],
    ['credentialSubject.id', 'credentialSubject.id', 1],
    ['maxUses', 'credentialSubject.maxUses', 0],
    ['maxDelegationDepth', 'credentialSubject.maxDelegationDepth', -1],
    ['purpose', 'credentialSubject.purpose', 1],
    ['onBehalfOf', 'credentialSubject.onBehalfOf', 'x'],
    ['onBehalfOf', 'credentialSubject.onBehalfOf', { id: 'p', more: 1 }],
    ['onBehalfOf.id', 'credentialSubject.onBehalfOf', { id: 1 }],
    ['onBehalfOf.role', 'credentialSubject.onBehalfOf', { id: 'p', role: 1 }],
    ['onBehalfOf.tenant', 'credentialSubject.onBehalfOf', { id: 'p', tenant: 1 }],
    ['workflow', 'credentialSubject.workflow', 'x'],
    ['workflow', 'credentialSubject.workflow', { id: 'w', more: 1 }],
    ['workflow.id', 'credentialSubject.workflow', {}],
    ['workflow.run', 'credentialSubject.workflow', { id: 'w', run: 1 }],
    ['policy', 'credentialSubject.policy', 'x'],
    ['policy', 'credentialSubject.policy', { id: 'p', digest: DIGEST, decision: 'd', more: 1 }],
    ['policy.id', 'credentialSubject.policy', { digest: DIGEST, decision: 'd' }],
    ['policy.digest', 'credentialSubject.policy', { id: 'p', decision: 'd' }],
    ['policy.decision', 'credentialSubject.policy', { id: 'p', digest: DIGEST }],
    ['approval', 'credentialSubject.approval', 'x'],
    ['approval', 'credentialSubject.approval', { method: 'login', digest: DIGEST, by: 'x' }],
    ['approval.method', 'credentialSubject.approval', { digest: DIGEST }],
    ['approval.digest', 'credentialSubject.approval', { method: 'login' }],
    ['parent', 'credentialSubject.parent', 'x'],
    ['parent', 'credentialSubject.parent', { ...PARENT, issuer: 'x' }],
    ['parent.id', 'credentialSubject.parent', { digest: DIGEST }],
    ['parent.digest', 'credentialSubject.parent', { id: uuid(1) }],
    ['credential', 'more', 1],
    ['issuer', 'issuer', 1],
    ['id', 'id', 1],
    ['id', 'id', `x${uuid(1)}`],
    ['id', 'id', `${uuid(1)}0`],
    ['iat', 'iat', '0'],
    ['cnf', 'cnf', 'x'],
    ['cnf', 'cnf', { jwk: null, more: 1 }],
    ['cnf.jwk', 'cnf.jwk', 'key'],
    ['type', 'type', []],
    ['@context', '@context', []],
    ['aud', 'aud', 'x'],
  ])('names the member %s when %s is %j', async (field, path, value) => {
    const jws = await signUnchecked(withMember(rootPayload(), path, value))
    expect(refusalOf(() => parseDelegation(jws))).toMatchObject({ field })
  })

  test.each(['passkey', 'software-passkey', 'login', 'enrolment', 'operator'])(
    'approval by %s',
    async (method) => {
      expect(await codeFor('credentialSubject.approval', { method, digest: DIGEST })).toBe('ok')
    },
  )

  test('policy and approval belong in a root alone', async () => {
    const child = rootPayload({ parent: PARENT })
    const policy = { id: 'p', digest: DIGEST, decision: 'd' }
    const approval = { method: 'passkey', digest: DIGEST }
    expect(await codeForPayload(child)).toBe('ok')
    expect(await codeForPayload(withMember(child, 'credentialSubject.policy', policy))).toBe(
      'credential_malformed',
    )
    expect(await codeForPayload(withMember(child, 'credentialSubject.approval', approval))).toBe(
      'credential_malformed',
    )
  })
})

describe('members that say the same thing twice', () => {
  test.each<[string, JsonValue]>([
    ['iss', otherIssuer.did],
    ['sub', agent(1).did],
    ['jti', uuid(1)],
    ['nbf', 0],
    ['exp', NOW / 1000 + 3600],
    ['exp', NOW / 1000 + 600.5],
    ['validFrom', '2026-11-24T11:59:01Z'],
    ['validUntil', '2026-11-24T13:00:00Z'],
  ])('%s disagrees', async (path, value) => {
    expect(await codeFor(path, value)).toBe('format_mismatch')
    expect(refusalOf(() => parseDelegation(''))?.field).toBe('JWS')
  })

  test('issuer disagrees with iss, id with jti, subject with sub', async () => {
    expect(await codeFor('issuer', otherIssuer.did)).toBe('format_mismatch')
    expect(await codeFor('id', uuid(1))).toBe('format_mismatch')
    expect(await codeFor('credentialSubject.id', agent(1).did)).toBe('format_mismatch')
  })

  test('the confirmed key is the key of the subject', async () => {
    const other = withMember(rootPayload({ subject: agent(1).did }), 'cnf', undefined)['cnf']
    expect(other).toBeUndefined()
    const { cnf = null } = rootPayload({ subject: agent(1).did })
    expect(await codeFor('cnf', cnf)).toBe('format_mismatch')
    expect(await codeFor('cnf.jwk.kid', 'k')).toBe('format_mismatch')
    expect(await codeFor('cnf.jwk.alg', undefined)).toBe('format_mismatch')
  })
})

describe('keys', () => {
  test.each<[string, JsonValue | undefined]>([
    ['cnf.jwk', undefined],
    ['cnf.jwk', 'key'],
    ['cnf.jwk.d', 'AAAA'],
    ['cnf.jwk.alg', 'ES256'],
    ['cnf.jwk.alg', 'EdDSA'],
    ['cnf.jwk.crv', 'X25519'],
    ['cnf.jwk.kty', 'EC'],
    ['cnf.jwk.x', undefined],
    ['cnf.jwk.x', 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('key_invalid')
  })

  test.each([
    ['the identity point', 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP'],
    ['another case', `DID:KEY:${agent(0).did.slice(8)}`],
    ['an escape', `${agent(0).did}%20`],
    ['a fragment', agent(0).kid],
    ['no DID', 'agent-1'],
  ])('a subject with %s', async (_, did) => {
    expect(await codeFor('credentialSubject.id', did)).toBe('key_invalid')
  })

  test('a subject of another method', async () => {
    expect(await codeFor('credentialSubject.id', 'did:web:example.com')).toBe('keyid_unsupported')
  })
})

describe('capabilities', () => {
  test('absent is malformed in a root and wider than any parent in a child', async () => {
    const path = 'credentialSubject.capabilities'
    expect(await codeFor(path, undefined)).toBe('credential_malformed')
    const child = withMember(rootPayload({ parent: PARENT }), path, undefined)
    expect(await codeForPayload(child)).toBe('attenuation_violation')
  })

  test.each<[JsonValue, string]>([
    [[], 'ok'],
    ['*', 'scope_malformed'],
    [{}, 'scope_malformed'],
    [[{ type: 'grpc' }], 'ok'],
    [[{ type: 'http' }], 'credential_malformed'],
  ])('%j: %s', async (value, code) => {
    expect(await codeFor('credentialSubject.capabilities', value)).toBe(code)
  })
})

describe('status entry', () => {
  test.each<[string, JsonValue | undefined, string]>([
    ['credentialStatus', undefined, 'status_invalid'],
    ['credentialStatus', [statusEntry(1)], 'status_invalid'],
    ['credentialStatus.type', 'StatusList2021Entry', 'status_invalid'],
    ['credentialStatus.statusPurpose', 'suspension', 'status_invalid'],
    ['credentialStatus.statusPurpose', undefined, 'status_invalid'],
    ['credentialStatus.statusSize', 2, 'status_invalid'],
    ['credentialStatus.statusSize', '1', 'status_invalid'],
    ['credentialStatus.statusSize', 1, 'ok'],
    ['credentialStatus.statusMessage', [], 'status_invalid'],
    ['credentialStatus.id', undefined, 'status_invalid'],
    ['credentialStatus.statusListCredential', undefined, 'status_invalid'],
    ['credentialStatus.statusListCredential', 'file:///etc/passwd', 'status_invalid'],
    ['credentialStatus.statusListCredential', `${LIST_URL} x`, 'status_invalid'],
    ['credentialStatus.statusListCredential', `url:${LIST_URL}`, 'status_invalid'],
    ['credentialStatus.statusListCredential', 'http://localhost/status/lists/1', 'ok'],
    ['credentialStatus.id', '', 'status_invalid'],
    ['credentialStatus.statusListIndex', undefined, 'status_index_invalid'],
    ['credentialStatus.statusListIndex', 7, 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '07', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '-1', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '+1', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '1.0', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '1e3', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '0x1', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '', 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '9'.repeat(16), 'status_index_invalid'],
    ['credentialStatus.statusListIndex', '131072', 'ok'],
  ])('%s: %j is %s', async (path, value, code) => {
    expect(await codeFor(path, value)).toBe(code)
  })
})

describe('the text of the payload', () => {
  const text = JSON.stringify(rootPayload())
  const insert = (members: string): string => `{${members},${text.slice(1)}`
  const insertIntoSubject: Edit = (payload) => withMember(payload, 'credentialSubject.purpose', '<here>')
  const inSubject = (member: string): string =>
    JSON.stringify(insertIntoSubject(rootPayload())).replace('"purpose":"<here>"', member)

  test.each([
    ['a repeated member', insert('"type":["VerifiableCredential","DelegationCredential"]')],
    ['a case variant', insert('"Type":["VerifiableCredential"]')],
    ['__proto__', insert('"__proto__":{"issuer":"x"}')],
    ['constructor', insert('"constructor":{"prototype":{}}')],
    ['an unsafe integer', inSubject('"maxUses":9007199254740993')],
    ['a number without end', inSubject('"maxUses":1e400')],
    ['a lone surrogate', inSubject('"purpose":"\\ud800"')],
  ])('%s', async (_, payload) => {
    expect(await codeForText(payload)).toBe('json_ambiguous')
  })

  test.each([
    ['a comment', `${text}/* */`],
    ['a trailing comma', `${text.slice(0, -1)},}`],
    ['single quotes', text.replaceAll('"', "'")],
    ['NaN', inSubject('"maxUses":NaN')],
    ['nesting', inSubject(`"purpose":${'['.repeat(100)}${']'.repeat(100)}`)],
    ['a list', `[${text}]`],
    ['nothing', ''],
  ])('%s is malformed', async (_, payload) => {
    expect(await codeForText(payload)).toBe('credential_malformed')
  })

  test.each([
    ['numbers in any spelling', inSubject('"maxUses":1e2')],
    ['a fraction that is none', inSubject('"maxUses":100.0')],
    ['white space', JSON.stringify(rootPayload(), null, 2)],
    ['escapes', inSubject('"purpose":"\\u20ac\\ud83d\\ude00"')],
  ])('%s is accepted', async (_, payload) => {
    expect(await codeForText(payload)).toBe('ok')
  })

  test('boundary numbers and names in any order inside constraints', async () => {
    const body = '{"€":{"minimum":5e-324},"😀":{"maximum":1e21},"דּ":{"const":-0},"a":{"const":1e-7}}'
    const capability = `{"type":"http","locations":[],"actions":[],"paths":[],"constraints":{"body":${body}}}`
    const payload = JSON.stringify(rootPayload({ capabilities: [] })).replace(
      '"capabilities":[]',
      `"capabilities":[${capability}]`,
    )
    expect(await codeForText(payload)).toBe('ok')
  })

  test('negative zero is zero', async () => {
    const jws = await signText(
      headerText(),
      text.replace('"maxDelegationDepth":7', '"maxDelegationDepth":-0'),
    )
    expect(Object.is(parseDelegation(jws).maxDelegationDepth, 0)).toBe(true)
  })
})

test('a delegation above the size of a whole chain is too large', async () => {
  expect(await codeFor('credentialSubject.purpose', 'x'.repeat(12_000))).toBe('credential_too_large')
})

import { type AuditRecord, saltedDigest } from '@behalf/audit-log'
import {
  canonicalizeJson,
  createEd25519Signer,
  digestSha256,
  encodeBase64url,
  type JsonObject,
} from '@behalf/core'
import { createDelegationPayload, parseMessageStatement, signDelegation } from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { didKeyIssuerKeys } from '@behalf/verifier'
import { createMemoryWallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { readSignedCall } from '../src/trace/signed-call.ts'
import { isProven, proveRequest } from '../src/trace.ts'

const NOW = Date.UTC(2026, 11, 1, 12)
const AUDIENCE = 'https://mcp.test/issues'
const MESSAGE = { id: 1, method: 'tools/call', params: { name: 'search', arguments: { project: 'ACME' } } }
const SALT = new Uint8Array(32).fill(7)
const signer = createEd25519Signer(new Uint8Array(32).fill(1))
const issuer = encodeDidKey(signer.publicKey)
const wallet = createMemoryWallet({ seed: new Uint8Array(32).fill(2), clock: () => NOW })

async function grant(id: number): Promise<{ readonly id: string; readonly jws: string }> {
  const url = 'https://authority.test/status/lists/1'
  const payload = createDelegationPayload(
    {
      id: `urn:uuid:00000000-0000-4000-8000-00000000000${id}`,
      issuer,
      subject: wallet.did,
      onBehalfOf: { id: 'person-7' },
      capabilities: [{ type: 'mcp', locations: [AUDIENCE], actions: ['ping'] }],
      maxDelegationDepth: 0,
      validFrom: NOW - 1000,
      validUntil: NOW + 600_000,
      status: {
        id: `${url}#${id}`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: String(id),
        statusListCredential: url,
      },
      approval: { method: 'operator', digest: digestSha256('evidence') },
    },
    NOW,
  )
  const jws = await signDelegation(payload, { signer, kid: encodeDidKeyUrl(issuer) })
  return { id: (await wallet.receive([jws])).id, jws }
}

const held = await grant(1)
const other = await grant(2)

/** Evidence of a message, as it lies beside a record, and the record that says the same. */
async function report(message: JsonObject = MESSAGE, context = {}) {
  const how = { audience: AUDIENCE, delegation: held.id, context }
  const proof = await wallet.proveMessage(message, how)
  const { signature = '', chain: _, ...claims } = proof
  const cid = wallet.delegations().find(({ id }) => id === held.id)?.digest ?? ''
  const base = `behalf-mcp-message-v1\n${canonicalizeJson({ ...claims, ...message, cid })}`
  const record = {
    type: 'tool_called',
    time: new Date(NOW).toISOString(),
    subject: wallet.did,
    audience: 'https://mcp.test',
    path: '/issues',
    delegations: [held.id],
    call: { method: 'tools/call', tool: 'search' },
  } as unknown as AuditRecord
  return { record, value: { credentials: [held.jws], signature_base: base, signature } }
}

function prove(record: AuditRecord, value: JsonObject): ReturnType<typeof proveRequest> {
  const text = canonicalizeJson(value)
  const evidence = { salt: encodeBase64url(SALT), text }
  const told = { ...record, digest: saltedDigest(SALT, text) } as AuditRecord
  return proveRequest(told, evidence, {
    issuers: didKeyIssuerKeys,
    lists: new Map(),
    exchanges: new Map(),
    authority: issuer,
  })
}

describe('the evidence of a message', () => {
  test('shows who sent it, where to and what was said of it', async () => {
    const { record, value } = await report(MESSAGE, { model: 'm-1' })
    expect(parseMessageStatement(value.signature_base)?.message).toEqual(MESSAGE)
    expect(prove(record, value)).toMatchObject({
      target: AUDIENCE,
      context: '{"model":"m-1"}',
      status: 'not reported',
      chain: { leaf: { subject: wallet.did } },
    })
  })

  test.each<[string, Partial<AuditRecord>, string]>([
    ['came over HTTP', { method: 'POST' }, 'it did not come over HTTP'],
    ['went to another server', { path: '/other' }, 'another server was signed for'],
    ['called another tool', { call: { method: 'tools/call', tool: 'close' } }, 'another call was signed'],
    ['called another method', { call: { method: 'ping' } }, 'another call was signed'],
    ['was sent by another agent', { subject: issuer }, 'another agent signed'],
    ['was sent under another delegation', { delegations: [other.id] }, 'other delegations were used'],
  ])('shows nothing where the record says that it %s', async (_title, lie, reason) => {
    const { record, value } = await report()
    expect(isProven(prove(record, value))).toBe(true)
    expect(prove({ ...record, ...lie } as AuditRecord, value)).toMatchObject({
      code: 'audit_proof_invalid',
      reason: expect.stringContaining(reason),
    })
  })

  test('shows nothing with credentials that the message does not name', async () => {
    const { record, value } = await report()
    const lie = { ...record, delegations: [other.id] } as AuditRecord
    expect(prove(lie, { ...value, credentials: [other.jws] })).toMatchObject({
      reason: expect.stringContaining('it names another delegation'),
    })
  })

  test('shows nothing when a letter of it is another', async () => {
    const { record, value } = await report()
    const changed = { ...value, signature_base: value.signature_base.replace('ACME', 'BEST') }
    expect(prove(record, changed)).toMatchObject({ code: 'signature_invalid' })
  })

  test('calls nothing where it is a notification', async () => {
    const { record, value } = await report({ method: 'tools/call', params: MESSAGE.params })
    expect(isProven(prove(record, value))).toBe(false)
    const { call: _, ...silent } = record
    expect(isProven(prove(silent as AuditRecord, value))).toBe(true)
  })
})

test('a text that is neither says nothing', () => {
  const signed = readSignedCall('anything')
  expect([signed.target, signed.context]).toEqual(['', undefined])
  expect(signed.findContradiction({ method: 'GET' } as unknown as AuditRecord)).toBe(
    'another method was signed',
  )
})

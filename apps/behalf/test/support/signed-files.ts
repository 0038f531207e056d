import { createEd25519Signer, encodeBase64url, type Signer } from '@behalf/core'
import {
  type ApprovalEvidence,
  createApprovalChallenge,
  createApprovalEvidence,
  createBitstring,
  createDelegationPayload,
  type DelegationTerms,
  digestApprovalEvidence,
  digestDelegationChain,
  formatDateTime,
  parseCompactJws,
  parseDelegation,
  renderDelegation,
  signDelegation,
  signHeartbeat,
  signStatusList,
  writeBit,
} from '@behalf/credential'
import { createSoftwarePasskey } from '@behalf/credential/software-passkey'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'

/** The moment everything here is about, in milliseconds since the epoch. */
export const NOW: number = Date.UTC(2030, 0, 15, 12, 0, 0)

/** The list every status entry here points to. */
export const LIST_URL = 'https://authority.example/status/lists/1'

/** A key with its names. */
export interface Actor {
  readonly did: Did
  readonly kid: string
  readonly signer: Signer
}

/** An actor whose key is made of one repeated byte. */
export function createActor(byte: number): Actor {
  const signer = createEd25519Signer(new Uint8Array(32).fill(byte))
  const did = encodeDidKey(signer.publicKey)
  return { did, kid: encodeDidKeyUrl(did), signer }
}

/** The authority, the agent it delegates to, and the helper that the agent delegates to. */
export const ISSUER: Actor = createActor(1)
export const AGENT: Actor = createActor(2)
export const HELPER: Actor = createActor(3)

/** A root delegation to AGENT, valid for ten minutes around NOW, as compact JWS. */
export async function signRoot(changes: Partial<DelegationTerms> = {}): Promise<string> {
  return await signTerms(ISSUER, {
    id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
    issuer: ISSUER.did,
    subject: AGENT.did,
    onBehalfOf: { id: 'alice', role: 'editor' },
    capabilities: [readIssues('/issues/**')],
    maxUses: 5,
    maxDelegationDepth: 2,
    purpose: 'read \u202ethe issues',
    policy: { id: 'default', digest: digestOf('policy'), decision: 'ask-one' },
    approval: { method: 'operator', digest: digestOf('evidence') },
    validFrom: NOW - 300_000,
    validUntil: NOW + 300_000,
    status: entry(7),
    ...changes,
  })
}

/** A root that alice approved with a software passkey, and the evidence; `software` is what the authority noted. */
export async function signApprovedRoot({ software = true } = {}): Promise<{
  readonly root: string
  readonly evidence: ApprovalEvidence
}> {
  const origin = 'https://authority.example'
  const passkey = createSoftwarePasskey({ origin, random: (length) => new Uint8Array(length).fill(9) })
  const { payload } = parseCompactJws(await signRoot(), { maxBytes: 12_000 })
  const { version: renderer, sentences } = renderDelegation(payload)
  const terms = { payloads: [payload], renderer, sentences: [sentences] }
  const nonce = encodeBase64url(new Uint8Array(16))
  const challenge = encodeBase64url(createApprovalChallenge({ ...terms, nonce }))
  const { response } = await passkey.authenticate({ challenge })
  const assertion = {
    by: 'alice',
    at: formatDateTime(NOW),
    nonce,
    rp_id: 'authority.example',
    origin,
    passkey: { id: passkey.id, public_key: passkey.publicKey, software },
    authenticator_data: response.authenticatorData,
    client_data_json: response.clientDataJSON,
    signature: response.signature,
  }
  const requests = [{ id: 'urn:uuid:00000000-0000-4000-8000-000000000009', version: 1 }]
  const evidence = createApprovalEvidence({ ...terms, requests, given: [assertion] })
  const approval = { method: evidence.method, digest: digestApprovalEvidence(evidence) }
  return { root: await signRoot({ approval }), evidence }
}

/** A child of `root` from AGENT to HELPER, as compact JWS. */
export async function signChild(root: string, changes: Partial<DelegationTerms> = {}): Promise<string> {
  const parent = parseDelegation(root)
  return await signTerms(AGENT, {
    id: 'urn:uuid:00000000-0000-4000-8000-000000000002',
    issuer: AGENT.did,
    subject: HELPER.did,
    onBehalfOf: parent.onBehalfOf,
    capabilities: [readIssues('/issues/7')],
    maxUses: 5,
    maxDelegationDepth: 0,
    parent: { id: parent.id, digest: parent.digest },
    validFrom: NOW - 60_000,
    validUntil: NOW + 60_000,
    status: entry(8),
    ...changes,
  })
}

/** The capability to read one path of the example API. */
export function readIssues(path: string): DelegationTerms['capabilities'][number] {
  return { type: 'http', locations: ['https://api.example.com'], actions: ['GET'], paths: [path] }
}

/** A status list in which place 7 is revoked. */
export async function signList(): Promise<string> {
  const bits = createBitstring()
  writeBit(bits, 7, true)
  return await signStatusList({
    id: LIST_URL,
    issuer: ISSUER.did,
    kid: ISSUER.kid,
    purpose: 'revocation',
    bits,
    version: 3,
    now: NOW,
    validUntil: NOW + 3_600_000,
    signer: ISSUER.signer,
  })
}

/** A heartbeat that names one list and one revoked key. */
export async function signBeat(): Promise<string> {
  return await signHeartbeat({
    issuer: ISSUER.did,
    kid: ISSUER.kid,
    epoch: 1,
    sequence: 42,
    now: NOW,
    lists: [{ id: LIST_URL, version: 3, digest: digestOf('list') }],
    revokedKeys: [HELPER.did],
    signer: ISSUER.signer,
  })
}

async function signTerms(actor: Actor, terms: DelegationTerms): Promise<string> {
  return await signDelegation(createDelegationPayload(terms, terms.validFrom), actor)
}

function entry(index: number): DelegationTerms['status'] {
  return {
    id: `${LIST_URL}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: LIST_URL,
  }
}

function digestOf(text: string): string {
  return `sha-256:${digestDelegationChain([text])}`
}

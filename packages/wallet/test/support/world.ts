import {
  createEd25519Signer,
  createUuid,
  encodeUtf8,
  type RandomBytes,
  type Signer,
  sha256,
} from '@behalf/core'
import {
  createDelegationPayload,
  type DelegationTerms,
  type HttpCapability,
  parseDelegation,
  signDelegation,
} from '@behalf/credential'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'

/** 2026-10-01T12:00:00Z */
export const NOW = 1_790_856_000_000
export const API = 'https://api.test'
export const AUTHORITY = 'https://authority.test'

/** The rights that tests delegate unless they say otherwise. */
export const READ_ISSUES: HttpCapability = {
  type: 'http',
  locations: [API],
  actions: ['GET', 'POST'],
  paths: ['/issues/**'],
}

/** A clock that stands still until a test moves it. */
export interface TestClock {
  (): number
  advance(seconds: number): void
}

export function createClock(start: number = NOW): TestClock {
  let now = start
  return Object.assign(() => now, {
    advance: (seconds: number): void => {
      now += seconds * 1000
    },
  })
}

let generators = 0

/** Bytes that differ from call to call and from generator to generator, and are the same in every run. */
export function createRandom(): RandomBytes {
  generators += 1
  const number = generators
  let calls = 0
  return (length) => {
    calls += 1
    const digest = sha256(encodeUtf8(`generator ${number} call ${calls}`))
    return Uint8Array.from({ length }, (_, index) => digest[index % digest.length] ?? 0)
  }
}

/** A key that is the same in every run. */
export interface TestKey {
  readonly seed: Uint8Array
  readonly signer: Signer
  readonly did: Did
}

export function createKey(number: number): TestKey {
  const seed = new Uint8Array(32).fill(number)
  const signer = createEd25519Signer(seed)
  return { seed, signer, did: encodeDidKey(signer.publicKey) }
}

export const ISSUER: TestKey = createKey(1)
export const AGENT: TestKey = createKey(2)
export const SUB_AGENT: TestKey = createKey(3)

const random = createRandom()
let index = 100

/** A status entry that no other delegation of the run has. */
export function statusEntry(origin: string = AUTHORITY): DelegationTerms['status'] {
  index += 1
  const list = `${origin}/status/lists/1`
  return {
    id: `${list}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: String(index),
    statusListCredential: list,
  }
}

/** A root delegation for ten minutes, signed by the issuer. */
export async function issueRoot(
  terms: Partial<DelegationTerms> = {},
  issuer: TestKey = ISSUER,
): Promise<string> {
  const whole: DelegationTerms = {
    id: createUuid(random),
    issuer: issuer.did,
    subject: AGENT.did,
    onBehalfOf: { id: 'employee-4711' },
    capabilities: [READ_ISSUES],
    maxDelegationDepth: 1,
    purpose: 'Summarise open issues',
    policy: { id: 'default', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-one' },
    approval: { method: 'operator', digest: `sha-256:${'A'.repeat(43)}` },
    validFrom: NOW,
    validUntil: NOW + 600_000,
    status: statusEntry(),
    ...terms,
  }
  return await signWith(issuer, whole)
}

/** A child of the last link, signed by its subject's key unless another one is given. */
export async function issueChild(
  chain: readonly string[],
  signer: TestKey,
  terms: Partial<DelegationTerms> = {},
): Promise<readonly string[]> {
  const parent = parseDelegation(chain.at(-1) ?? '')
  const child = await signWith(signer, {
    id: createUuid(random),
    issuer: signer.did,
    subject: SUB_AGENT.did,
    onBehalfOf: parent.onBehalfOf,
    capabilities: parent.capabilities,
    ...(parent.workflow === undefined ? {} : { workflow: parent.workflow }),
    maxDelegationDepth: Math.max(parent.maxDelegationDepth - 1, 0),
    parent: { id: parent.id, digest: parent.digest },
    validFrom: parent.validFrom,
    validUntil: parent.validUntil,
    status: statusEntry(),
    ...terms,
  })
  return [...chain, child]
}

async function signWith(key: TestKey, terms: DelegationTerms): Promise<string> {
  const payload = createDelegationPayload(terms, NOW)
  return await signDelegation(payload, { signer: key.signer, kid: encodeDidKeyUrl(key.did) })
}

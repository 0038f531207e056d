import { createEd25519Signer, digestSha256, type Signer, systemRandomBytes } from '@behalf/core'
import {
  type Capability,
  createBitstring,
  createDelegationPayload,
  signDelegation,
  signStatusList,
  verifyStatusList,
} from '@behalf/credential'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { didKeyIssuerKeys, type StatusSource } from '@behalf/verifier'

/** The origin of the API that is measured. */
export const ORIGIN = 'https://api.test'
const LIST_URL = 'https://authority.test/status/lists/1'
const LIST_LENGTH = 131_072

/** Somebody with a key. */
export interface Party {
  readonly signer: Signer
  readonly did: Did
  readonly kid: string
}

/** A chain as a wallet holds it, and the agent that may use it. */
export interface HeldChain {
  /** Compact, root first. */
  readonly links: readonly string[]
  readonly agent: Party
}

/**
 * Somebody with a key.
 *
 * @param seed 32 bytes; without it the key is new
 */
export function createParty(seed: Uint8Array = systemRandomBytes(32)): Party {
  const signer = createEd25519Signer(seed)
  const did = encodeDidKey(signer.publicKey)
  return { signer, did, kid: encodeDidKeyUrl(did) }
}

/** The issuer of every chain here. */
export const issuer: Party = createParty()

const CAPABILITIES: readonly Capability[] = [
  { type: 'http', locations: [ORIGIN], actions: ['GET', 'POST'], paths: ['/v1/items', '/v1/items/*'] },
  {
    type: 'http',
    locations: [ORIGIN],
    actions: ['POST'],
    paths: ['/v1/items/*/comments'],
    constraints: { body: { text: { maxLength: 500 } } },
  },
]

let issued = 0

/**
 * Signs a chain that was never seen before: new ids, for agents that may be known.
 *
 * @param agents below the issuer, in order; the last one holds the chain
 */
export async function signChain(agents: readonly Party[]): Promise<HeldChain> {
  const links: string[] = []
  let parent: { id: string; digest: string } | undefined
  for (const [index, subject] of agents.entries()) {
    const delegator = agents[index - 1] ?? issuer
    const { id, status } = allocate()
    const now = Date.now()
    const payload = createDelegationPayload(
      {
        id,
        issuer: delegator.did,
        subject: subject.did,
        onBehalfOf: { id: 'person-7', tenant: 'acme' },
        capabilities: CAPABILITIES,
        maxDelegationDepth: agents.length - 1 - index,
        purpose: 'Sort the new issues of this week and comment where something is missing',
        workflow: { id: 'triage', run: 'run-42' },
        validFrom: now - 60_000,
        validUntil: now + 3_000_000 - index * 1000,
        status,
        ...(parent === undefined
          ? { approval: { method: 'operator', digest: digestSha256('evidence') } }
          : { parent }),
      },
      now,
    )
    const jws = await signDelegation(payload, { signer: delegator.signer, kid: delegator.kid })
    parent = { id, digest: digestSha256(jws) }
    links.push(jws)
  }
  return { links, agent: agents.at(-1) ?? issuer }
}

function allocate() {
  issued += 1
  const statusListIndex = String(issued % LIST_LENGTH)
  return {
    id: `urn:uuid:00000000-0000-4000-8000-${String(issued).padStart(12, '0')}`,
    status: {
      id: `${LIST_URL}#${statusListIndex}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex,
      statusListCredential: LIST_URL,
    },
  } as const
}

/** A source in memory that holds one real list in which nothing is revoked. */
export async function createBenchStatus(): Promise<StatusSource> {
  const now = Date.now()
  const jws = await signStatusList({
    id: LIST_URL,
    issuer: issuer.did,
    kid: issuer.kid,
    purpose: 'revocation',
    bits: createBitstring(LIST_LENGTH),
    version: 1,
    now,
    validUntil: now + 86_400_000,
    signer: issuer.signer,
  })
  const list = verifyStatusList(jws, { id: LIST_URL, issuer: issuer.did, issuers: didKeyIssuerKeys, now })
  const snapshot = {
    lists: (url: string) => (url === list.id ? list : undefined),
    isKeyRevoked: () => false,
    time: now,
    epoch: 1,
    sequence: 1,
  }
  return { read: () => snapshot, ready: () => Promise.resolve(), close: () => undefined }
}

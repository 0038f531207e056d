import { digestSha256 } from '@behalf/core'
import {
  createBitstring,
  type ListReference,
  signHeartbeat,
  signStatusList,
  writeBit,
} from '@behalf/credential'
import { issuer, otherIssuer, type Party, revokedAgent } from './parties.ts'

/** Tuesday, 1 December 2026, noon UTC: when everything happens, in milliseconds. */
export const NOW = Date.UTC(2026, 11, 1, 12)
/** Indices from here on, to the last, are revoked in every list. */
export const FIRST_REVOKED = 1000
export const LAST_REVOKED = 1099
/** Entries of the lists that each issuer publishes. */
export const LIST_SIZES = [131_072, 262_144] as const

/** What an issuer publishes, by address. */
export interface Publication {
  readonly issuer: Party
  readonly heartbeatUrl: string
  readonly heartbeat: string
  readonly lists: ReadonlyMap<string, string>
}

/** What both issuers published at a time, all of it valid. */
export async function publish(now: number): Promise<readonly Publication[]> {
  return [
    await publishFor(issuer, 'https://authority.test', now),
    await publishFor(otherIssuer, 'https://other.test', now),
  ]
}

async function publishFor(party: Party, origin: string, now: number): Promise<Publication> {
  const lists = new Map<string, string>()
  const references: ListReference[] = []
  for (const [number, size] of LIST_SIZES.entries()) {
    const id = `${origin}/status/lists/${number + 1}`
    const jws = await signList(party, { id, size, now })
    lists.set(id, jws)
    references.push({ id, version: 7, digest: digestSha256(jws) })
  }
  const heartbeat = await signHeartbeat({
    issuer: party.did,
    kid: party.kid,
    epoch: 1,
    sequence: 42,
    now,
    lists: references,
    revokedKeys: [revokedAgent.did],
    signer: toSigner(party),
  })
  return { issuer: party, heartbeatUrl: `${origin}/status/heartbeat`, heartbeat, lists }
}

async function signList(
  party: Party,
  { id, size, now }: { readonly id: string; readonly size: number; readonly now: number },
): Promise<string> {
  const bits = createBitstring(size)
  for (let index = FIRST_REVOKED; index <= LAST_REVOKED; index += 1) writeBit(bits, index, true)
  return await signStatusList({
    id,
    issuer: party.did,
    kid: party.kid,
    purpose: 'revocation',
    bits,
    version: 7,
    now: now - 60_000,
    validUntil: now + 3_600_000,
    signer: toSigner(party),
  })
}

function toSigner(party: Party): {
  publicKey: Uint8Array
  sign: (message: Uint8Array) => Promise<Uint8Array>
} {
  const sign = (message: Uint8Array): Promise<Uint8Array> =>
    Promise.resolve(party.sign(Buffer.from(message).toString('latin1')))
  return { publicKey: party.publicKey, sign }
}

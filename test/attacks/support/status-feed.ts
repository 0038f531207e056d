import { digestSha256 } from '@behalf/core'
import { createBitstring, signHeartbeat, signStatusList, writeBit } from '@behalf/credential'
import { LIST_URL } from './chain.ts'
import { issuer, type Party } from './party.ts'

/** Where the harness's issuer serves its heartbeat. */
export const HEARTBEAT_URL = 'https://authority.test/status/heartbeat'

const DAY_MS = 86_400_000

/** What an issuer publishes, and what a verifier is served when it asks. */
export interface StatusFeed {
  /** Addresses that were asked for, in order. */
  readonly asked: string[]
  epoch: number
  sequence: number
  version: number
  readonly revokedKeys: string[]
  /** Where the heartbeat says that the list is. */
  listUrl: string
  /** Signs the status list; a case may publish another one. */
  signList: (now: number) => Promise<string>
  /** Answers instead of what was published, where it returns something. */
  intercept: (url: string) => Response | undefined
  /** Sets the bit of a delegation, to be published next. */
  revoke(index: number): void
  /** Signs list and heartbeat, newer than the last. */
  publish(now: number): Promise<void>
  fetch(url: string): Promise<Response>
}

/** The feed of the baseline issuer: one list in which nothing is revoked. */
export function createStatusFeed(party: Party = issuer): StatusFeed {
  const bits = createBitstring()
  const published = new Map<string, string>()
  const feed: StatusFeed = {
    asked: [],
    epoch: 1,
    sequence: 0,
    version: 0,
    revokedKeys: [],
    listUrl: LIST_URL,
    signList: (now) => signHonestList(party, { bits, now, version: feed.version }),
    intercept: () => undefined,
    revoke: (index) => writeBit(bits, index, true),
    publish: async (now) => {
      feed.sequence += 1
      feed.version += 1
      const list = await feed.signList(now)
      const { epoch, sequence, version, revokedKeys } = feed
      const lists = [{ id: feed.listUrl, version, digest: digestSha256(list) }]
      const { did, kid, signer } = party
      published.set(feed.listUrl, list)
      published.set(
        HEARTBEAT_URL,
        await signHeartbeat({ issuer: did, kid, epoch, sequence, now, lists, revokedKeys, signer }),
      )
    },
    fetch: (url) => {
      feed.asked.push(url)
      return Promise.resolve(
        feed.intercept(url) ??
          new Response(published.get(url) ?? null, { status: published.has(url) ? 200 : 404 }),
      )
    },
  }
  return feed
}

/** The one list, signed by a party for the baseline issuer's address. */
export function signHonestList(
  party: Party,
  { bits, now, version }: { readonly bits: Uint8Array; readonly now: number; readonly version: number },
): Promise<string> {
  const { did, kid, signer } = party
  return signStatusList({
    id: LIST_URL,
    issuer: did,
    kid,
    purpose: 'revocation',
    bits,
    version,
    now,
    validUntil: now + DAY_MS,
    signer,
  })
}

import { digestSha256 } from '@behalf/core'
import {
  createBitstring,
  type StatusPurpose,
  signHeartbeat,
  signStatusList,
  suspensionListUrl,
  writeBit,
} from '@behalf/credential'
import { LIST_URL } from './chain.ts'
import { issuer, type Party } from './party.ts'

/** Where the harness's issuer serves its heartbeat. */
export const HEARTBEAT_URL = 'https://authority.test/status/heartbeat'

/** Where it sends what it signs at once. */
export const STREAM_URL = 'https://authority.test/status/stream'

const DAY_MS = 86_400_000

/** What an issuer publishes, and what a verifier is served when it asks. */
export interface StatusFeed {
  /** Addresses that were asked for, in order. */
  readonly asked: string[]
  epoch: number
  sequence: number
  version: number
  /** Of the list of suspensions; 0 while there is none. */
  suspensionVersion: number
  readonly revokedKeys: string[]
  /** Where the heartbeat says that the list is. */
  listUrl: string
  /** Signs the status list; a case may publish another one. */
  signList: (now: number) => Promise<string>
  /** Answers instead of what was published, where it returns something. */
  intercept: (url: string) => Response | undefined
  /** Sets the bit of a delegation, to be published next. */
  revoke(index: number): void
  /** Lets a delegation rest or go on; from then on a list of suspensions is published, too. */
  suspend(index: number, isResting?: boolean): void
  /** Signs list and heartbeat, newer than the last. */
  publish(now: number): Promise<void>
  fetch(url: string): Promise<Response>
  /** Streams that are open. */
  readonly streams: number
  openStream: (signal: AbortSignal) => Promise<Response>
  /** Sends text on every stream. */
  send(text: string): void
  /** Every stream ends. */
  endStreams(): void
  /** Signs the next heartbeat, over the same lists. */
  beat(now: number): Promise<void>
  /** What was published last as server-sent events: each list, and the heartbeat. */
  events(): readonly string[]
  /** Sends what was published last as an authority does. */
  push(options?: { readonly list?: boolean }): void
  /** The heartbeat that was published last. */
  heartbeat(): string
  /** A heartbeat one on from the last, over the honest list of nothing revoked. */
  signHeartbeat(now: number, party: Party): Promise<string>
}

/** The feed of the baseline issuer: one list in which nothing is revoked. */
export function createStatusFeed(party: Party = issuer): StatusFeed {
  const bits = createBitstring()
  const resting = createBitstring()
  const published = new Map<string, string>()
  const streams = createStreams()
  const read = (url: string): string => published.get(url) ?? ''
  const feed: StatusFeed = {
    ...streams,
    get streams() {
      return streams.count()
    },
    heartbeat: () => read(HEARTBEAT_URL),
    push: ({ list = true } = {}) => feed.send((list ? feed.events() : feed.events().slice(-1)).join('')),
    events: () => [
      ...[feed.listUrl, suspensionListUrl(feed.listUrl)]
        .filter((url) => published.has(url))
        .map((url) => `event: list\ndata: ${read(url)}\n\n`),
      `event: heartbeat\nid: ${feed.sequence}\ndata: ${feed.heartbeat()}\n\n`,
    ],
    signHeartbeat: async (now, { did, kid, signer }) => {
      const list = await signHonestList(party, { bits: createBitstring(), now, version: feed.version + 1 })
      feed.send(`event: list\ndata: ${list}\n\n`)
      const lists = [{ id: feed.listUrl, version: feed.version + 1, digest: digestSha256(list) }]
      const { epoch, sequence } = feed
      const numbers = { epoch, sequence: sequence + 1, now, lists, revokedKeys: [] }
      return signHeartbeat({ issuer: did, kid, signer, ...numbers })
    },
    asked: [],
    epoch: 1,
    sequence: 0,
    version: 0,
    revokedKeys: [],
    listUrl: LIST_URL,
    signList: (now) => signHonestList(party, { bits, now, version: feed.version }),
    intercept: () => undefined,
    revoke: (index) => writeBit(bits, index, true),
    suspend: (index, isResting = true) => {
      feed.suspensionVersion += 1
      writeBit(resting, index, isResting)
    },
    suspensionVersion: 0,
    publish: async (now) => {
      feed.version += 1
      published.set(feed.listUrl, await feed.signList(now))
      await feed.beat(now)
    },
    beat: async (now) => {
      feed.sequence += 1
      const { epoch, sequence, version, revokedKeys } = feed
      const lists = [{ id: feed.listUrl, version, digest: digestSha256(read(feed.listUrl)) }]
      if (feed.suspensionVersion > 0) {
        const [id, purpose] = [suspensionListUrl(feed.listUrl), 'suspension'] as const
        const signed = { id, purpose, bits: resting, now, version: feed.suspensionVersion }
        published.set(id, await signHonestList(party, signed))
        lists.push({ id, version: feed.suspensionVersion, digest: digestSha256(published.get(id) ?? '') })
      }
      const { did, kid, signer } = party
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

interface Streams {
  count(): number
  openStream(signal: AbortSignal): Promise<Response>
  send(text: string): void
  endStreams(): void
}

function createStreams(): Streams {
  const controllers = new Set<ReadableStreamDefaultController<Uint8Array>>()
  return {
    count: () => controllers.size,
    openStream: (signal) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controllers.add(controller)
          signal.addEventListener('abort', () => controllers.delete(controller))
        },
      })
      return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    },
    endStreams: () => {
      for (const controller of controllers) controller.close()
      controllers.clear()
    },
    send: (text) => {
      for (const controller of controllers) controller.enqueue(new TextEncoder().encode(text))
    },
  }
}

/** The one list, signed by a party for the baseline issuer's address. */
export function signHonestList(
  party: Party,
  list: {
    readonly bits: Uint8Array
    readonly now: number
    readonly version: number
    readonly id?: string
    readonly purpose?: StatusPurpose
  },
): Promise<string> {
  const { did, kid, signer } = party
  const { bits, now, version, id = LIST_URL, purpose = 'revocation' } = list
  return signStatusList({
    id,
    issuer: did,
    kid,
    purpose,
    bits,
    version,
    now,
    validUntil: now + DAY_MS,
    signer,
  })
}

import type { ServerResponse } from 'node:http'
import { createGzip } from 'node:zlib'
import { digestSha256, encodeBase64url } from '@behalf/core'
import { createBitstring, signHeartbeat } from '@behalf/credential'
import { LIST_URL, NOW, signJws } from '../attacks/support/chain.ts'
import { issuer, otherIssuer } from '../attacks/support/party.ts'
import {
  createStatusFeed,
  HEARTBEAT_URL,
  type StatusFeed,
  signHonestList,
} from '../attacks/support/status-feed.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { type Child, startChild } from './support/child.ts'
import { type Memory, spellBytes } from './support/memory.ts'
import type { PollOrder, PollReport } from './support/polling-process.ts'
import { openStatusSite, type StatusSite } from './support/status-site.ts'

/** The issuer's site as an attacker arranges it. */
interface Scene {
  readonly feed: StatusFeed
  readonly site: StatusSite
  readonly now: number
  /** Zeros, packed. */
  readonly bomb: Buffer
  /** The verifier polls what is served now. */
  readonly poll: () => Promise<unknown>
}

interface Attack {
  readonly name: string
  readonly code: string
  readonly arrange: (scene: Scene) => Promise<void>
}

const MEBIBYTE = 1_048_576
const MAX_GROWTH_BYTES = 8 * MEBIBYTE
/** What one poll may need for a moment: an answer of 2 MiB as bytes, as text, decoded. */
const MAX_PEAK_BYTES = 48 * MEBIBYTE
const WARM_UP_ROUNDS = 4
const MAX_LIST_LENGTH = 8 * MEBIBYTE
const STEP_MS = 1000

/** Serves this text as the list, whatever the heartbeat says. */
function serveList({ site }: Scene, text: string): void {
  site.instead.set('list', (response) => response.end(text))
}

/** Publishes a heartbeat of now that names this text as the list, as an issuer that was taken over would. */
async function publishList(scene: Scene, list: string): Promise<void> {
  const { feed, site, now } = scene
  feed.sequence += 1
  feed.version += 1
  const { epoch, sequence, version } = feed
  const { did, kid, signer } = issuer
  const lists = [{ id: LIST_URL, version, digest: digestSha256(list) }]
  const heartbeat = await signHeartbeat({
    issuer: did,
    kid,
    epoch,
    sequence,
    now,
    lists,
    revokedKeys: [],
    signer,
  })
  site.instead.set('heartbeat', (response) => response.end(heartbeat))
  serveList(scene, list)
}

function readPublished({ feed }: Scene, url: string): Promise<string> {
  return feed.fetch(url).then((answer) => answer.text())
}

/** The honest list with other bytes where its bits are. */
async function withBits(scene: Scene, bytes: Uint8Array): Promise<string> {
  const honest = await signHonestList(issuer, {
    bits: createBitstring(),
    now: scene.now,
    version: scene.feed.version + 1,
  })
  const [header = '', payload = ''] = honest
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  const parsed = JSON.parse(payload)
  const credentialSubject = { ...parsed.credentialSubject, encodedList: `u${encodeBase64url(bytes)}` }
  return signJws(header, JSON.stringify({ ...parsed, credentialSubject }), issuer)
}

/** Zeros, packed. */
async function packZeros(length: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 })
  const part = Buffer.alloc(MEBIBYTE)
  const parts: Buffer[] = []
  const writing = (async () => {
    for (let written = 0; written < length; written += part.length) {
      if (!gzip.write(part)) await new Promise((resolve) => gzip.once('drain', resolve))
    }
    gzip.end()
  })()
  for await (const packed of gzip) parts.push(packed)
  await writing
  return Buffer.concat(parts)
}

const packedAnswer = (bytes: Uint8Array) => (response: ServerResponse) =>
  void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bytes)

const ATTACKS: readonly Attack[] = [
  {
    name: 'heartbeat and list of before',
    code: 'status_rollback',
    arrange: async (scene) => {
      const [heartbeat, list] = [
        await readPublished(scene, HEARTBEAT_URL),
        await readPublished(scene, LIST_URL),
      ]
      await scene.feed.publish(scene.now)
      await scene.poll()
      scene.site.instead.set('heartbeat', (response) => response.end(heartbeat))
      serveList(scene, list)
    },
  },
  {
    name: 'the list of before, under the heartbeat of now',
    code: 'status_invalid',
    arrange: async (scene) => {
      const list = await readPublished(scene, LIST_URL)
      await scene.feed.publish(scene.now)
      serveList(scene, list)
    },
  },
  {
    name: 'another list of the issuer, named by the heartbeat',
    code: 'status_invalid',
    arrange: async (scene) => {
      const list = await signHonestList(issuer, {
        bits: createBitstring(),
        now: scene.now,
        version: scene.feed.version + 1,
      })
      const [header = '', payload = ''] = list
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString())
      await publishList(scene, await signJws(header, payload.replaceAll('/lists/1', '/lists/2'), issuer))
    },
  },
  {
    name: 'the list of another issuer',
    code: 'status_invalid',
    arrange: async (scene) => {
      const options = { bits: createBitstring(), now: scene.now, version: scene.feed.version + 1 }
      await publishList(scene, await signHonestList(otherIssuer, options))
    },
  },
  {
    name: 'half a list',
    code: 'status_invalid',
    arrange: async (scene) => {
      await scene.feed.publish(scene.now)
      const list = await readPublished(scene, LIST_URL)
      serveList(scene, list.slice(0, list.length / 2))
    },
  },
  {
    name: 'half the bits, signed',
    code: 'status_invalid',
    arrange: async (scene) => {
      const bits = await packZeros(MEBIBYTE)
      await publishList(scene, await withBits(scene, bits.subarray(0, bits.length / 2)))
    },
  },
  {
    name: 'a bomb, signed',
    code: 'status_invalid',
    arrange: async (scene) => publishList(scene, await withBits(scene, scene.bomb)),
  },
  {
    name: 'a bomb as encoding of the list',
    code: 'status_stale',
    arrange: async (scene) => {
      await scene.feed.publish(scene.now)
      scene.site.instead.set('list', packedAnswer(scene.bomb))
    },
  },
  {
    name: 'a bomb as encoding of the heartbeat',
    code: 'status_stale',
    arrange: async (scene) => {
      scene.site.instead.set('heartbeat', packedAnswer(scene.bomb))
    },
  },
  {
    name: 'an endless list',
    code: 'status_stale',
    arrange: async (scene) => {
      await scene.feed.publish(scene.now)
      scene.site.instead.set('list', sendForEver)
    },
  },
]

function sendForEver(response: ServerResponse): void {
  const part = Buffer.alloc(65_536, 'A')
  const send = (): void => {
    while (!response.destroyed && response.write(part));
  }
  response.on('drain', send).on('error', () => undefined)
  send()
}

/** Bytes more than before. */
type Growth = Readonly<Record<keyof Memory, number>>

async function runAttack(
  poller: Child<PollOrder, PollReport>,
  attack: Attack,
  { scene, polls, before }: { readonly scene: Scene; readonly polls: number; readonly before: Memory },
): Promise<Growth> {
  const { feed, site, now } = scene
  await attack.arrange(scene)
  const report = await poller.order({ polls, now })
  checkEqual(report.now, 'ok', `${attack.name}: what is held stays good while it is fresh`)
  checkEqual(report.later, attack.code, `${attack.name}: refused`)
  site.instead.clear()
  await feed.publish(now + STEP_MS)
  const after = await poller.order({ polls: 1, now: now + STEP_MS })
  checkEqual(after.now, 'ok', `${attack.name}: well again with the honest issuer`)
  const growth = subtract(report.memory, before)
  check(growth.held < MAX_GROWTH_BYTES, `${attack.name}: holds ${spellBytes(growth.held)} more`)
  check(
    growth.arrayBuffers < MAX_GROWTH_BYTES,
    `${attack.name}: ${spellBytes(growth.arrayBuffers)} of buffers`,
  )
  check(growth.peak < MAX_PEAK_BYTES, `${attack.name}: needed ${spellBytes(growth.peak)} more`)
  return growth
}

function subtract(after: Memory, before: Memory): Growth {
  return {
    held: after.held - before.held,
    arrayBuffers: after.arrayBuffers - before.arrayBuffers,
    rss: after.rss - before.rss,
    peak: after.peak - before.peak,
  }
}

async function runHostileLists(size: Size, progress: (text: string) => void): Promise<string> {
  const isLong = size === 'long'
  const [polls, bombBytes] = isLong ? [20, 1024 * MEBIBYTE] : [2, 64 * MEBIBYTE]
  const bomb = await packZeros(bombBytes)
  const feed = createStatusFeed()
  await feed.publish(NOW)
  const site = await openStatusSite(feed)
  const poller = startChild<PollOrder, PollReport>('polling-process.ts', [String(site.port)])
  const growths: Growth[] = []
  let resident = 0
  try {
    const before = await warmUp(poller, feed)
    for (const [index, attack] of ATTACKS.entries()) {
      const now = NOW + (index + 1) * 2 * STEP_MS
      const poll = () => poller.order({ polls: 1, now })
      const growth = await runAttack(poller, attack, {
        scene: { feed, site, now, bomb, poll },
        polls,
        before,
      })
      growths.push(growth)
      if (isLong) progress(`${attack.name}: ${attack.code}; ${spellGrowth([growth])}`)
    }
    const end = await poller.order({ polls: polls, now: NOW + ATTACKS.length * 3 * STEP_MS })
    // Against the most it had before the attacks: the allocator gives back what it got when it likes.
    resident = end.memory.rss - before.peak
    check(resident < MAX_GROWTH_BYTES, `the process keeps ${spellBytes(resident)} more`)
  } finally {
    await poller.end()
    await site.close()
  }
  return `${ATTACKS.length} attacks, each polled ${polls} times, bombs of ${spellBytes(bombBytes)}; ${spellGrowth(growths)}; resident at the end ${spellBytes(resident)} more than the most before`
}

function spellGrowth(growths: readonly Growth[]): string {
  const most = (member: keyof Memory): string =>
    spellBytes(Math.max(...growths.map((growth) => growth[member])))
  return `after gc held ${most('held')}, array buffers ${most('arrayBuffers')} more; peak ${most('peak')} more`
}

/** Until what honest lists need, the longest that there may be among them, has been allocated. */
async function warmUp(poller: Child<PollOrder, PollReport>, feed: StatusFeed): Promise<Memory> {
  const signList = feed.signList.bind(feed)
  const bits = createBitstring(MAX_LIST_LENGTH).map(() => Math.floor(Math.random() * 256))
  let memory: Memory | undefined
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    const isLong = round < WARM_UP_ROUNDS / 2
    feed.signList = isLong ? (now) => signHonestList(issuer, { bits, now, version: feed.version }) : signList
    await feed.publish(NOW)
    const report = await poller.order({ polls: 1, now: NOW })
    checkEqual(report.now, 'ok', 'honest lists are taken')
    memory = report.memory
  }
  check(memory !== undefined, 'memory was measured')
  return memory
}

/** ST-*, T10: status lists rolled back, swapped, cut short, and bombs. */
export const hostileLists: Experiment = {
  name: 'hostile-lists',
  about: 'status lists rolled back, swapped, cut short, bombs; memory of the verifier',
  run: runHostileLists,
}

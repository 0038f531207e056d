import { encodeBase64url } from '@behalf/core'
import { LIST_URL, NOW, signJws } from '../attacks/support/chain.ts'
import { otherIssuer, stranger } from '../attacks/support/party.ts'
import { createStatusFeed, HEARTBEAT_URL } from '../attacks/support/status-feed.ts'
import { Random } from '../fuzz/random.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { createTimeline, mintChain, type Timeline } from './support/timeline.ts'

/** What an attacker serves instead of the heartbeat, made from the honest one of now. */
interface Attack {
  readonly name: string
  /** What is answered once nothing fresh is held. */
  readonly code: string
  /** Returns what to serve from now on; time passes afterwards. */
  readonly create: (timeline: Timeline) => Promise<(url: string) => Response | undefined>
}

/** What the issuer published at a time. */
interface Published {
  readonly time: number
  readonly heartbeat: string
  readonly list: string
}

const LATENESS_MS = 40_000
const MAX_STALENESS_SECONDS = 30
const POLL_SECONDS = 5
/** The issuer's next heartbeat, an answer that is still waited for, and the poll after it. */
const MAX_RECOVERY_SECONDS = 10 + 2 * POLL_SECONDS
const REVOKED_INDEX = 300

async function readHonest({ world }: Timeline): Promise<string> {
  return (await world.feed.fetch(HEARTBEAT_URL)).text()
}

const serving =
  (make: (timeline: Timeline) => Promise<string> | string) =>
  async (timeline: Timeline): Promise<(url: string) => Response | undefined> => {
    const text = await make(timeline)
    return asHeartbeat(() => new Response(text))
  }

/** Everything else is served as it was published. */
function asHeartbeat(create: () => Response): (url: string) => Response | undefined {
  return (url) => (url === HEARTBEAT_URL ? create() : undefined)
}

/** The honest heartbeat with members changed, signed by somebody. */
async function resign(
  timeline: Timeline,
  party: typeof stranger,
  change: (payload: Record<string, unknown>) => object,
): Promise<string> {
  const [, payload = ''] = (await readHonest(timeline)).split('.')
  const honest = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const header = { alg: 'EdDSA', kid: party.kid, typ: 'behalf-heartbeat+jwt' }
  return signJws(JSON.stringify(header), JSON.stringify({ ...honest, ...change(honest) }), party)
}

function later(payload: Record<string, unknown>, milliseconds: number): object {
  const time = Number(payload['iat_ms']) + milliseconds
  return { sequence: Number(payload['sequence']) + 1000, iat: Math.floor(time / 1000), iat_ms: time }
}

function changeByte(jws: string): string {
  const [header, payload = '', signature] = jws.split('.')
  const text = Buffer.from(payload, 'base64url').toString().replace('"sequence":', '"sequence":9')
  return [header, encodeBase64url(Buffer.from(text)), signature].join('.')
}

const ATTACKS: readonly Attack[] = [
  { name: 'the last one again and again', code: 'status_stale', create: serving(readHonest) },
  {
    name: 'one from before',
    code: 'status_rollback',
    create: async (timeline) => {
      const text = await readHonest(timeline)
      await timeline.pass(20)
      return asHeartbeat(() => new Response(text))
    },
  },
  {
    name: 'everything 40 s late',
    code: 'status_stale',
    create: async (timeline) => {
      const { feed } = timeline.world
      const seen = [await readPublished(timeline)]
      const publish = feed.publish.bind(feed)
      feed.publish = async (now) => {
        await publish(now)
        seen.push(await readPublished(timeline))
      }
      return (url) => {
        const due = seen.findLast(({ time }) => time <= timeline.truth - LATENESS_MS) ?? seen[0]
        return new Response(url === HEARTBEAT_URL ? due?.heartbeat : due?.list)
      }
    },
  },
  {
    name: 'a later one with its signature kept',
    code: 'status_invalid',
    create: serving(async (timeline) => changeByte(await readHonest(timeline))),
  },
  {
    name: 'a later one by another key',
    code: 'status_invalid',
    create: serving((timeline) => resign(timeline, stranger, (payload) => later(payload, 1000))),
  },
  {
    name: 'one of another issuer',
    code: 'status_invalid',
    create: serving(async (timeline) => {
      const feed = createStatusFeed(otherIssuer)
      feed.sequence = 10_000
      await feed.publish(timeline.truth)
      return (await feed.fetch(HEARTBEAT_URL)).text()
    }),
  },
  {
    name: 'one of another issuer in the name of ours',
    code: 'status_invalid',
    create: serving((timeline) => resign(timeline, otherIssuer, (payload) => later(payload, 1000))),
  },
  {
    name: 'half of one',
    code: 'status_invalid',
    create: serving(async (timeline) => {
      const text = await readHonest(timeline)
      return text.slice(0, text.length / 2)
    }),
  },
  { name: 'nothing', code: 'status_invalid', create: serving(() => '') },
  {
    name: 'an error',
    code: 'status_stale',
    create: async () => asHeartbeat(() => new Response('no', { status: 500 })),
  },
  { name: 'an endless answer', code: 'status_stale', create: async () => asHeartbeat(endless) },
  {
    name: 'an answer that never comes',
    code: 'status_stale',
    create: async () =>
      asHeartbeat(() => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }))),
  },
]

/** What was published last, whatever is served. */
async function readPublished({ world, truth }: Timeline): Promise<Published> {
  const { intercept } = world.feed
  world.feed.intercept = () => undefined
  const [heartbeat, list] = await Promise.all([world.feed.fetch(HEARTBEAT_URL), world.feed.fetch(LIST_URL)])
  world.feed.intercept = intercept
  return { time: truth, heartbeat: await heartbeat.text(), list: await list.text() }
}

function endless(): Response {
  const part = new Uint8Array(65_536)
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(part) }))
}

interface Figures {
  /** Seconds after the attack began at which the first request was refused. */
  readonly refusedAfter: number
  /** Seconds from the end of the attack until a request was accepted. */
  readonly recoveredAfter: number
}

/** One attack of so many seconds: the issuer revokes at its beginning, and goes on publishing to nobody. */
async function runAttack(attack: Attack, seconds: number): Promise<Figures> {
  const timeline = await createTimeline()
  const { feed } = timeline.world
  const honest = await mintChain(NOW + 86_400_000, { firstIndex: 500 })
  const revoked = await mintChain(NOW + 86_400_000, { firstIndex: REVOKED_INDEX })
  await timeline.pass(20)
  checkEqual(await timeline.ask({ chain: revoked }), 'ok', `${attack.name}: before`)
  const serve = await attack.create(timeline)
  const revokedAt = timeline.truth
  feed.revoke(REVOKED_INDEX)
  feed.intercept = serve
  let refusedAfter = Number.POSITIVE_INFINITY
  for (let second = 1; second <= seconds; second += 1) {
    await timeline.pass(1)
    const outcomes = [await timeline.ask({ chain: honest }), await timeline.ask({ chain: revoked })]
    const isLate = timeline.truth - revokedAt > MAX_STALENESS_SECONDS * 1000
    const expected = isLate ? [attack.code] : ['ok', attack.code]
    check(
      outcomes.every((code) => expected.includes(code)),
      `${attack.name}: ${outcomes.join(' and ')} after ${second} s`,
    )
    if (!outcomes.includes('ok')) refusedAfter = Math.min(refusedAfter, second)
  }
  feed.intercept = () => undefined
  return {
    refusedAfter,
    recoveredAfter: await recover(timeline, attack.name, { honest, revoked, revokedAt }),
  }
}

interface Chains {
  readonly honest: readonly string[]
  readonly revoked: readonly string[]
  /** Milliseconds. */
  readonly revokedAt: number
}

/** Until what is honest is accepted and what was revoked is known to be. Resolves to the seconds that takes. */
async function recover(
  timeline: Timeline,
  name: string,
  { honest, revoked, revokedAt }: Chains,
): Promise<number> {
  for (let second = 0; ; second += 1) {
    check(second <= MAX_RECOVERY_SECONDS, `${name}: well again soon after it ended`)
    const outcome = await timeline.ask({ chain: honest })
    const isRevoked = await timeline.ask({ chain: revoked })
    const isLate = timeline.truth - revokedAt > MAX_STALENESS_SECONDS * 1000
    check(isRevoked !== 'ok' || !isLate, `${name}: what was revoked is refused in time`)
    if (outcome === 'ok' && isRevoked === 'credential_revoked') return second
    await timeline.pass(1)
  }
}

/** Partitions and attacks of any length, one after the other. */
async function runSequence(seed: number, rounds: number): Promise<number> {
  const random = new Random(seed, 0)
  let slowest = 0
  for (let round = 0; round < rounds; round += 1) {
    const seconds = 1 + random.below(random.chance(0.1) ? 600 : 60)
    slowest = Math.max(slowest, (await runAttack(random.pick(ATTACKS), seconds)).recoveredAfter)
  }
  return slowest
}

async function runHostileHeartbeats(size: Size, progress: (text: string) => void): Promise<string> {
  let latest = 0
  let slowest = 0
  for (const attack of ATTACKS) {
    const { refusedAfter, recoveredAfter } = await runAttack(attack, size === 'long' ? 120 : 34)
    latest = Math.max(latest, refusedAfter)
    slowest = Math.max(slowest, recoveredAfter)
    if (size === 'long') {
      progress(`${attack.name}: ${attack.code} after ${refusedAfter} s, well again after ${recoveredAfter} s`)
    }
  }
  check(latest <= MAX_STALENESS_SECONDS + 1, 'refused from maxStaleness on')
  const rounds = size === 'long' ? 100 : 0
  slowest = Math.max(slowest, await runSequence(1, rounds))
  return `${ATTACKS.length} attacks and ${rounds} of random length; refused after at most ${latest} s, well again after at most ${slowest} s; 0 heartbeats believed`
}

/** F-10, F-11: what is served as the heartbeat is old, forged, late, of somebody else, or never comes. */
export const hostileHeartbeats: Experiment = {
  name: 'hostile-heartbeats',
  about: 'heartbeats replayed, forged, late, of another issuer, never coming',
  run: runHostileHeartbeats,
}

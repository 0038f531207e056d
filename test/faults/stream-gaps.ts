import { NOW } from '../attacks/support/chain.ts'
import { createWorld, type World } from '../attacks/support/world.ts'
import { Random } from '../fuzz/random.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'
import { decide, signAt } from './support/parties.ts'
import { mintChain } from './support/timeline.ts'

/** What becomes of the events of one heartbeat; the list in it is a new one. */
const GAPS = [
  'nothing is missing',
  'the list is missing',
  'the heartbeat is missing',
  'both are missing',
  'the heartbeat comes before the list',
  'both come twice',
  'the heartbeat before comes after it',
  'it ends in the middle of an event',
] as const
type Gap = (typeof GAPS)[number]

const DAY_MS = 86_400_000
const HEARTBEAT_SECONDS = 10
const FIRST_INDEX = 1000
const LINKS = 3
/** Pauses before a stream is opened again are random, up to 2 s after the first failure. */
const MAX_PAUSE_SECONDS = 3
const ROUNDS: Readonly<Record<Size, number>> = { long: 400, short: 24 }
const SILENCES: Readonly<Record<Size, number>> = { long: 200, short: 10 }

/** A verifier that follows a stream, in a time that passes when it is told to. */
interface Follower {
  readonly world: World
  readonly honest: readonly string[]
  /** Streams that were opened so far. */
  readonly opened: () => number
  readonly ask: (chain: readonly string[]) => Promise<string>
}

async function createFollower(): Promise<Follower> {
  let opened = 0
  const world = await createWorld({
    stream: true,
    arrange: (feed) => {
      const { openStream } = feed
      feed.openStream = (signal) => {
        opened += 1
        return openStream(signal)
      }
    },
  })
  return {
    world,
    honest: await mintChain(NOW + 30 * DAY_MS, { firstIndex: 500 }),
    opened: () => opened,
    ask: async (chain) => decide(world, await signAt(world.now, { chain })),
  }
}

/** A chain whose revocation is to be published next. */
async function revokeOne({ world }: Follower, round: number): Promise<readonly string[]> {
  const firstIndex = FIRST_INDEX + round * LINKS
  const chain = await mintChain(NOW + 30 * DAY_MS, { firstIndex })
  world.feed.revoke(firstIndex)
  return chain
}

/** What is on its way is there. No time passes, so nothing is done because its time has come. */
function settle({ world }: Follower): Promise<void> {
  return world.pass(0)
}

/** A heartbeat that revokes something reaches the verifier in this way. Resolves to how often it asked for status. */
async function sendWith(follower: Follower, gap: Gap, round: number): Promise<number> {
  const { world, honest, ask } = follower
  const { feed } = world
  const before = feed.heartbeat()
  const revoked = await revokeOne(follower, round)
  checkEqual(await ask(revoked), 'ok', `${gap}: before`)
  await feed.publish(world.now)
  feed.asked.length = 0
  const [list = '', heartbeat = ''] = feed.events()
  const parts: Readonly<Record<Gap, readonly string[]>> = {
    'nothing is missing': [list, heartbeat],
    'the list is missing': [heartbeat],
    'the heartbeat is missing': [list],
    'both are missing': [],
    'the heartbeat comes before the list': [heartbeat, list],
    'both come twice': [list, heartbeat, list, heartbeat],
    'the heartbeat before comes after it': [list, heartbeat, `event: heartbeat\ndata: ${before}\n\n`],
    'it ends in the middle of an event': [list, heartbeat.slice(0, heartbeat.length / 2)],
  }
  for (const part of parts[gap]) feed.send(part)
  if (gap === 'it ends in the middle of an event') feed.endStreams()
  await settle(follower)
  const asked = feed.asked.length
  // What announces something that is missing has it asked for at once.
  const isHeard = parts[gap].includes(heartbeat)
  checkEqual(await ask(revoked), isHeard ? 'credential_revoked' : 'ok', `${gap}: at once`)
  checkEqual(world.verifiedSequence(), isHeard ? feed.sequence : feed.sequence - 1, `${gap}: what is held`)
  checkEqual(await ask(honest), 'ok', `${gap}: an honest request`)
  await heal(follower, gap, revoked)
  return asked
}

/** The next heartbeat changes nothing, so it comes alone, as an authority sends it. */
async function heal(follower: Follower, gap: Gap, revoked: readonly string[]): Promise<void> {
  const { world, honest, ask } = follower
  const { feed } = world
  for (let second = 0; second < HEARTBEAT_SECONDS; second += 1) {
    await world.pass(1000)
    checkEqual(await ask(honest), 'ok', `${gap}: an honest request, after ${second} s`)
  }
  await feed.beat(world.now)
  feed.send(feed.events().at(-1) ?? '')
  await settle(follower)
  checkEqual(await ask(revoked), 'credential_revoked', `${gap}: with the next heartbeat`)
  checkEqual(world.verifiedSequence(), feed.sequence, `${gap}: the next heartbeat is held`)
  check(feed.streams === 1, `${gap}: one stream is open`)
}

/** Whether it had to ask, for each way to lose something. */
const ASKS: Readonly<Record<Gap, boolean>> = {
  'nothing is missing': false,
  'the list is missing': true,
  'the heartbeat is missing': false,
  'both are missing': false,
  'the heartbeat comes before the list': true,
  'both come twice': false,
  'the heartbeat before comes after it': true,
  'it ends in the middle of an event': false,
}

async function runGaps(rounds: number): Promise<number> {
  const follower = await createFollower()
  const random = new Random(1, 0)
  let asked = 0
  for (let round = 0; round < rounds; round += 1) {
    // Each in turn, then in any order.
    const gap = GAPS[round] ?? random.pick(GAPS)
    const count = await sendWith(follower, gap, round)
    checkEqual(count > 0, ASKS[gap], `${gap}: whether status is asked for at once`)
    asked += count > 0 ? 1 : 0
  }
  follower.world.close()
  return asked
}

/** What is missing cannot be had either: what was held before is not the last word, and nothing is believed. */
async function runUnfetched(): Promise<void> {
  const follower = await createFollower()
  const { world, honest, ask } = follower
  const { feed } = world
  const revoked = await revokeOne(follower, 0)
  await feed.publish(world.now)
  feed.intercept = () => new Response(null, { status: 503 })
  feed.send(feed.events().at(-1) ?? '')
  await settle(follower)
  checkEqual(await ask(revoked), 'status_stale', 'what may be revoked, while the list is missing')
  checkEqual(await ask(honest), 'status_stale', 'anything else, while the list is missing')
  feed.intercept = () => undefined
  for (let second = 0; second < HEARTBEAT_SECONDS; second += 1) await world.pass(1000)
  checkEqual(await ask(revoked), 'credential_revoked', 'once the list is there')
  checkEqual(await ask(honest), 'ok', 'anything else, once the list is there')
  world.close()
}

/** Milliseconds after the last thing that came on a stream. */
interface Silence {
  readonly asked: number
  readonly reopened: number
}

/** A stream stands, and nothing comes on it any more; what is asked for is answered. */
async function runSilence(random: Random): Promise<Silence> {
  const follower = await createFollower()
  const { world, honest, ask, opened } = follower
  const { feed } = world
  await feed.beat(world.now)
  feed.push()
  await settle(follower)
  const [lastAt, before] = [world.now, opened()]
  // The network is broken from some moment before the next heartbeat on.
  await world.pass(random.below(HEARTBEAT_SECONDS * 1000))
  const revoked = await revokeOne(follower, 0)
  await feed.publish(world.now)
  feed.asked.length = 0
  let [beatAt, asked] = [lastAt, Number.POSITIVE_INFINITY]
  while (opened() === before) {
    check(world.now - lastAt <= 60_000, 'a stream that is silent is given up')
    await world.pass(250)
    if (world.now - beatAt >= HEARTBEAT_SECONDS * 1000) {
      beatAt += HEARTBEAT_SECONDS * 1000
      await feed.beat(world.now)
    }
    if (feed.asked.length > 0) asked = Math.min(asked, world.now - lastAt)
    checkEqual(await ask(honest), 'ok', 'an honest request while the stream is silent')
  }
  const silence = { asked, reopened: world.now - lastAt }
  checkEqual(await ask(revoked), 'credential_revoked', 'what was revoked meanwhile is known')
  world.close()
  return silence
}

async function runStreamGaps(size: Size, progress: (text: string) => void): Promise<string> {
  const rounds = ROUNDS[size]
  const asked = await runGaps(rounds)
  await runUnfetched()
  progress(`${rounds} gaps`)
  const random = new Random(2, 0)
  let [slowest, reopened] = [0, 0]
  for (let count = 0; count < SILENCES[size]; count += 1) {
    const silence = await runSilence(random)
    slowest = Math.max(slowest, silence.asked)
    reopened = Math.max(reopened, silence.reopened)
  }
  const twoHeartbeats = 2 * HEARTBEAT_SECONDS * 1000
  check(slowest <= twoHeartbeats, `silence is noticed within two heartbeats: ${slowest} ms`)
  check(reopened <= twoHeartbeats + MAX_PAUSE_SECONDS * 1000, `the stream is opened again: ${reopened} ms`)
  return `${rounds} heartbeats of which something was missing, late, twice or cut off, ${asked} times status was asked for at once, and nothing was believed that was not whole; ${SILENCES[size]} streams that fell silent: noticed after at most ${slowest / 1000} s, opened again after at most ${reopened / 1000} s`
}

/** F-11, F-16: what a stream brings has gaps, or the stream stands and brings nothing. */
export const streamGaps: Experiment = {
  name: 'stream-gaps',
  about: 'the stream of status loses, repeats, reorders and cuts events, or falls silent',
  run: runStreamGaps,
}

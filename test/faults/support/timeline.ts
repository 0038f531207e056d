import { createChain, inEveryLink, type LinkChanges, NOW } from '../../attacks/support/chain.ts'
import type { BaselineChanges, WireRequest } from '../../attacks/support/request.ts'
import { createWorld, type World, type WorldOptions } from '../../attacks/support/world.ts'
import { check } from '../experiment.ts'
import { decide, signAt } from './parties.ts'

/** What the true time is, and how the clocks of the parties differ from it. */
export interface Timeline {
  readonly world: World
  /** Milliseconds since the epoch. */
  readonly truth: number
  /** How far the issuer's clock is ahead, milliseconds; what it signs carries its time. */
  issuerAhead: number
  agentAhead: number
  /** Seconds by which the verifier's clock gains in each second. */
  drift: number
  /** When false, the issuer signs no heartbeats. */
  isBeating: boolean
  /** Requests that were accepted, to be sent again. */
  readonly accepted: readonly WireRequest[]
  /** Time passes: heartbeats are signed every 10 s, the verifier polls every 5 s. */
  pass(seconds: number): Promise<void>
  /** The verifier's machine sleeps: time passes for everybody, its monotonic clock stands still. */
  sleep(seconds: number): Promise<void>
  /** What the verifier says to a fresh request. */
  ask(changes?: BaselineChanges): Promise<string>
  /** Sends a request again that was accepted; any but a refusal is a violation. */
  replay(request: WireRequest): Promise<string>
}

const HEARTBEAT_MS = 10_000
const SLICE_MS = 1000

/** Begins at `NOW` with every clock right. */
export async function createTimeline(options: WorldOptions = {}): Promise<Timeline> {
  const world = await createWorld(options)
  const accepted: WireRequest[] = []
  const time = { truth: NOW, beat: NOW }
  const beat = async (): Promise<void> => {
    if (!timeline.isBeating || time.truth - time.beat < HEARTBEAT_MS) return
    time.beat = time.truth
    await world.feed.publish(Math.round(time.truth + timeline.issuerAhead))
  }
  const timeline: Timeline = {
    world,
    accepted,
    issuerAhead: 0,
    agentAhead: 0,
    drift: 0,
    isBeating: true,
    get truth() {
      return time.truth
    },
    pass: async (seconds) => {
      for (let left = seconds * 1000; left > 0; left -= SLICE_MS) {
        const slice = Math.min(left, SLICE_MS)
        time.truth += slice
        world.step(slice * timeline.drift)
        await beat()
        await world.pass(slice)
      }
    },
    sleep: async (seconds) => {
      time.truth += seconds * 1000
      world.step(seconds * 1000)
      await beat()
    },
    ask: async (changes) => {
      const request = await signAt(time.truth + timeline.agentAhead, changes)
      const outcome = await decide(world, request)
      if (outcome === 'ok') accepted.push(request)
      return outcome
    },
    replay: async (request) => {
      const outcome = await decide(world, request)
      check(outcome !== 'ok', `no request is accepted twice, at ${(time.truth - NOW) / 1000} s`)
      return outcome
    },
  }
  return timeline
}

/** A chain that ends at a time, milliseconds, with status entries of its own. */
export function mintChain(
  validUntil: number,
  { firstIndex = 200, validFrom = NOW - 60_000 }: { firstIndex?: number; validFrom?: number } = {},
): Promise<readonly string[]> {
  const change: LinkChanges = {
    terms: { validFrom, validUntil },
    json: (text) => moveIndices(text, firstIndex),
  }
  return createChain(inEveryLink(change))
}

/** The honest indices are 100, 101 and 102. */
function moveIndices(text: string, firstIndex: number): string {
  return text.replaceAll(
    /("statusListIndex":"|#)10([012])"/g,
    (_, before, place) => `${before}${firstIndex + Number(place)}"`,
  )
}

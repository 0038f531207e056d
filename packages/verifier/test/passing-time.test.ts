import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type ReplayStore, type StatusSource, VerifierError } from '../src/index.ts'
import { openVerifierDatabase } from '../src/sqlite.ts'
import { agentB, issuer, otherIssuer } from './support/agents.ts'
import { makeRequest } from './support/b0.ts'
import { LIST_URL, makeChain, NOW } from './support/chain.ts'
import { codeOf, makeList, makeStatusSource, makeWorld, type World } from './support/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'passing-time-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const chain = await makeChain()
const emptyList = await makeList()
const request = await makeRequest(chain)

/** The code for the baseline request, while the replay store is asked and this happens. */
async function codeAfter(happens: (world: World, held: { source: StatusSource }) => void): Promise<string> {
  const held = { source: makeStatusSource(emptyList) }
  const waiting: { world?: World } = {}
  const replayStore: ReplayStore = {
    claim: async () => {
      await new Promise(setImmediate)
      if (waiting.world !== undefined) happens(waiting.world, held)
      return true
    },
  }
  const statusSource: StatusSource = { ...held.source, read: (did) => held.source.read(did) }
  waiting.world = makeWorld({ replayStore, statusSource })
  return codeOf(await makeRequest(chain), waiting.world)
}

describe('what a request waits for may take long, and what ended meanwhile', () => {
  test('may be nothing', async () => {
    expect(await codeAfter(() => undefined)).toBe('ok')
  })

  test('may be a link', async () => {
    const code = await codeAfter((world) => {
      world.now = NOW + 600_000
    })
    expect(code).toBe('credential_expired')
  })

  test('may be the freshness of the status', async () => {
    const stale = new VerifierError('status_stale', 'no heartbeat came')
    const code = await codeAfter((_, held) => {
      held.source = {
        ...held.source,
        read: () => {
          throw stale
        },
      }
    })
    expect(code).toBe('status_stale')
  })

  test('may be a delegation', async () => {
    const list = await makeList([101], LIST_URL)
    const code = await codeAfter((_, held) => {
      held.source = makeStatusSource(list)
    })
    expect(code).toBe('credential_revoked')
  })

  test('may be a key', async () => {
    const code = await codeAfter((_, held) => {
      held.source = makeStatusSource(emptyList, [agentB.did])
    })
    expect(code).toBe('key_revoked')
  })

  test('may be the trust in the clock', async () => {
    const code = await codeAfter((world) => {
      world.now = NOW - 6000
    })
    expect(code).toBe('clock_unsynchronized')
  })
})

describe('a clock that stepped', () => {
  /** A source that says when it heard from whom. */
  const heard = (times: Readonly<Record<string, number | undefined>>): StatusSource => ({
    ...makeStatusSource(emptyList),
    read: (did) => {
      const time = times[did]
      if (time === undefined) throw new VerifierError('status_unavailable', 'never heard')
      return { ...makeStatusSource(emptyList).read(did), time }
    },
  })

  /** A world whose clock went back an hour and stays there; requests before it were accepted. */
  async function step(times: Record<string, number | undefined>): Promise<World> {
    const trustedIssuers = [issuer.did, otherIssuer.did]
    const world = makeWorld({ statusSource: heard(times), trustedIssuers })
    world.now = NOW + 3_600_000
    expect(await codeOf(request, world)).toBe('signature_expired')
    world.now = NOW
    expect(await codeOf(request, world)).toBe('clock_unsynchronized')
    return world
  }

  test('is confirmed by any issuer that is trusted, once it signed a later time', async () => {
    const times: Record<string, number | undefined> = { [issuer.did]: NOW, [otherIssuer.did]: undefined }
    const world = await step(times)
    times[otherIssuer.did] = NOW + 1
    expect(await codeOf(request, world)).toBe('ok')
  })

  test('is not confirmed by an issuer that was trusted', async () => {
    const times: Record<string, number | undefined> = { [issuer.did]: NOW, [otherIssuer.did]: undefined }
    const world = await step(times)
    world.verifier.distrustIssuer(otherIssuer.did)
    times[otherIssuer.did] = NOW + 1
    expect(await codeOf(request, world)).toBe('clock_unsynchronized')
  })

  test('is recognised after a restart, by what the database remembers', async () => {
    const path = join(folder, 'verifier.db')
    const open = (now: number) => openVerifierDatabase(path, { clock: () => now })
    open(NOW - 60_000).close()
    const first = open(NOW)
    expect(first.replayStore.latestTime).toBe(0)
    expect(await codeOf(request, makeWorld({ replayStore: first.replayStore }))).toBe('ok')
    first.close()

    const times = { [issuer.did]: NOW }
    const second = open(NOW - 5001)
    expect(second.replayStore.latestTime).toBe(NOW)
    const world = makeWorld({ replayStore: second.replayStore, statusSource: heard(times) })
    world.now = NOW - 5001
    const later = await makeRequest(chain, { created: NOW / 1000 - 5 })
    expect(await codeOf(later, world)).toBe('clock_unsynchronized')
    times[issuer.did] = NOW + 1
    expect(await codeOf(later, world)).toBe('ok')
    second.close()

    const third = open(NOW)
    expect(third.replayStore.latestTime, 'what was confirmed counts from then on').toBe(NOW - 5001)
    third.close()
  })
})

import { expect } from 'vitest'
import { type AttackCase, http, invariant, invariantOnce } from '../support/attack-case.ts'
import { ASKED, operator, walletAgent, withAuthority } from '../support/authority.ts'
import { FIRST_INDEX } from '../support/chain.ts'
import { expectAnswer } from '../support/expectation.ts'
import type { Api } from '../support/lab.ts'
import { issuer, stranger } from '../support/party.ts'
import { baseline } from '../support/request.ts'
import type { Answer } from '../support/wire.ts'

const sendNow = (api: Api): Promise<Answer> =>
  api.sendSigned(baseline({ created: Math.floor(api.world.now / 1000) }))

/** Something that has happened when it can be seen. */
const until = (isTrue: () => boolean): Promise<void> => expect.poll(isTrue, { interval: 5 }).toBe(true)

/** Revoked and published, and nothing of it told to the verifier yet. */
async function revokeLeaf({ world }: Api): Promise<void> {
  world.feed.revoke(FIRST_INDEX + 2)
  world.now += 1000
  await world.feed.publish(world.now)
}

/** Under a heartbeat that nobody, or somebody else, signed, every link is well again. */
async function refuseForged(api: Api, forge: (honest: string) => Promise<string> | string): Promise<void> {
  const { world } = api
  await revokeLeaf(api)
  world.feed.push()
  await until(() => world.verifiedSequence() === 2)
  expectAnswer(await sendNow(api), 'credential_revoked')
  const asked = world.feed.asked.length
  world.feed.send(`event: heartbeat\nid: 99\ndata: ${await forge(world.feed.heartbeat())}\n\n`)
  await until(() => world.feed.asked.length > asked && world.feed.streams === 0)
  expectAnswer(await sendNow(api), 'credential_revoked')
}

/** What is pushed. */
export const PUSHED_CASES: Readonly<Record<string, AttackCase>> = {
  'ST-024': invariant(async (api) => {
    const strip = (jws: string): string => `${jws.split('.').slice(0, 2).join('.')}.`
    for (const forge of [strip, () => 'a.b.c', () => '{}']) {
      await refuseForged(await api.open({ stream: true }), forge)
    }
    const open = await api.open({ stream: true })
    const byOther = { ...issuer, signer: stranger.signer }
    await refuseForged(open, () => open.world.feed.signHeartbeat(open.world.now, byOther))
  }),
  'ST-025': invariant(async (api) => {
    const open = await api.open({ stream: true })
    const { world } = open
    expectAnswer(await sendNow(open), 'ok')
    await revokeLeaf(open)
    world.feed.intercept = () => Response.error()
    const asked = world.feed.asked.length
    world.feed.push({ list: false })
    await until(() => world.feed.asked.length > asked)
    expectAnswer(await sendNow(open), 'status_stale')
    world.feed.intercept = () => undefined
    await world.poll()
    expectAnswer(await sendNow(open), 'credential_revoked')
  }),
  'ST-027': http(async (api) => {
    const open = await api.open({ stream: true })
    expectAnswer(await sendNow(open), 'ok')
    open.world.feed.intercept = () => Response.error()
    for (let second = 0; second < 30; second += 1) {
      open.world.feed.send(': still here\n\n')
      await open.world.pass(1000)
    }
    expectAnswer(await sendNow(open), 'ok')
    await open.world.pass(1000)
    return sendNow(open)
  }),
  'ST-028': invariantOnce(() =>
    withAuthority(async ({ origin, send }) => {
      const response = await fetch(`${origin}/status/stream`)
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      const created = await send({ path: '/delegation-requests', as: walletAgent, body: ASKED })
      const { id } = JSON.parse(created.body)
      const approve = { path: `/delegation-requests/${id}/approve`, as: operator, body: { version: 1 } }
      const { delegation_id: delegation } = JSON.parse((await send(approve)).body)
      const reason = 'lost\n\nevent: heartbeat\ndata: a.b.c'
      const named = await send({ path: '/revocations', as: operator, body: { delegation, reason: 'lost' } })
      expect(named.status).toBe(200)
      const answer = await send({ path: '/revocations', as: operator, body: { delegation, reason } })
      let text = ''
      const latest = await (await fetch(`${origin}/status/heartbeat`)).text()
      while (!text.includes(latest)) text += (await reader?.read())?.value ?? ''
      expect(answer.status).toBeLessThan(500)
      expect(text).not.toContain('a.b.c')
      expect(text).toMatch(/^(?:(?:event: [a-z]+\n)(?:id: [0-9]+\n)?data: [A-Za-z0-9_.-]+\n\n)+$/u)
      await reader?.cancel()
    }),
  ),
}

/** Streams that one address opens without an end. */
export const MANY_STREAMS: AttackCase = http(async () =>
  withAuthority(
    async ({ origin, send }) => {
      const open = []
      for (let count = 0; count < 20; count += 1) open.push(await fetch(`${origin}/status/stream`))
      expect(open.map(({ status }) => status)).toEqual(open.map(() => 200))
      const answer = await send({ method: 'GET', path: '/status/stream' })
      for (const { body } of open) await body?.cancel()
      expect((await fetch(`${origin}/health`)).status).toBe(200)
      return answer
    },
    { statusStreams: { perAddress: 20 } },
  ),
)

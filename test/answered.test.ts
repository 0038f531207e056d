import { collectTrace, findOutcome, isAccepted, verifyTrace } from '@behalf/authority/trace'
import { decodeDidKey } from '@behalf/did'
import { type AuthorityClient, createMemoryWallet } from '@behalf/wallet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World, waitFor } from './support/world.ts'

let world: World
let client: AuthorityClient

beforeAll(async () => {
  world = await openWorld({ reports: true })
  client = world.operator.authority(world.authority)
})
afterAll(() => world.end())

/** What the log has about something, verified. */
async function trace(id: string): ReturnType<typeof verifyTrace> {
  const key = { name: world.issuer, publicKey: decodeDidKey(world.issuer) }
  const { bundle } = await collectTrace(client, id, key)
  return verifyTrace(bundle, world.issuer)
}

test('what a protected API answered stands in the log, and in every story that the request is part of', async () => {
  const agent = createMemoryWallet()
  await world.grant(agent, { paths: ['/projects/**'] })
  const answers = [
    await agent.fetch(`${world.api}/projects/7`),
    await agent.fetch(`${world.api}/projects/none/8`),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  const ids = answers.map(({ headers }) => headers.get('request-id') ?? '')
  const refused = await agent.fetch(`${world.api}/projects/7`, { method: 'DELETE' }).catch(() => undefined)
  expect(refused?.status ?? 403).toBe(403)
  await waitFor(async () => {
    const entries = await client.listLogEntries({ about: 'type:answered', from: 0, limit: 10 })
    return entries.length === 2 ? entries : undefined
  })
  for (const about of [ids[0] ?? '', agent.did]) {
    const verified = await trace(about)
    const accepted = verified.entries.filter(({ record }) => isAccepted(record))
    expect(accepted.map(({ record }) => record.outcome)).toEqual(accepted.map(() => 'follows'))
    const outcomes = accepted.map((entry) => findOutcome(entry, verified)?.record)
    const told = outcomes.map((record) => [
      record?.type,
      record?.request_id,
      record?.status,
      record?.principal,
    ])
    expect(told).toEqual(accepted.map(({ record }) => ['answered', record.request_id, 200, record.principal]))
    expect(accepted.map(({ record }) => record.request_id)).toEqual(about === agent.did ? ids : [ids[0]])
  }
}, 60_000)

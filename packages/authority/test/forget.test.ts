import { DatabaseSync } from 'node:sqlite'
import { hashLeaf, verifyInclusion } from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import { expect, test } from 'vitest'
import { ALICE, ASKED, createWorld, type World } from './support/authority-world.ts'
import { hashesOf, readCheckpoint, readEntries } from './support/read-log.ts'

/** A world in which something was done for Alice, and an API has told of a request of hers. */
async function createStory(): Promise<World> {
  const world = await createWorld()
  await world.agent.client.createRequest(ASKED)
  await world.agent.client.createRequest({ ...ASKED, onBehalfOf: { id: 'bob' } })
  const api = world.party('api')
  const origins = ['https://api.test']
  await world.operator.client.registerApi({ did: api.did, origins })
  const report = {
    time: new Date(world.clock()).toISOString(),
    request_id: 'r1',
    decision: 'accepted',
    code: 'ok',
    origin: origins[0],
    principal: { issuer: world.authority.issuerDid, id: ALICE.id },
    evidence: { credentials: ['a.b.c'], signature_base: 'base', signature: 'AAAA' },
  }
  const body = JSON.stringify({ records: [report] })
  expect((await api.send({ method: 'POST', path: '/audit/records', body })).status).toBe(200)
  return world
}

const requested = async (world: World) =>
  (await readEntries(world.operator)).filter(({ record }) => record.type === 'requested')

test('who was meant is forgotten, and every proof still holds', async () => {
  const world = await createStory()
  const before = await readEntries(world.operator)
  const [alice, bob] = (await requested(world)).map(({ record }) => record['principal'])
  const { forgotten, evidence, events } = await world.operator.client.forgetPrincipal(ALICE.id)
  expect([forgotten, evidence, events]).toEqual([alice, 1, 2])
  const { size, root } = await readCheckpoint(world)
  const after = await readEntries(world.operator, '?evidence=true')
  expect(after.slice(0, -1).map(({ text }) => text)).toEqual(before.map(({ text }) => text))
  expect(after.at(-1)?.record).toMatchObject({ type: 'person_forgotten', forgotten, by: world.operator.did })
  expect(after.flatMap((entry) => entry.evidence ?? [])).toEqual([])
  for (const { index, text } of after) {
    const { json } = await world.get(`/log/proof/inclusion?index=${index}&size=${size}`)
    const proof = hashesOf(json['proof'])
    verifyInclusion({ index, size, root, leafHash: hashLeaf(encodeUtf8(text)), proof })
  }
  const recorded = await world.operator.client.listEvents()
  const names = recorded.map(({ data }) => JSON.stringify(data)).join('\n')
  expect(names).not.toContain(ALICE.id)
  expect(names).toContain('bob')
  await world.authority.close()
  const raw = new DatabaseSync(world.databasePath)
  const known = raw.prepare('select hash, id from principal_salts where salt is not null').all()
  const erased = raw
    .prepare('select hash, erased_at, id, issuer from principal_salts where salt is null')
    .all()
  raw.close()
  expect(known).toEqual([{ hash: bob, id: 'bob' }])
  expect(erased).toEqual([{ hash: alice, erased_at: world.clock(), id: null, issuer: null }])
})

test('whoever comes back has another name', async () => {
  const world = await createStory()
  await world.operator.client.forgetPrincipal(ALICE.id)
  await world.agent.client.createRequest({ ...ASKED, purpose: 'Again' })
  const [first, , again] = (await requested(world)).map(({ record }) => record['principal'])
  expect(again).toMatch(/^sha-256:/u)
  expect(again).not.toBe(first)
})

test('the log goes on over a restart as if nothing had been forgotten', async () => {
  const world = await createStory()
  await world.operator.client.forgetPrincipal(ALICE.id)
  const before = await readCheckpoint(world)
  expect(await readCheckpoint(await world.restart())).toMatchObject({ size: before.size, root: before.root })
})

test('nobody is forgotten twice, nor whom no record knows', async () => {
  const world = await createStory()
  await world.operator.client.forgetPrincipal(ALICE.id)
  for (const id of [ALICE.id, 'carol']) {
    const again = world.operator.client.forgetPrincipal(id)
    await expect(again).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
  }
})

test.each([
  "json_set(data_json, '$.principal.id', 'mallory')",
  "json_set(data_json, '$.purpose', 'another')",
  "json_remove(data_json, '$.purpose')",
])('the record of events takes no other change: %s', async (change) => {
  const world = await createStory()
  await world.authority.close()
  const raw = new DatabaseSync(world.databasePath)
  const update = () => raw.exec(`update events set data_json = ${change} where type = 'requested'`)
  expect(update).toThrow(/append-only/u)
  raw.close()
})

import { DatabaseSync } from 'node:sqlite'
import { hashLeaf, verifyConsistency, verifyInclusion } from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { ALICE, ASKED, createWorld, type World } from './support/authority-world.ts'
import { hashesOf, readCheckpoint, readEntries, typesOf } from './support/read-log.ts'

async function delegate(world: World): Promise<string> {
  const { id } = await world.agent.client.createRequest(ASKED)
  const { delegationId = '' } = await world.operator.client.approve(id, { version: 1 })
  return delegationId
}

describe('the log of an authority', () => {
  test('begins with the key that signs it, and has everything on record, in order', async () => {
    const world = await createWorld()
    const delegation = await delegate(world)
    await world.operator.client.revoke({ delegation })
    const entries = await readEntries(world.operator)
    expect(typesOf(entries)).toEqual([
      'key_logged',
      'operator_created',
      'policy_loaded',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'delegation_revoked',
    ])
    expect(entries.map(({ id, index }) => [id, index])).toEqual(
      entries.map((_, place) => [`event:${place + 1}`, place]),
    )
    expect(entries[0]?.record).toMatchObject({
      issuer: world.authority.issuerDid,
      uses: ['delegations', 'status', 'log'],
    })
    expect((await readCheckpoint(world)).size).toBe(8)
  })

  test('proves every entry, and that it only ever grew', async () => {
    const world = await createWorld()
    const before = await readCheckpoint(world)
    await delegate(world)
    const { size, root } = await readCheckpoint(world)
    for (const { index, text } of await readEntries(world.operator)) {
      const { json } = await world.get(`/log/proof/inclusion?index=${index}&size=${size}`)
      verifyInclusion({
        index,
        size,
        root,
        leafHash: hashLeaf(encodeUtf8(text)),
        proof: hashesOf(json['proof']),
      })
    }
    const { json } = await world.get(`/log/proof/consistency?from=${before.size}&to=${size}`)
    const proof = hashesOf(json['proof'])
    expect(size).toBeGreaterThan(before.size)
    verifyConsistency({ size1: before.size, root1: before.root, size2: size, root2: root, proof })
  })

  test('takes an event in once, over restarts, and goes on where it was', async () => {
    const world = await createWorld()
    await delegate(world)
    const before = await readCheckpoint(world)
    const restarted = await world.restart()
    expect(await readCheckpoint(restarted)).toMatchObject({ size: before.size, root: before.root })
    await delegate(restarted)
    const ids = (await readEntries(restarted.operator)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(before.size + 4)
  })

  test('takes in what was on record before there was a log', async () => {
    const world = await createWorld()
    await delegate(world)
    const texts = (await readEntries(world.operator)).map(({ record }) => record.type)
    await world.authority.close()
    const raw = new DatabaseSync(world.databasePath)
    raw.exec('delete from log_entry; delete from log_node; delete from log_checkpoint; delete from log_term')
    raw.close()
    expect(typesOf(await readEntries((await world.restart()).operator))).toEqual(texts)
  })

  test('names no person, and one person always the same', async () => {
    const world = await createWorld()
    await delegate(world)
    await delegate(world)
    const entries = await readEntries(world.operator)
    const principals = entries.flatMap(({ record }) => record['principal'] ?? [])
    expect(principals.length).toBe(8)
    expect(new Set(principals).size).toBe(1)
    expect(principals[0]).toMatch(/^sha-256:/u)
    expect(entries.map(({ text }) => text).join('\n')).not.toContain(ALICE.id)
  })

  test('marks what was recorded after the clock had gone back', async () => {
    const world = await createWorld()
    world.clock.advance(60)
    await world.agent.client.createRequest(ASKED)
    world.clock.advance(-3)
    await world.agent.client.createRequest({ ...ASKED, purpose: 'Again', onBehalfOf: { id: 'bob' } })
    const requested = (await readEntries(world.operator)).filter(({ record }) => record.type === 'requested')
    expect(requested.map(({ record }) => record.time_anomaly)).toEqual([undefined, true])
    expect(requested[1]?.index).toBeGreaterThan(requested[0]?.index ?? Infinity)
  })

  test('finds what concerns a request, a delegation, an agent', async () => {
    const world = await createWorld()
    const { id } = await world.agent.client.createRequest(ASKED)
    const { delegationId = '' } = await world.operator.client.approve(id, { version: 1 })
    await world.operator.client.revoke({ delegation: delegationId })
    const about = async (what: string) =>
      typesOf(await readEntries(world.operator, `?about=${encodeURIComponent(what)}`))
    expect(await about(`request:${id}`)).toEqual(['requested', 'policy_decided', 'approved', 'issued'])
    expect(await about(`delegation:${delegationId}`)).toEqual(['approved', 'issued', 'delegation_revoked'])
    expect(await about(`agent:${world.agent.did}`)).toHaveLength(5)
    expect(await about('agent:did:key:zNobody')).toEqual([])
    expect(await about('type:key_logged')).toEqual(['key_logged'])
  })

  test('is read page by page', async () => {
    const world = await createWorld()
    await delegate(world)
    const indices = async (query: string) =>
      (await readEntries(world.operator, query)).map(({ index }) => index)
    expect(await indices('?from=2&limit=3')).toEqual([2, 3, 4])
    expect(await indices('?from=6&limit=9999')).toEqual([6])
    expect(await indices('?from=7')).toEqual([])
  })

  test('is read backwards, from the latest about something', async () => {
    const world = await createWorld()
    await delegate(world)
    await delegate(world)
    const about = `?about=agent:${encodeURIComponent(world.agent.did)}`
    const indices = async (query: string): Promise<readonly number[]> =>
      (await readEntries(world.operator, `${about}${query}`)).map(({ index }) => index)
    const all = await indices('')
    expect(await indices('&before=999')).toEqual(all.toReversed())
    expect(await indices(`&before=${all[3]}&limit=2`)).toEqual([all[2], all[1]])
    expect(await indices('&before=0')).toEqual([])
  })

  test('has no proof of what it does not hold', async () => {
    const world = await createWorld()
    const { size } = await readCheckpoint(world)
    const asked = [
      `inclusion?index=${size}&size=${size}`,
      `inclusion?index=0&size=${size + 1}`,
      `consistency?from=${size}&to=${size + 4}`,
      `consistency?from=2&to=1`,
    ]
    for (const path of asked) {
      expect([path, (await world.get(`/log/proof/${path}`)).code]).toEqual([path, 'not_found'])
    }
  })

  test.each([
    '/log/proof/inclusion?index=1',
    '/log/proof/inclusion?index=-1&size=3',
    '/log/proof/inclusion?index=01&size=3',
    '/log/proof/consistency?from=1&to=2&to=3',
    '/log/proof/consistency?from=1&to=9007199254740993',
  ])('a proof is not asked for like this: %s', async (path) => {
    const { status, code } = await (await createWorld()).get(path)
    expect([status, code]).toEqual([422, 'input_invalid'])
  })

  test.each([
    '?about=person:alice',
    '?about=agent:',
    '?from=x',
    '?limit=1.5',
    '?before=9',
    '?about=agent:a&before=9&from=1',
  ])('records are not asked for like this: %s', async (query) => {
    const { operator } = await createWorld()
    expect((await operator.send({ path: `/log/entries${query}` })).code).toBe('input_invalid')
  })

  test('says so when it cannot take in what is on record', async () => {
    const world = await createWorld()
    const { size } = await readCheckpoint(world)
    const raw = world.authority
    await delegate(world)
    expect((await readCheckpoint(world)).size).toBe(size + 4)
    await raw.close()
    const broken = new DatabaseSync(world.databasePath)
    broken.exec("create trigger broken before insert on log_entry begin select raise(abort, 'no'); end")
    broken.close()
    const restarted = await world.restart()
    await delegate(restarted)
    const answer = await restarted.get('/log/checkpoint')
    expect([answer.status, answer.code]).toEqual([503, 'audit_unavailable'])
    expect(restarted.log.join('\n')).toContain('the log could not take in what is on record')
  })
})

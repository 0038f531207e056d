import { verifyLog } from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { ALICE, ASKED, createWorld, type Party, type World } from './support/authority-world.ts'
import { readCheckpoint, readEntries, typesOf } from './support/read-log.ts'

const NOBODY = 'did:key:z6MkInvalid'

let world: World
let auditor: Party
beforeEach(async () => {
  world = await createWorld()
  auditor = world.party('auditor')
})

describe('an auditor', () => {
  test('reads every record once an operator let it, and can prove that it is the whole log', async () => {
    expect((await auditor.send({ path: '/log/entries' })).code).toBe('forbidden')
    const added = await world.operator.client.addAuditor(auditor.did)
    expect(added).toEqual({ did: auditor.did, addedAt: world.clock(), addedBy: world.operator.did })
    const checkpoint = await readCheckpoint(world)
    await verifyLog({
      checkpoint,
      seen: [],
      readEntries: async (from, limit) => {
        const entries = await readEntries(auditor, `?from=${from}&limit=${Math.min(limit, 2)}`)
        return entries.map(({ index, id, text }) => ({ index, id, data: encodeUtf8(text) }))
      },
    })
    expect(checkpoint.size).toBeGreaterThan(2)
    const own = await readEntries(auditor, '?about=type:auditor_added')
    expect(own.map(({ record }) => [record['auditor'], record['by']])).toEqual([
      [auditor.did, world.operator.did],
    ])
  })

  test('reads nothing that lies beside the records, and nothing else that is an operator’s', async () => {
    await world.operator.client.addAuditor(auditor.did)
    const answers = [
      await auditor.send({ path: '/log/entries?evidence=true' }),
      await auditor.send({ path: '/events' }),
      await auditor.send({ path: '/apis' }),
      await auditor.send({ path: '/auditors' }),
      await auditor.send({ path: '/delegations' }),
      await auditor.send({ method: 'POST', path: '/auditors', body: JSON.stringify({ did: auditor.did }) }),
      await auditor.send({ method: 'DELETE', path: `/auditors/${auditor.did}` }),
    ]
    expect(answers.map(({ status, code }) => `${status} ${code}`)).toEqual([
      ...Array.from({ length: 6 }, () => '403 forbidden'),
      '404 not_found',
    ])
    expect((await world.operator.send({ path: '/log/entries?evidence=true' })).status).toBe(200)
  })

  test('sees nobody’s name', async () => {
    await world.agent.client.createRequest(ASKED)
    await world.operator.client.addAuditor(auditor.did)
    const { text } = await auditor.send({ path: '/log/entries' })
    expect(text).toContain('requested')
    expect(text).not.toContain(ALICE.id)
  })

  test('is added once, listed and removed; each of these is on record', async () => {
    const { client } = world.operator
    const first = await client.addAuditor(auditor.did)
    expect(await client.addAuditor(auditor.did)).toEqual(first)
    expect(await client.listAuditors()).toEqual([first])
    await client.removeAuditor(auditor.did)
    expect(await client.listAuditors()).toEqual([])
    expect((await auditor.send({ path: '/log/entries' })).code).toBe('forbidden')
    await expect(client.removeAuditor(auditor.did)).rejects.toMatchObject({ code: 'not_found' })
    await client.addAuditor(auditor.did)
    expect((await auditor.send({ path: '/log/entries' })).status).toBe(200)
    const types = typesOf(await readEntries(world.operator)).filter((type) => type.startsWith('auditor_'))
    expect(types).toEqual(['auditor_added', 'auditor_removed', 'auditor_added'])
  })

  test('is a key, and one that was not revoked', async () => {
    for (const did of [NOBODY, 'did:web:auditor.test', '']) {
      const { code, json } = await world.operator.send({
        method: 'POST',
        path: '/auditors',
        body: JSON.stringify({ did }),
      })
      expect([did, code, json['field']]).toEqual([did, 'input_invalid', 'did'])
    }
    await world.operator.client.addAuditor(auditor.did)
    await world.operator.client.revoke({ agent: auditor.did })
    expect((await auditor.send({ path: '/log/entries' })).code).toBe('key_revoked')
  })
})

import { digestSha256 } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { ASKED, createWorld, type World } from './support/authority-world.ts'

const HOUR = 60 * 60

async function issue(world: World): Promise<{ id: string; index: string }> {
  const { id } = await world.agent.client.createRequest(ASKED)
  await world.operator.client.approve(id, { version: 1 })
  const delegation = parseDelegation((await world.agent.client.collect(id)).delegation)
  return { id: delegation.id, index: delegation.status.statusListIndex }
}

describe('the heartbeat', () => {
  test('is a compact JWS, for a moment cacheable', async () => {
    const world = await createWorld()
    const answer = await world.get('/status/heartbeat')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/jwt')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1')
    expect(answer.headers.get('etag')).toBe(`"${digestSha256(answer.text)}"`)
    expect(answer.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/u)
  })

  test('is signed once for each beat, not for each reader', async () => {
    const world = await createWorld()
    const first = await world.get('/status/heartbeat')
    world.clock.advance(5)
    expect((await world.get('/status/heartbeat')).text).toBe(first.text)
    await world.beat()
    const second = await world.get('/status/heartbeat')
    expect(second.text).not.toBe(first.text)
  })

  test('beats on, with ever higher numbers, over restarts too', async () => {
    const world = await createWorld()
    const sequences = [(await world.published()).sequence]
    await world.beat()
    sequences.push((await world.published()).sequence)
    const restarted = await world.restart()
    sequences.push((await restarted.published()).sequence)
    await restarted.beat()
    sequences.push((await restarted.published()).sequence)
    expect(sequences).toEqual([1, 2, 3, 4])
  })

  test('beats at once after a revocation', async () => {
    const world = await createWorld()
    const { id } = await issue(world)
    const before = (await world.published()).sequence
    const { sequence } = await world.operator.client.revoke({ delegation: id })
    expect(sequence).toBe(before + 1)
    expect((await world.published()).sequence).toBe(sequence)
    const key = await world.operator.client.revoke({ agent: world.party('other').did })
    expect((await world.published()).sequence).toBe(key.sequence)
  })
})

describe('a status list', () => {
  test('is a compact JWS, for a moment cacheable', async () => {
    const world = await createWorld()
    const answer = await world.get('/status/lists/1')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/vc+jwt')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1')
    expect(answer.headers.get('etag')).toBe(`"${digestSha256(answer.text)}"`)
  })

  test('is not sent again to who has it, until it changes', async () => {
    const world = await createWorld()
    const { id, index } = await issue(world)
    for (const path of ['/status/lists/1', '/status/heartbeat']) {
      const first = await world.get(path)
      const etag = first.headers.get('etag') ?? ''
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const second = await world.get(path, { 'if-none-match': known })
        expect([second.status, second.text, second.headers.get('etag')]).toEqual([304, '', etag])
      }
      expect((await world.get(path, { 'if-none-match': '"other"' })).status).toBe(200)
    }
    const { headers } = await world.get('/status/lists/1')
    await world.operator.client.revoke({ delegation: id })
    const changed = await world.get('/status/lists/1', { 'if-none-match': headers.get('etag') ?? '' })
    expect(changed.status).toBe(200)
    expect((await world.published()).isRevoked(index)).toBe(true)
  })

  test('goes up by one version for each change, and never back, over restarts too', async () => {
    const world = await createWorld()
    const [one, two] = [await issue(world), await issue(world)]
    const versions = [(await world.published()).versions]
    await world.operator.client.revoke({ delegation: one.id })
    versions.push((await world.published()).versions)
    const restarted = await world.restart()
    versions.push((await restarted.published()).versions)
    await restarted.operator.client.revoke({ delegation: two.id })
    await restarted.operator.client.revoke({ delegation: two.id })
    const published = await restarted.published()
    versions.push(published.versions)
    expect(versions).toEqual([[1], [2], [2], [3]])
    expect([published.isRevoked(one.index), published.isRevoked(two.index)]).toEqual([true, true])
  })

  test('is renewed before it ends, by the heartbeat', async () => {
    const world = await createWorld()
    world.clock.advance(12 * HOUR)
    await world.beat()
    await expect(world.published()).resolves.toMatchObject({ versions: [2] })
  })

  test.each([
    '/status/lists/2',
    '/status/lists/0',
    '/status/lists/01',
    '/status/lists/-1',
    '/status/lists/x',
  ])('there is none at %s', async (path) => {
    const world = await createWorld()
    const answer = await world.get(path)
    expect([answer.status, answer.code, answer.headers.get('cache-control')]).toEqual([
      404,
      'not_found',
      'no-store',
    ])
  })

  test('names itself by the configured origin, whatever the call says', async () => {
    const world = await createWorld()
    const plain = await world.get('/status/lists/1')
    const poisoned = await world.get('/status/lists/1', {
      'x-forwarded-host': 'evil.test',
      forwarded: 'host=evil.test',
    })
    expect(poisoned.text).toBe(plain.text)
    const payload = Buffer.from(plain.text.split('.')[1] ?? '', 'base64url').toString()
    expect(payload).toContain(`${world.origin}/status/lists/1`)
  })
})

describe('HEAD', () => {
  test('tells the same without the body', async () => {
    const world = await createWorld()
    const response = await fetch(`${world.origin}/status/lists/1`, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(response.headers.get('etag')).toBe((await world.get('/status/lists/1')).headers.get('etag'))
  })
})

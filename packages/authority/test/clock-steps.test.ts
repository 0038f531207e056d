import { expect, test } from 'vitest'
import { createWorld } from './support/authority-world.ts'

test('a clock that steps is not believed, until it has run on for a minute', async () => {
  let passed = 0
  const { operator, clock } = await createWorld({ monotonicClock: () => passed })
  const list = async (): Promise<unknown> => {
    const { status, code } = await operator.send({ path: '/delegation-requests' })
    return code ?? status
  }
  expect(await list()).toBe(200)
  clock.advance(3600)
  expect(await list()).toBe('clock_unsynchronized')
  clock.advance(59)
  passed += 59_000
  expect(await list()).toBe('clock_unsynchronized')
  clock.advance(1)
  passed += 1000
  expect(await list()).toBe(200)
})

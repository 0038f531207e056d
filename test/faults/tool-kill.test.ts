import { expect, test } from 'vitest'
import { runToolKill } from './tool-kill.ts'

test('a tool that acts without a record is noticed', async () => {
  await expect(runToolKill('short', { isUnrecorded: true })).rejects.toThrow(
    'each effect of a tool has a record',
  )
}, 60_000)

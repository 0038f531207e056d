import { expect, test } from 'vitest'
import { runEffectKill } from './effect-kill.ts'

test('an API that acts without a record is noticed', async () => {
  const run = runEffectKill('short', () => undefined, { isUnrecorded: true })
  await expect(run).rejects.toThrow('each effect has an intent on record')
}, 60_000)

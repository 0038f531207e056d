import { copyDraft, type Draft, setLine } from './draft.ts'
import { randomText } from './mutate-text.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'

const NAMES = ['Signature', 'Signature-Input', 'Signature-Key', 'Delegation-Chain', 'Content-Digest'] as const
const OTHERS = ['Agent-Context', 'Content-Type', 'Content-Length', 'Host', 'Connection', 'Transfer-Encoding']

/** A request some of whose parts, or all, are nothing but random bytes. */
export function createRawDraft(random: Random, pool: Pool): Draft {
  const draft = random.chance(0.3) ? createNoise(random) : copyDraft(random.pick(pool.requests).draft)
  const parts = 1 + random.below(3)
  for (let part = 0; part < parts; part += 1) replacePart(draft, random)
  return draft
}

function createNoise(random: Random): Draft {
  const headers: [string, string][] = [['Host', 'api.test']]
  for (const name of NAMES) headers.push([name, randomText(random, 1000)])
  for (let lines = random.below(6); lines > 0; lines -= 1) {
    headers.push([randomText(random, 30), randomText(random, 300)])
  }
  return { method: 'POST', target: '/v1/items', headers, body: random.bytes(random.below(100)) }
}

function replacePart(draft: Draft, random: Random): void {
  const part = random.below(12)
  if (part === 0) draft.method = randomText(random, 40)
  if (part === 1) draft.target = randomText(random, 200)
  if (part === 2) draft.target = `/${randomText(random, 200)}`
  if (part === 3) draft.body = random.bytes(random.below(1000))
  if (part === 4) draft.headers.push([randomText(random, 40), randomText(random, 100)])
  if (part === 5) setLine(draft, random.pick(OTHERS), randomText(random, 100))
  if (part >= 6) setLine(draft, random.pick(NAMES), randomText(random, 3000))
}

import { beforeAll, describe, expect, test } from 'vitest'
import { authorize, parseCapabilities } from '../src/index.ts'
import { generateCapability } from './support/capability-generator.ts'
import { allowsRequest, isWider } from './support/capability-oracle.ts'
import { httpAccess, mcpAccess } from './support/capability-universe.ts'
import { createRandom } from './support/random.ts'
import { codeOf } from './support/refusal.ts'
import { runOracle } from './support/run-oracle.ts'

describe('attenuation against brute force', () => {
  let report: ReturnType<typeof runOracle>
  beforeAll(() => {
    report = runOracle({ seed: 1, pairs: 10_000 })
  })

  test('no child that is covered allows a request that its parent refuses', () => {
    expect(report.unsound).toEqual([])
  })

  test('the pairs try both answers, and few narrower children are refused', () => {
    const { pairs, covered, refused, cautious } = report
    expect(covered + refused + cautious.nothing + cautious.together + cautious.other).toBe(pairs)
    expect(covered).toBeGreaterThan(2000)
    expect(refused).toBeGreaterThan(1500)
    expect((cautious.together + cautious.other) / covered).toBeLessThan(0.15)
  })

  test('the oracle notices what is wider', () => {
    const narrow = { type: 'http', locations: ['https://a.test'], actions: ['GET'], paths: ['/a/*'] }
    const wide = { ...narrow, paths: ['/a/**'] }
    expect(isWider([wide], [narrow])).toBe(false)
    expect(isWider([narrow], [wide])).toBe(true)
    expect(isWider([narrow, wide], [wide])).toBe(false)
    expect(isWider([], [narrow])).toBe(true)
  })
})

describe('authorization against the oracle', () => {
  test('a request is allowed exactly when the oracle allows it', () => {
    const random = createRandom(2)
    const seen = { allowed: 0, refused: 0 }
    for (let round = 0; round < 20_000; round += 1) {
      const capability = generateCapability(random)
      const create = capability['type'] === 'http' ? httpAccess : mcpAccess
      const { access, values } = create(random.pick)
      const expected = allowsRequest(capability, values)
      const code = codeOf(() => authorize(parseCapabilities([capability]), access))
      expect(code === 'ok', JSON.stringify({ capability, values, code })).toBe(expected)
      seen[expected ? 'allowed' : 'refused'] += 1
    }
    expect(seen.allowed).toBeGreaterThan(300)
    expect(seen.refused).toBeGreaterThan(300)
  })
})

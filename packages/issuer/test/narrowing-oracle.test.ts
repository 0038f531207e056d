import type { JsonValue } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Narrowing } from '../src/index.ts'
import { createWorld, type World } from './support/issuer-world.ts'

const PATHS = ['/issues', '/issues/7', '/issues/*', '/issues/**', '/admin']

const capability = (paths: readonly string[]): JsonValue => [
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths },
]

const terms = fc.record(
  {
    validForSeconds: fc.integer({ min: 1, max: 900 }),
    maxUses: fc.integer({ min: 1, max: 9 }),
    maxDelegationDepth: fc.integer({ min: 0, max: 3 }),
    capabilities: fc.subarray(PATHS, { minLength: 1 }).map(capability),
  },
  { requiredKeys: [] },
)

/** The delegation that comes of it, or undefined when the narrowing is refused. */
async function approve(world: World, asked: Narrowing, narrow: Narrowing): Promise<object | undefined> {
  const { id, version } = await world.ask({ ...asked })
  const operator = world.operator.did
  try {
    await world.issuer.approve({ id, version, operator, narrow })
  } catch (error) {
    expect(error).toMatchObject({ code: 'input_invalid' })
    await world.issuer.deny({ id, version, operator })
    return undefined
  }
  const { delegation } = await world.issuer.collect({ id, agent: world.agent.did })
  return parseDelegation(delegation)
}

describe('whatever an operator narrows', () => {
  test('the delegation is what was asked or less, in every respect', async () => {
    const world = await createWorld({ limits: { questionsPerAgent: 10_000, pendingPerAgent: 10_000 } })
    let issued = 0
    await fc.assert(
      fc.asyncProperty(terms, terms, async (asked, narrow) => {
        const delegation = await approve(world, asked, narrow)
        if (delegation === undefined) return
        issued += 1
        const { validFrom, validUntil, maxUses, maxDelegationDepth, capabilities } = parseGranted(delegation)
        expect((validUntil - validFrom) / 1000).toBeLessThanOrEqual(asked.validForSeconds ?? 600)
        expect(maxUses ?? Infinity).toBeLessThanOrEqual(asked.maxUses ?? Infinity)
        expect(maxDelegationDepth).toBeLessThanOrEqual(asked.maxDelegationDepth ?? 0)
        const before = { ...asked, validForSeconds: 600, maxDelegationDepth: 0 }
        // What was granted may be asked for in its place: so it is no wider by the same judgement.
        const again = await approve(
          world,
          { ...before, capabilities: askedCapabilities(asked) },
          { capabilities },
        )
        expect(again).toMatchObject({ capabilities })
      }),
      { numRuns: 150, seed: 20261124 },
    )
    expect(issued).toBeGreaterThan(20)
  })
})

interface Granted {
  readonly validFrom: number
  readonly validUntil: number
  readonly maxUses?: number
  readonly maxDelegationDepth: number
  readonly capabilities: JsonValue
}

function parseGranted(delegation: object): Granted {
  return JSON.parse(JSON.stringify(delegation))
}

function askedCapabilities({ capabilities }: { readonly capabilities?: JsonValue }): JsonValue {
  return capabilities ?? capability(['/issues/**'])
}

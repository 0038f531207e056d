import { describe, expect, test } from 'vitest'
import { FuzzRun, type InputResult } from './fuzz-run.ts'
import { count, createTally, type Tally } from './tally.ts'
import { createWorlds, type Sabotage, type Verified, type Worlds } from './world.ts'

const worlds = await createWorlds()

async function runInputs(seed: number, inputs: number, inWorlds: Worlds = worlds): Promise<Tally> {
  const run = new FuzzRun(seed, inWorlds)
  const tally = createTally()
  for (let index = 0; index < inputs; index += 1) count(tally, await run.run(index))
  return tally
}

describe('the fuzzer', () => {
  test.each([1, 20_261_201, 0xffff_ffff])('finds nothing with seed %i', async (seed) => {
    const { inputs, kinds, accepted, read, refused, violations } = await runInputs(seed, 1200)
    expect(violations).toEqual([])
    expect(inputs).toBe(1200)
    expect(kinds.grammar / inputs).toBeCloseTo(0.6, 1)
    expect(kinds.flip / inputs).toBeCloseTo(0.2, 1)
    expect(kinds.raw / inputs).toBeCloseTo(0.2, 1)
    // Refusing everything, or everything for the same reason, would prove nothing.
    expect(accepted).toBeGreaterThan(10)
    expect(read).toBeGreaterThan(20)
    expect(Object.keys(refused).length).toBeGreaterThan(30)
  })

  test('makes the same inputs again, in whatever order', async () => {
    const indices = [4999, 17, 5003, 801, 17]
    const codesOf = async (order: readonly number[]): Promise<ReadonlyMap<number, string>> => {
      const run = new FuzzRun(9, worlds)
      const codes = new Map<number, string>()
      for (const index of order) codes.set(index, (await run.run(index)).code)
      return codes
    }
    const forwards = await codesOf(indices)
    const backwards = await codesOf(indices.toReversed())
    expect(Object.fromEntries(backwards)).toEqual(Object.fromEntries(forwards))
    const create = async (seed: number): Promise<unknown> =>
      (await new FuzzRun(seed, worlds).create(17)).fuzzCase
    expect(await create(9)).toEqual(await create(9))
    expect(await create(9)).not.toEqual(await create(10))
  })
})

type Verify = (request: Parameters<ReturnType<Sabotage>['verify']>[0]) => Promise<Verified>

/** Runs inputs until one does what must never happen, with a fault planted before the verifiers. */
async function findFault(plant: (verify: Verify) => Verify): Promise<InputResult | undefined> {
  const sabotaged = await createWorlds((guard) => ({
    ...guard,
    verify: plant((request) => guard.verify(request)),
  }))
  const run = new FuzzRun(3, sabotaged)
  for (let index = 0; index < 4000; index += 1) {
    const result = await run.run(index)
    if (result.violation !== undefined) return result
  }
  return undefined
}

describe('the fuzzer notices a verifier that', () => {
  test('remembers a signature instead of verifying it', async () => {
    const known = new Map<string, Verified>()
    const fault = await findFault((verify) => async (request) => {
      const name = JSON.stringify(request.headers.filter(([key]) => key.toLowerCase() === 'signature'))
      const verified = known.get(name) ?? (await verify(request))
      known.set(name, verified)
      return verified
    })
    expect(fault?.violation).toMatch(/is not (?:the one that was|what was) signed|nobody|replay|another/)
  })

  test('takes the first of two headers', async () => {
    const fault = await findFault((verify) => async (request) => {
      const names = new Set<string>()
      const headers = request.headers.filter(([name]) => {
        const isFirst = !names.has(name.toLowerCase())
        names.add(name.toLowerCase())
        return isFirst
      })
      return await verify({ ...request, headers })
    })
    expect(fault?.violation).toMatch(/is not what was signed|another chain than was presented/)
  })

  test('throws something else', async () => {
    const fault = await findFault((verify) => async (request) => {
      if (request.target.includes('..')) throw new RangeError('planted')
      return await verify(request)
    })
    expect(fault?.violation).toMatch(/^threw RangeError: planted/)
  })

  test('refuses honest requests', async () => {
    const fault = await findFault((verify) => async (request) => {
      if (request.headers.some(([name]) => name === 'HOST')) return await verify({ ...request, headers: [] })
      return await verify(request)
    })
    expect(fault?.violation).toMatch(/^refused an honest request with/)
  })

  test('tells another body, agent or context than the one that was sent', async () => {
    const change = async (
      changes: Partial<Verified> & { context?: undefined },
    ): Promise<string | undefined> =>
      (await findFault((verify) => async (request) => ({ ...(await verify(request)), ...changes })))
        ?.violation
    expect(await change({ body: new Uint8Array(1) })).toBe('returned another body than was sent')
    expect(await change({ agent: 'did:key:z' })).toBe('returned another agent than the one that signed')
    expect(await change({ context: undefined })).toBe('returned another context')
  })

  test('is slow', async () => {
    const fault = await findFault((verify) => async (request) => {
      // Work, not waiting: on a busy machine every input may wait.
      const end = process.threadCpuUsage().user + (request.method === 'TRACE' ? 70_000 : 0)
      while (process.threadCpuUsage().user < end);
      return await verify(request)
    })
    expect(fault?.violation).toMatch(/^took \d+\.\d ms$/)
  })
})

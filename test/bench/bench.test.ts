import { describe, expect, test } from 'vitest'
import { median, runInterleaved } from './closed-loop.ts'
import { parseOptions } from './options.ts'
import { createPeerCases } from './peer-cases.ts'
import { writeReport } from './report.ts'
import { createRequestCases } from './request-cases.ts'
import { createTokenCases } from './token-cases.ts'

const cases = [...(await createRequestCases()), ...(await createTokenCases()), ...(await createPeerCases())]

test.each(cases)('what is measured happens: $name', async (benchCase) => {
  const runs = await benchCase.prepare(2)
  expect(runs).toHaveLength(2)
  for (const run of runs) await run()
})

test('every case is compared with one that is measured', () => {
  const names = cases.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { against } of cases) expect(names).toContain(against)
})

describe('the loop', () => {
  test('runs every case in every round, in turn, and keeps no round of the warm-up', async () => {
    const order: string[] = []
    const named = (name: string) => ({
      name,
      prepare: async (count: number) => Array.from({ length: count }, () => () => order.push(name)),
    })
    const options = { warmUpRounds: 1, rounds: 2, runsPerRound: 2 }
    const timings = await runInterleaved([named('a'), named('b')], options)
    expect(order.join('')).toBe('aabb'.repeat(3))
    expect([...timings].map(([name, kept]) => [name, kept.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })

  test('ends with the error of what it runs', async () => {
    const broken = { name: 'broken', prepare: async () => [() => Promise.reject(new Error('refused'))] }
    const options = { warmUpRounds: 0, rounds: 1, runsPerRound: 1 }
    await expect(runInterleaved([broken], options)).rejects.toThrow('refused')
  })

  test('keeps the middle value', () => {
    expect(median([9, 1, 2])).toBe(2)
    expect(median([])).toBeNaN()
  })
})

describe('the command line', () => {
  test('has defaults', () => {
    expect(parseOptions([])).toEqual({ rounds: 30, entries: 1_000_000, json: false })
    const options = ['--json', '--rounds', '3', '--entries', '9']
    expect(parseOptions(options)).toEqual({ rounds: 3, entries: 9, json: true })
  })

  test.each([
    [['--rounds', '0']],
    [['--entries', '-1']],
    [['--rounds', '1.5']],
    [['--rounds', 'x']],
    [['--what']],
    [['more']],
  ])('%j is refused', (args) => {
    expect(() => parseOptions(args)).toThrow(TypeError)
  })
})

test('the report says what was met and what was missed', () => {
  const result = { cpu: 12, elapsed: 13, against: 'bare', ratio: 1.2 }
  const report = writeReport({
    machine: { node: '1.2.3', platform: 'linux x64', processors: 2, load: 0.5 },
    rounds: 3,
    backends: [
      {
        backend: 'node:crypto',
        speed: [
          { ...result, name: 'bare' },
          { ...result, name: 'quick', goal: 1.2 },
          { ...result, name: 'slow', goal: 1.1 },
        ],
      },
    ],
    memory: {
      chains: 1000,
      linksPerChain: 3,
      bytesPerChainAsSent: 7200,
      bytesPerCachedChain: 17_200,
      residentForChains: 64_400_000,
      bytesPerTokenAsSent: 2100,
      bytesPerCachedToken: 5600,
      nonces: 100_000,
      bytesPerNonce: 159,
      bytesForNonces: 15_900_000,
    },
    log: {
      entries: 1_000_000,
      acknowledgedPerSecond: 4999,
      proven: 20_000,
      unproven: 0,
      checkedInSeconds: 9.51,
      progressTold: 1000,
      flips: 10_000,
      undetected: 1,
    },
    trace: { entries: 1_000_000, traces: 20, median: 120.4, longest: 1000, processor: 80 },
    mcp: {
      calls: 600,
      sdks: [
        { sdk: '2.x', bare: 2000, proven: 3000 },
        { sdk: '1.x', bare: 1000, proven: 2500 },
      ],
    },
    exchange: { exchanges: 500, atOnce: 16, perSecond: 123, processor: 4.56 },
  })
  expect(report).toMatch(
    /^Node 1\.2\.3, linux x64, 2 processors, load 0\.5; medians of 3 interleaved rounds\.$/m,
  )
  expect(report).toMatch(/^quick +12\.0 +13\.0 +1\.20 +1\.20 {2}met$/m)
  expect(report).toMatch(/^slow +12\.0 +13\.0 +1\.20 +1\.10 {2}MISSED$/m)
  expect(report).toMatch(/^bare +12\.0 +13\.0 +1\.20 *$/m)
  expect(report).toContain('4999 a second (goal 5000)  MISSED')
  expect(report).toContain('acknowledged with: 20000 of 20000  met')
  expect(report).toContain('1000000 entries checked in 9.5 s, progress told 1000 times')
  expect(report).toContain(
    'out of 1000000 records: 120 ms (80 of processor time), at most 1000 ms in 20 (goal 1000)  MISSED',
  )
  expect(report).toContain(
    'on record: 123 a second (500, 16 at once; 4.6 ms of processor time each, agent included)',
  )
  expect(report).toContain('signed and verified: 1.50 times the bare SDK 2.x (3000 against 2000 microseconds')
  expect(report).toContain('signed and verified: 2.50 times the bare SDK 1.x (2500 against 1000 microseconds')
  expect(report).toContain('detected: 9999 of 10000  MISSED')
  expect(report).toContain('a cached chain of 3: 17.2 kB (7.2 kB as it is sent)')
  expect(report).toContain('a cached token for a chain of 3: 5.6 kB (2.1 kB as it is sent)')
})

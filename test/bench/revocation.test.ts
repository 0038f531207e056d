import { describe, expect, test } from 'vitest'
import { summarize } from './revocation/figures.ts'
import { type Measured, measure } from './revocation/measure.ts'
import { comparePartitions } from './revocation/partition.ts'
import { plot } from './revocation/plot.ts'
import { GOALS, type RevocationResults, writeReport } from './revocation/report.ts'

const REVOCATIONS = 4
const READERS = { subscribers: 4, apis: 2 }

function resultsOf(measured: Measured): RevocationResults {
  return {
    machine: { node: '26.0.0', platform: 'linux x64', processors: 2, load_before: 0, load_after: 0 },
    backend: 'node:crypto',
    revocations: REVOCATIONS,
    subscribers: summarize(measured.subscribers, { readers: READERS.subscribers, revocations: REVOCATIONS }),
    middleware: summarize(measured.middleware, { readers: READERS.apis, revocations: REVOCATIONS }),
    partition: {
      trials: 1,
      max_staleness_seconds: 30,
      latest_acceptance_seconds: 29,
      accepted_too_late: 0,
    },
  }
}

// How long it takes is for the measurement on a machine that does nothing else; here everybody has to refuse.
test('everybody who follows the stream refuses a chain of four, whichever link is revoked', async () => {
  const lines: string[] = []
  const report = (line: string): void => void lines.push(line)
  const measured = await measure({ ...READERS, revocations: REVOCATIONS, nodeOptions: [], report })
  const { subscribers, middleware } = resultsOf(measured)
  expect([subscribers.not_refused, subscribers.refused]).toEqual([0, READERS.subscribers * REVOCATIONS])
  expect([middleware.not_refused, middleware.refused]).toEqual([0, READERS.apis * REVOCATIONS])
  expect(Math.min(subscribers.processor_ms, middleware.processor_ms)).toBeGreaterThan(0)
  expect(lines).toContain(`apis: revocation ${REVOCATIONS} of ${REVOCATIONS}`)
}, 120_000)

test('nothing that was revoked behind a partition is accepted for longer than maxStaleness, in virtual time', async () => {
  const figures = await comparePartitions(12)
  expect(figures).toMatchObject({ trials: 12, max_staleness_seconds: 30, accepted_too_late: 0 })
  expect(figures.latest_acceptance_seconds).toBeGreaterThan(15)
  expect(figures.latest_acceptance_seconds).toBeLessThanOrEqual(30)
}, 60_000)

describe('the figures', () => {
  const times = Array.from({ length: 100 }, (_, index) => 100 - index)

  test('are of all times, those before the answer being none', () => {
    const readers = { readers: 26, revocations: 4 }
    expect(summarize({ times: [...times, -5], processorTime: 8 }, readers)).toEqual({
      p50_ms: 50,
      p99_ms: 99,
      max_ms: 100,
      not_refused: 3,
      refused: 101,
      processor_ms: 2,
    })
  })

  test('are printed with what they had to be, and drawn', () => {
    const measured = {
      subscribers: { times: times.slice(0, 16).map((time) => time * 3), processorTime: 1 },
      middleware: { times: times.slice(0, 8), processorTime: 1 },
    }
    const results = resultsOf(measured)
    expect(GOALS.map(({ isMet }) => isMet(results))).toEqual([false, false, true, true])
    expect(writeReport(results)).toContain('MISSED  subscribers: p99 at most 250 ms')
    expect(plot(measured, results)).toContain('p99 300 ms')
    const silent = { ...measured, subscribers: { times: [], processorTime: 0 } }
    expect(GOALS.map(({ isMet }) => isMet(resultsOf(silent)))).toEqual([false, false, false, true])
  })
})

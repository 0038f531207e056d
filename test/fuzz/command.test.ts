import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InputResult } from './fuzz-run.ts'
import { parseOptions } from './options.ts'
import { count, createTally, merge, summarize } from './tally.ts'

const result: InputResult = { index: 7, kind: 'flip', type: 'request', code: 'ok', milliseconds: 2 }

function runCommand(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--conditions=behalf-source', main, ...args],
    { encoding: 'utf8' },
  )
  return { status, out: stdout, err: stderr }
}

describe('the command', () => {
  test('ends with one line that says what happened', () => {
    const { status, out } = runCommand('--inputs', '300', '--seed', '3', '--jobs', '2')
    expect(out).toMatch(
      /^fuzz: seed 3, 300 inputs in [\d.]+ s \([\d,]+\/s\); \d+ grammar, \d+ flips, \d+ raw; accepted \d+ requests and \d+ texts; refused by .+; slowest [\d.]+ ms \(input \d+\); violations 0\n$/,
    )
    expect(status).toBe(0)
  })

  test('shows one input alone', () => {
    const { status, out } = runCommand('--seed', '3', '--only', '12')
    expect(out.trim().split('\n').at(-1)).toMatch(/^(?:grammar|flip|raw): [a-z_]+ in [\d.]+ ms$/)
    expect(status).toBe(0)
  })

  test('says what is wrong with its arguments', () => {
    const { status, out, err } = runCommand('--inputs', 'many')
    expect([status, out]).toEqual([2, ''])
    expect(err).toMatch(/^--inputs is a whole number of at least 1\nusage: /)
  })
})

describe('its options', () => {
  test('have defaults', () => {
    expect(parseOptions([])).toMatchObject({ seed: 1, seconds: 10, inputs: undefined, only: undefined })
    expect(parseOptions(['--inputs', '5'])).toMatchObject({ seconds: undefined, inputs: 5 })
    expect(parseOptions(['--seconds', '3', '--inputs', '5'])).toMatchObject({ seconds: 3, inputs: 5 })
    expect(parseOptions(['--only', '0', '--jobs', '3'])).toMatchObject({ only: 0, jobs: 3 })
  })

  test.each([
    [['--seed', '4294967296']],
    [['--seed', '-1']],
    [['--seconds', '0']],
    [['--jobs', '0']],
    [['--inputs', '1e3']],
    [['--other']],
    [['5']],
  ])('are refused: %j', (args) => {
    expect(() => parseOptions(args)).toThrow(TypeError)
  })
})

describe('the tally', () => {
  test('counts what was accepted, read and refused', () => {
    const tally = createTally()
    count(tally, result)
    count(tally, { ...result, type: 'text', kind: 'raw' })
    count(tally, { ...result, code: 'key_invalid', index: 8, milliseconds: 3 })
    count(tally, { ...result, code: 'violation', violation: 'bad' })
    expect(tally).toEqual({
      inputs: 4,
      kinds: { grammar: 0, flip: 3, raw: 1 },
      accepted: 1,
      read: 1,
      refused: { key_invalid: 1, violation: 1 },
      slowest: { milliseconds: 3, index: 8 },
      violations: [{ ...result, code: 'violation', violation: 'bad' }],
    })
  })

  test('adds up over threads', () => {
    const total = createTally()
    for (const code of ['ok', 'key_invalid', 'key_invalid', 'digest_missing']) {
      const part = createTally()
      count(part, { ...result, code, milliseconds: code.length })
      merge(total, part)
    }
    expect(summarize(total, { seed: 5, seconds: 2 })).toBe(
      'fuzz: seed 5, 4 inputs in 2.0 s (2/s); 0 grammar, 4 flips, 0 raw; accepted 1 requests and 0 texts; ' +
        'refused by key_invalid 2, digest_missing 1; slowest 14.0 ms (input 7); violations 0',
    )
  })

  test('shows the most frequent codes alone', () => {
    const tally = createTally()
    for (let code = 0; code < 10; code += 1) tally.refused[`code_${code}`] = 100 - code
    expect(summarize(tally, { seed: 1, seconds: 1 })).toMatch(/code_7 93, 2 other codes/)
  })
})

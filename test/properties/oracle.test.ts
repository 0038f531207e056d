import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

function runOracleCommand(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--conditions=behalf-source',
      join(import.meta.dirname, 'oracle.ts'),
      ...args,
    ],
    { encoding: 'utf8' },
  )
  return { status, out: stdout, err: stderr }
}

describe('the comparison of attenuation with brute force', () => {
  test('ends with one line of counts', () => {
    const { status, out } = runOracleCommand('--pairs', '1200', '--seed', '4')
    const [, covered, wider, careful] =
      /^oracle: seed 4, 1,200 pairs in [\d.]+ s; covered (\d+), wider (\d+), refused to be safe (\d+); disagreements 0\n$/.exec(
        out,
      ) ?? []
    expect(Number(covered) + Number(wider) + Number(careful)).toBe(1200)
    expect(Number(covered)).toBeGreaterThan(200)
    expect(Number(wider)).toBeGreaterThan(100)
    expect(status).toBe(0)
  })

  test('says what is wrong with its arguments', () => {
    expect(runOracleCommand('--pairs', '0')).toEqual({
      status: 2,
      out: '',
      err: '0 is not a whole number of at least 1\nusage: oracle [--pairs N] [--seed N]\n',
    })
  })
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseOptions } from './options.ts'

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
  test('says what held, with figures, and ends with a summary', () => {
    const { status, out } = runCommand('--short', '--only', 'hostile-heartbeats')
    expect(out).toMatch(
      /^hostile-heartbeats: held in [\d.]+ s; 12 attacks .+; 0 heartbeats believed\nfaults: short, 1 of 1 held in [\d.]+ s; failed 0\n$/,
    )
    expect(status).toBe(0)
  })

  test('says what is wrong with its arguments, and what there is', () => {
    const { status, out, err } = runCommand('--only', 'nothing')
    expect([status, out]).toEqual([2, ''])
    expect(err).toMatch(/^there is no experiment nothing: altered-bundle, .+\nusage: /)
  })
})

describe('its options', () => {
  test('have defaults', () => {
    expect(parseOptions([], ['a'])).toEqual({ only: [], size: 'long' })
    expect(parseOptions(['--only', 'a', '--only', 'b', '--short'], ['a', 'b'])).toEqual({
      only: ['a', 'b'],
      size: 'short',
    })
  })

  test.each([[['--only', 'c']], [['--only']], [['--long']], [['a']]])('are refused: %j', (args) => {
    expect(() => parseOptions(args, ['a', 'b'])).toThrow(TypeError)
  })
})

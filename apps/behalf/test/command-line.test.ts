import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/command-table.ts'
import { behalf, codeOf, documentOf } from './support/test-io.ts'

const NAMES = COMMANDS.map(({ name }) => name)

describe('help', () => {
  test.each([[], ['help'], ['--help'], ['-h']])(
    'lists every command: behalf %s',
    async (...argv: string[]) => {
      const run = await behalf(argv)
      expect(run.exit).toBe(0)
      expect(run.stderr).toBe('')
      for (const name of NAMES) {
        expect(run.stdout).toContain(`  ${name}`)
      }
    },
  )

  test.each(NAMES)('of %s has its usage, its options and exactly one example', async (name) => {
    const run = await behalf([...name.split(' '), '--help'])
    expect(run.exit).toBe(0)
    expect(run.stdout).toContain(`  behalf ${name} `.trimEnd())
    expect(run.stdout.match(/^Example$/gm)).toHaveLength(1)
    const [, example = ''] = run.stdout.split('\nExample\n')
    expect(example.trim().split('\n')).toHaveLength(1)
    expect(example.trim()).toMatch(new RegExp(`^behalf ${name}\\b`))
    expect(run.stdout).toContain('--json')
  })

  test.each(NAMES)('of %s is the same by behalf help', async (name) => {
    const words = name.split(' ')
    expect(await behalf(['help', ...words])).toEqual(await behalf([...words, '-h']))
  })

  test.each(NAMES)('of %s under --json is one document on stdout and the words on stderr', async (name) => {
    const run = await behalf([...name.split(' '), '--help', '--json'])
    expect(documentOf(run)).toMatchObject({ command: name })
    expect(run.stderr).toContain('Example')
  })

  test('of the tool under --json names every command', async () => {
    const { commands } = documentOf(await behalf(['--help', '--json'])) as { commands: { name: string }[] }
    expect(commands.map(({ name }) => name)).toEqual(NAMES)
  })

  test('of an unknown command is wrong usage', async () => {
    expect((await behalf(['help', 'frobnicate'])).exit).toBe(2)
  })
})

describe('the version', () => {
  test('is that of the package', async () => {
    const run = await behalf(['--version'])
    expect(run).toMatchObject({ exit: 0, stderr: '' })
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(documentOf(await behalf(['--version', '--json']))).toEqual({ version: run.stdout.trim() })
  })
})

describe('wrong usage exits with 2 and says what to write instead', () => {
  test.each<{ argv: string[]; says: string }>([
    { argv: ['aprove'], says: 'did you mean behalf approve?' },
    { argv: ['wallet', 'crate'], says: 'did you mean behalf wallet create?' },
    { argv: ['frobnicate'], says: 'see behalf --help' },
    { argv: ['wallet'], says: 'behalf wallet create, behalf wallet list, behalf wallet show' },
    { argv: ['wallet', '--help'], says: 'behalf wallet create, behalf wallet list, behalf wallet show' },
    { argv: ['--wallet', 'x', 'list'], says: 'see behalf --help' },
    { argv: ['list', '--walet', 'x'], says: 'did you mean --wallet?' },
    { argv: ['list', 'surplus'], says: 'see behalf list --help' },
    { argv: ['approve'], says: 'see behalf approve --help' },
  ])('behalf $argv', async ({ argv, says }) => {
    const run = await behalf(argv)
    expect(run).toMatchObject({ exit: 2, stdout: '' })
    expect(run.stderr).toContain('(usage_invalid)')
    expect(run.stderr).toContain(says)
  })

  test('under --json the error is the one document on stdout', async () => {
    const run = await behalf(['aprove', '--json'])
    expect(run.exit).toBe(2)
    expect(documentOf(run)).toEqual({
      error: {
        code: 'usage_invalid',
        message: 'there is no command "aprove"',
        next: 'did you mean behalf approve?',
      },
    })
  })

  test('a --json after -- is not an option', async () => {
    const run = await behalf(['wallet', 'show', '--', '--json'])
    expect(run).toMatchObject({ exit: 2, stdout: '' })
  })
})

test('a failure that is no coded error is reported as internal_error, not thrown', async () => {
  const env = new Proxy<Record<string, string>>({}, { get: () => breakDown() })
  const run = await behalf(['wallet', 'list', '--json'], { env })
  expect(run.exit).toBe(1)
  expect(codeOf(run)).toBe('internal_error')
})

function breakDown(): never {
  throw new Error('the environment is broken')
}

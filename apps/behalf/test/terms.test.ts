import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.ts'
import {
  BOUND_OPTIONS,
  CAPABILITY_OPTIONS,
  readBounds,
  readCapabilities,
  requireCapabilities,
} from '../src/terms.ts'
import { createFolder } from './support/temporary-folder.ts'
import { createTestIo } from './support/test-io.ts'

const OPTIONS = { ...CAPABILITY_OPTIONS, ...BOUND_OPTIONS }

async function capabilitiesOf(...argv: string[]): Promise<unknown> {
  const args = parseArguments(argv, { options: OPTIONS, positionals: [] })
  return await readCapabilities(createTestIo().io, args).catch((error: unknown) => error)
}

async function fileWith(content: string): Promise<string> {
  const file = join(await createFolder(), 'capabilities.json')
  await writeFile(file, content)
  return file
}

describe('--allow', () => {
  test('becomes one capability each', async () => {
    expect(
      await capabilitiesOf(
        '--allow',
        'GET https://api.example.com/issues/**',
        '--allow',
        'POST,PATCH http://127.0.0.1:3000/a/*',
      ),
    ).toEqual([
      { type: 'http', locations: ['https://api.example.com'], actions: ['GET'], paths: ['/issues/**'] },
      { type: 'http', locations: ['http://127.0.0.1:3000'], actions: ['POST', 'PATCH'], paths: ['/a/*'] },
    ])
  })

  test('is nothing when it is not given', async () => {
    expect(await capabilitiesOf()).toBeUndefined()
  })

  test.each([
    'https://api.example.com/issues',
    'GET https://api.example.com',
    'get https://api.example.com/issues',
    'GET  https://api.example.com/issues',
    'GET https://api.example.com/issues?a=b',
    'GET https://api.example.com/issues#x',
    'GET ftp://api.example.com/issues',
    'GET, https://api.example.com/issues',
    'GET https://api.example.com/is sues',
    'GET https://api.example.com/issues ',
  ])('is refused as %j', async (text) => {
    expect(await capabilitiesOf(`--allow=${text}`)).toMatchObject({ code: 'input_invalid' })
  })

  test.each([
    'GET https://api.example.com/a/../b',
    'GET https://api.example.com/**/b',
    'GET https://api.example.com/a%2fb',
    'GET https://api.example.com/ä',
  ])('is refused as a pattern outside the grammar: %j', async (text) => {
    expect(await capabilitiesOf('--allow', text)).toMatchObject({ code: 'scope_malformed' })
  })
})

describe('--capabilities', () => {
  const CAPABILITY = {
    type: 'http',
    locations: ['https://api.example.com'],
    actions: ['POST'],
    paths: ['/issues/*/comments'],
    constraints: { body: { text: { maxLength: 500 } } },
  }

  test('reads a file with constraints, and adds to --allow', async () => {
    const file = await fileWith(JSON.stringify([CAPABILITY]))
    expect(await capabilitiesOf('--capabilities', file)).toEqual([CAPABILITY])
    expect(
      await capabilitiesOf('--allow', 'GET https://api.example.com/**', '--capabilities', file),
    ).toHaveLength(2)
  })

  test('may allow nothing at all, which is not the same as leaving it out', async () => {
    expect(await capabilitiesOf('--capabilities', await fileWith('[]'))).toEqual([])
  })

  test.each([
    ['is not JSON', 'GET /', 'json_malformed'],
    ['can be read in two ways', '[{"type":"http","type":"mcp"}]', 'json_ambiguous'],
    ['is no list', '{}', 'scope_malformed'],
    ['lacks a member', '[{"type":"http","locations":[],"actions":[]}]', 'credential_malformed'],
  ])('refuses a file that %s', async (_name, content, code) => {
    expect(await capabilitiesOf('--capabilities', await fileWith(content))).toMatchObject({ code })
  })

  test('refuses a file that is not there', async () => {
    expect(await capabilitiesOf('--capabilities', join(await createFolder(), 'x'))).toMatchObject({
      code: 'not_found',
    })
  })
})

test('a command that needs capabilities says so', async () => {
  const args = parseArguments([], { options: OPTIONS, positionals: [] })
  await expect(requireCapabilities(createTestIo().io, args)).rejects.toMatchObject({ code: 'usage_invalid' })
})

describe('the bounds', () => {
  const boundsOf = (...argv: string[]): unknown =>
    readBounds(parseArguments(argv, { options: OPTIONS, positionals: [] }))

  test('are minutes, uses and depth, each only when given', () => {
    expect(boundsOf()).toEqual({})
    expect(boundsOf('--minutes', '2', '--uses', '3', '--depth', '0')).toEqual({
      validForSeconds: 120,
      maxUses: 3,
      maxDelegationDepth: 0,
    })
  })

  test.each([
    ['--minutes', '0'],
    ['--minutes', '525601'],
    ['--uses', '0'],
    ['--depth', '8'],
    ['--depth', 'x'],
  ])('are refused as %s %s', (name, value) => {
    expect(() => boundsOf(name, value)).toThrow(/must be a whole number/)
  })
})

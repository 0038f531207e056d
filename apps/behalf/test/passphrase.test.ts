import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.ts'
import { createOutput } from '../src/output.ts'
import { PASSPHRASE_OPTIONS, readPassphrase } from '../src/passphrase.ts'
import { createFolder } from './support/temporary-folder.ts'
import { createTestIo, type TestIoOptions } from './support/test-io.ts'

async function read(options: TestIoOptions & { argv?: string[]; isNew?: boolean } = {}): Promise<unknown> {
  const { io } = createTestIo(options)
  const args = parseArguments(options.argv ?? [], { options: PASSPHRASE_OPTIONS, positionals: [] })
  const purpose = { what: 'the wallet', isNew: options.isNew ?? false }
  return await readPassphrase({ io, args, output: createOutput(io, false) }, purpose).catch(
    (error: unknown) => error,
  )
}

async function writePassphrase(content: string | Uint8Array, mode = 0o600): Promise<string> {
  const file = join(await createFolder(), 'passphrase')
  await writeFile(file, content)
  await chmod(file, mode)
  return file
}

describe('a passphrase comes from', () => {
  test('the file of --passphrase-file, before everything else', async () => {
    const file = await writePassphrase('from the option\n')
    const other = await writePassphrase('from the other file')
    const env = { BEHALF_PASSPHRASE_FILE: other, BEHALF_PASSPHRASE: 'from the environment' }
    expect(await read({ argv: ['--passphrase-file', file], env })).toBe('from the option')
  })

  test('the file of BEHALF_PASSPHRASE_FILE, before BEHALF_PASSPHRASE', async () => {
    const env = { BEHALF_PASSPHRASE_FILE: await writePassphrase('from the file'), BEHALF_PASSPHRASE: 'other' }
    expect(await read({ env })).toBe('from the file')
  })

  test('BEHALF_PASSPHRASE, as it is', async () => {
    expect(await read({ env: { BEHALF_PASSPHRASE: ' with spaces\n' } })).toBe(' with spaces\n')
  })

  test('a file relative to the working folder', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'p'), 'relative', { mode: 0o600 })
    expect(await read({ argv: ['--passphrase-file', 'p'], cwd: folder })).toBe('relative')
  })

  test('the person at the terminal', async () => {
    expect(await read({ typed: ['typed by hand'] })).toBe('typed by hand')
  })

  test('the person at the terminal twice, when it is new', async () => {
    expect(await read({ typed: ['new one', 'new one'], isNew: true })).toBe('new one')
  })
})

test('what is typed is never echoed', async () => {
  const { io, stdout, stderr } = createTestIo({ typed: ['secret-words'] })
  const args = parseArguments([], { options: PASSPHRASE_OPTIONS, positionals: [] })
  await readPassphrase({ io, args, output: createOutput(io, false) }, { what: 'the wallet', isNew: false })
  expect(stderr()).toContain('Passphrase for the wallet')
  expect(`${stdout()}${stderr()}`).not.toContain('secret')
})

test.each([
  ['one', 'words\n', 'words'],
  ['one of Windows', 'words\r\n', 'words'],
  ['only one', 'words\n\n', 'words\n'],
  ['none that is inside', 'wo\nrds', 'wo\nrds'],
])('%s newline at the end of a file is removed', async (_name, content, passphrase) => {
  expect(await read({ argv: ['--passphrase-file', await writePassphrase(content)] })).toBe(passphrase)
})

describe('a passphrase is refused', () => {
  test.each([0o644, 0o604, 0o602, 0o601, 0o620])('from a file with mode %o', async (mode) => {
    const file = await writePassphrase('words', mode)
    expect(await read({ argv: ['--passphrase-file', file] })).toMatchObject({ code: 'keystore_insecure' })
  })

  test.each([0o600, 0o400, 0o640])('not from a file with mode %o', async (mode) => {
    const file = await writePassphrase('words', mode)
    expect(await read({ argv: ['--passphrase-file', file] })).toBe('words')
  })

  test('from a file that is not there', async () => {
    const file = join(await createFolder(), 'absent')
    expect(await read({ env: { BEHALF_PASSPHRASE_FILE: file } })).toMatchObject({ code: 'not_found' })
  })

  test('from a folder', async () => {
    const folder = join(await createFolder(), 'folder')
    await mkdir(folder, { mode: 0o700 })
    expect(await read({ argv: ['--passphrase-file', folder] })).toMatchObject({ code: 'not_found' })
  })

  test.each([
    ['is empty', ''],
    ['holds a newline only', '\n'],
    ['is far too long', 'x'.repeat(4097)],
  ])('from a file that %s', async (_name, content) => {
    const file = await writePassphrase(content)
    expect(await read({ argv: ['--passphrase-file', file] })).toMatchObject({ code: 'input_invalid' })
  })

  test('from a file that is not UTF-8', async () => {
    const file = await writePassphrase(Uint8Array.of(0xff, 0xfe, 0x41))
    expect(await read({ argv: ['--passphrase-file', file] })).toMatchObject({ code: 'encoding_malformed' })
  })

  test('from an empty variable', async () => {
    expect(await read({ env: { BEHALF_PASSPHRASE: '' } })).toMatchObject({ code: 'input_invalid' })
  })

  test('when the two that were typed differ', async () => {
    expect(await read({ typed: ['new one', 'new two'], isNew: true })).toMatchObject({
      code: 'input_invalid',
    })
  })

  test('when the person gives up', async () => {
    expect(await read({ typed: ['\u0003'] })).toMatchObject({ code: 'access_denied' })
  })

  test('when there is nobody to ask, and how to give it is said', async () => {
    expect(await read()).toMatchObject({
      code: 'usage_invalid',
      next: 'give --passphrase-file FILE, or set BEHALF_PASSPHRASE_FILE or BEHALF_PASSPHRASE',
    })
  })
})

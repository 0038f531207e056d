import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, documentOf, type TestIoOptions } from './support/test-io.ts'
import { createWalletFile } from './support/wallet-file.ts'

const PASSPHRASE = 'correct horse battery staple'

async function run(home: string, argv: string[], more: TestIoOptions = {}): Promise<CommandRun> {
  return await behalf(argv, {
    ...more,
    env: { BEHALF_HOME: home, BEHALF_PASSPHRASE: PASSPHRASE, ...more.env },
  })
}

describe('behalf wallet create', () => {
  test('makes an encrypted file that only its owner can read, and says which agent it is', async () => {
    const home = await createFolder()
    const made = await run(home, ['wallet', 'create', 'triage', '--json'])
    expect(made.exit).toBe(0)
    const file = join(home, 'wallets', 'triage.age')
    expect(documentOf(made)).toEqual({ did: expect.stringMatching(/^did:key:z6Mk/), file })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(home, 'wallets'))).mode & 0o777).toBe(0o700)
    expect(await readFile(file, 'utf8')).toMatch(/^age-encryption\.org\/v1\n/)
  })

  test('makes the wallet default when no name is given, and says what comes next', async () => {
    const home = await createFolder()
    const made = await run(home, ['wallet', 'create'])
    expect(made.exit).toBe(0)
    expect(made.stdout).toContain('The new agent is did:key:z6Mk')
    expect(made.stdout).toContain('behalf request')
    expect(await readdir(join(home, 'wallets'))).toEqual(['default.age'])
  })

  test('asks twice for a new passphrase on a terminal', async () => {
    const home = await createFolder()
    const env = { BEHALF_PASSPHRASE: undefined }
    const made = await run(home, ['wallet', 'create'], { env, typed: ['new words', 'new words'] })
    expect(made.exit).toBe(0)
    expect(made.stderr).toContain('New passphrase for the wallet')
    const shown = await run(home, ['wallet', 'show', '--json'], { env: { BEHALF_PASSPHRASE: 'new words' } })
    expect(shown.exit).toBe(0)
  })

  test('never overwrites a wallet, and does not ask for a passphrase first', async () => {
    const home = await createFolder()
    const file = join(home, 'w.age')
    const did = await createWalletFile(file, PASSPHRASE)
    const again = await run(home, ['wallet', 'create', '--wallet-file', file, '--json'], {
      env: { BEHALF_PASSPHRASE: undefined },
    })
    expect(again.exit).toBe(1)
    expect(codeOf(again)).toBe('keystore_exists')
    expect(documentOf(await run(home, ['wallet', 'show', '--wallet-file', file, '--json']))).toMatchObject({
      did,
    })
  })

  test('never writes through a symbolic link', async () => {
    const home = await createFolder()
    await symlink(join(home, 'elsewhere'), join(home, 'link.age'))
    const made = await run(home, ['wallet', 'create', '--wallet-file', join(home, 'link.age'), '--json'])
    expect(made.exit).toBe(1)
    expect(codeOf(made)).toBe('keystore_exists')
    expect(await readdir(home)).toEqual(['link.age'])
  })

  test.each(['../evil', 'a/b', 'Upper'])('refuses the name %s', async (name) => {
    const home = await createFolder()
    const made = await run(home, ['wallet', 'create', name, '--json'])
    expect(made.exit).toBe(1)
    expect(codeOf(made)).toBe('input_invalid')
    expect(await readdir(home)).toEqual([])
  })

  test('says when its folder cannot be made', async () => {
    const home = await createFolder()
    await writeFile(join(home, 'wallets'), '')
    const made = await run(home, ['wallet', 'create', '--json'])
    expect(made.exit).toBe(1)
    expect(codeOf(made)).toBe('folder_unwritable')
  })

  test('takes one name', async () => {
    const made = await run(await createFolder(), ['wallet', 'create', 'a', '--wallet', 'b', '--json'])
    expect(made.exit).toBe(2)
  })

  test('without a passphrase and a terminal is wrong usage that says how to give one', async () => {
    const made = await run(await createFolder(), ['wallet', 'create', '--json'], {
      env: { BEHALF_PASSPHRASE: undefined },
    })
    expect(made.exit).toBe(2)
    expect(made.stderr).toContain('BEHALF_PASSPHRASE_FILE')
  })
})

describe('behalf wallet list', () => {
  test('says how to begin when there is none', async () => {
    const listed = await run(await createFolder(), ['wallet', 'list'])
    expect(listed).toMatchObject({ exit: 0, stderr: '' })
    expect(listed.stdout).toContain('behalf wallet create')
  })

  test('names the wallets in order, and nothing else that lies there', async () => {
    const home = await createFolder()
    await run(home, ['wallet', 'create', 'b'])
    await run(home, ['wallet', 'create', 'a'])
    await writeFile(join(home, 'wallets', 'notes.txt'), '')
    await writeFile(join(home, 'wallets', '.hidden.age'), '')
    const folder = join(home, 'wallets')
    expect(documentOf(await run(home, ['wallet', 'list', '--json']))).toEqual({
      wallets: [
        { name: 'a', file: join(folder, 'a.age') },
        { name: 'b', file: join(folder, 'b.age') },
      ],
    })
  })

  test('refuses when the folder is no folder', async () => {
    const home = await createFolder()
    await writeFile(join(home, 'wallets'), '')
    const listed = await run(home, ['wallet', 'list', '--json'])
    expect(listed.exit).toBe(1)
    expect(codeOf(listed)).toBe('not_found')
  })
})

describe('behalf wallet show', () => {
  test('shows the agent and that it holds nothing yet, never the key', async () => {
    const home = await createFolder()
    const file = join(home, 'w.age')
    const did = await createWalletFile(file, PASSPHRASE)
    const shown = await run(home, ['wallet', 'show', '--wallet-file', file])
    expect(shown).toMatchObject({ exit: 0, stderr: '' })
    expect(shown.stdout).toContain(did)
    expect(shown.stdout).toContain('It holds no delegation yet.')
    expect(documentOf(await run(home, ['wallet', 'show', '--wallet-file', file, '--json']))).toEqual({
      did,
      file,
      delegations: [],
    })
  })

  test('says that it is unlocking on a terminal', async () => {
    const home = await createFolder()
    const file = join(home, 'w.age')
    await createWalletFile(file, PASSPHRASE)
    const shown = await run(home, ['wallet', 'show', '--wallet-file', file], { typed: [] })
    expect(shown.stderr).toContain('Unlocking the wallet …')
  })

  test.each<{ name: string; code: string; prepare: (file: string) => Promise<void> }>([
    { name: 'is not there', code: 'keystore_missing', prepare: async () => undefined },
    {
      name: 'opens with other words',
      code: 'keystore_auth_failed',
      prepare: async (file) => void (await createWalletFile(file, 'other words')),
    },
    {
      name: 'is damaged',
      code: 'keystore_corrupt',
      prepare: (file) => writeFile(file, 'no', { mode: 0o600 }),
    },
    {
      name: 'is open to others',
      code: 'keystore_insecure',
      prepare: async (file) => {
        await createWalletFile(file, PASSPHRASE)
        await chmod(file, 0o644)
      },
    },
    {
      name: 'is a symbolic link',
      code: 'input_invalid',
      prepare: async (file) => {
        await createWalletFile(`${file}.other`, PASSPHRASE)
        await symlink(`${file}.other`, file)
      },
    },
  ])('refuses a wallet that $name: $code', async ({ code, prepare }) => {
    const home = await createFolder()
    const file = join(home, 'w.age')
    await prepare(file)
    const shown = await run(home, ['wallet', 'show', '--wallet-file', file, '--json'])
    expect(shown.exit).toBe(1)
    expect(codeOf(shown)).toBe(code)
    expect(shown.stderr).toContain('what to do: ')
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/command-table.ts'
import { AGENT, HELPER, NOW, signChild, signRoot } from './support/signed-files.ts'
import { behalf, type CommandRun, codeOf, documentOf, type TestIoOptions } from './support/test-io.ts'
import { createWalletFile } from './support/wallet-file.ts'

const PASSPHRASE = 'a passphrase nobody may see'
const AUTHORITY = 'http://127.0.0.1:1'
const ALLOW = ['--allow', 'GET https://api.example.com/issues/**']

/** A command that opens a wallet, and what it needs to come so far. */
interface Case {
  readonly name: string
  readonly argv: readonly string[]
  /** Whether it asks an authority once the wallet is open. */
  readonly asks: boolean
  /** What stands on its standard input, where it reads that to its end. */
  readonly input?: string
}

let home: string
let bundle: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'behalf-'))
  await createWalletFile(join(home, 'wallets', 'default.age'), PASSPHRASE)
  await createWalletFile(join(home, 'authority', 'operator.wallet.age'), PASSPHRASE)
  const root = await signRoot()
  bundle = join(home, 'bundle.json')
  await writeFile(bundle, JSON.stringify({ chain: [root, await signChild(root)] }))
  return () => rm(home, { recursive: true, force: true })
})

const CASES: readonly Case[] = [
  { name: 'wallet show', argv: [], asks: false },
  { name: 'request', argv: ['--for', 'alice', '--purpose', 'p', ...ALLOW], asks: true },
  { name: 'request', argv: ['--for', 'alice', '--purpose', 'p', ...ALLOW, '--no-wait'], asks: true },
  { name: 'request', argv: ['--resume', 'urn:uuid:1'], asks: true },
  { name: 'approve', argv: ['urn:uuid:1', '--yes'], asks: true },
  { name: 'deny', argv: ['urn:uuid:1'], asks: true },
  { name: 'enrol', argv: [HELPER.did, '--for', 'alice', ...ALLOW, '--max-minutes', '5'], asks: true },
  { name: 'call', argv: ['GET', 'https://api.example.com/issues/7'], asks: false },
  { name: 'mcp proxy', argv: ['https://mcp.example.com/mcp'], asks: false, input: '' },
  { name: 'delegate', argv: ['--to', HELPER.did], asks: false },
  { name: 'receive', argv: ['BUNDLE'], asks: false },
  { name: 'revoke', argv: ['urn:uuid:1', '--as-operator'], asks: true },
  { name: 'revoke', argv: ['urn:uuid:1', '--authority', AUTHORITY], asks: true },
  { name: 'revoke', argv: ['--agent', AGENT.did], asks: true },
  { name: 'suspend', argv: ['urn:uuid:1'], asks: true },
  { name: 'resume', argv: ['urn:uuid:1'], asks: true },
  { name: 'list', argv: [], asks: false },
  { name: 'list', argv: ['--as-operator'], asks: true },
  { name: 'status', argv: ['--as-operator'], asks: true },
  { name: 'api add', argv: [HELPER.did, '--origin', 'https://api.example.com'], asks: true },
  { name: 'api list', argv: [], asks: true },
  { name: 'api remove', argv: [HELPER.did], asks: true },
  { name: 'auditor add', argv: [HELPER.did], asks: true },
  { name: 'auditor list', argv: [], asks: true },
  { name: 'auditor remove', argv: [HELPER.did], asks: true },
  { name: 'token-keys list', argv: [], asks: true },
  { name: 'token-keys rotate', argv: [], asks: true },
  { name: 'log verify', argv: [], asks: true },
  { name: 'forget', argv: ['alice', '--yes'], asks: true },
  { name: 'trace', argv: ['urn:uuid:1'], asks: true },
]

async function run(
  { name, argv, input }: Pick<Case, 'name' | 'argv' | 'input'>,
  options: TestIoOptions & { readonly more?: readonly string[] } = {},
): Promise<CommandRun> {
  const words = argv.map((word) => (word === 'BUNDLE' ? bundle : word))
  const env = {
    BEHALF_HOME: home,
    BEHALF_PASSPHRASE: PASSPHRASE,
    BEHALF_AUTHORITY: AUTHORITY,
    ...options.env,
  }
  return await behalf([...name.split(' '), ...words, ...(options.more ?? [])], {
    clock: () => NOW,
    ...(input !== undefined && { input }),
    ...options,
    env,
  })
}

function neverFetch(): Promise<Response> {
  throw new Error('nothing may be sent')
}

test('the cases here are all commands that open a wallet', () => {
  const others = [
    'serve',
    'operator replace',
    'operator claim-code',
    'wallet create',
    'wallet list',
    'witness',
    'mcp protect',
    'inspect',
    'verify-bundle',
    'policy check',
    'policy test',
  ]
  const named = new Set([...CASES.map(({ name }) => name), ...others])
  expect([...named].toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted())
})

describe.each(CASES)('behalf $name $argv', (command) => {
  test('with a wrong passphrase is keystore_auth_failed, and nothing is sent', async () => {
    const failed = await run(command, {
      env: { BEHALF_PASSPHRASE: 'other words' },
      fetch: neverFetch,
      more: ['--json'],
    })
    expect(failed.exit).toBe(1)
    expect(codeOf(failed)).toBe('keystore_auth_failed')
  })

  test('without its wallet is keystore_missing, with a next step', async () => {
    const failed = await run(command, {
      env: { BEHALF_HOME: join(home, 'empty') },
      fetch: neverFetch,
      more: ['--json'],
    })
    expect(failed.exit).toBe(1)
    expect(documentOf(failed)).toMatchObject({
      error: { code: 'keystore_missing', next: expect.stringMatching(/behalf wallet create|--operator/) },
    })
  })

  test('without a passphrase and a terminal is wrong usage', async () => {
    const failed = await run(command, { env: { BEHALF_PASSPHRASE: undefined }, fetch: neverFetch })
    expect(failed).toMatchObject({ exit: 2, stdout: '' })
    expect(failed.stderr).toContain('BEHALF_PASSPHRASE_FILE')
  })

  test('takes the passphrase from a file', async () => {
    const file = join(home, 'passphrase')
    await writeFile(file, `${PASSPHRASE}\n`, { mode: 0o600 })
    const answered = await run(command, {
      env: { BEHALF_PASSPHRASE: undefined },
      more: ['--passphrase-file', file, '--json'],
    })
    expect(String(codeOf(answered))).not.toMatch(/keystore|usage/)
  })

  test('never shows the passphrase', async () => {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await run(command, { more })
      expect(`${stdout}${stderr}`).not.toContain(PASSPHRASE)
    }
  })

  test('says that it unlocks, to a person at a terminal', async () => {
    const { stderr } = await run(command, { typed: [] })
    expect(stderr).toMatch(/^Unlocking the (operator )?wallet …\r/)
  })

  test('refuses an option that does not exist, before anything else', async () => {
    const failed = await run(command, { fetch: neverFetch, more: ['--no-such-option'] })
    expect(failed.exit).toBe(2)
    expect(failed.stderr).toContain('there is no option "--no-such-option" here')
  })

  test('prints exactly one document under --json, whatever comes of it', async () => {
    const answered = await run(command, { more: ['--json'] })
    const document = documentOf(answered)
    expect('error' in document).toBe(answered.exit !== 0)
    if (answered.exit !== 0) {
      expect(Object.keys(document.error as object)).toEqual(
        expect.arrayContaining(['code', 'message', 'next']),
      )
    }
  })
})

describe('an authority', () => {
  const asking = CASES.filter(({ asks }) => asks)

  test.each(asking)(
    'that does not answer is authority_unreachable for behalf $name $argv',
    async (command) => {
      const failed = await run(command, { more: ['--json'] })
      expect(failed.exit).toBe(1)
      expect(documentOf(failed)).toMatchObject({
        error: { code: 'authority_unreachable', next: expect.stringContaining('behalf serve') },
      })
    },
  )

  const byEnvironment = asking.filter(({ argv }) => !argv.includes('--authority'))

  test.each(byEnvironment)(
    'on plain http beyond this machine is refused by behalf $name $argv',
    async (command) => {
      const failed = await run(command, {
        env: { BEHALF_AUTHORITY: 'http://authority.example' },
        fetch: neverFetch,
        more: ['--json'],
      })
      expect(failed.exit).toBe(1)
      expect(codeOf(failed)).toBe('input_invalid')
    },
  )
})

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Arguments, parseArguments } from '../src/arguments.ts'
import {
  AUTHORITY_OPTIONS,
  chooseAuthority,
  chooseOperatorFile,
  chooseWalletFile,
  dataFolder,
  OPERATOR_OPTIONS,
  WALLET_OPTIONS,
} from '../src/locations.ts'
import { createTestIo } from './support/test-io.ts'

const OPTIONS = { ...WALLET_OPTIONS, ...OPERATOR_OPTIONS, ...AUTHORITY_OPTIONS }

function parse(...argv: string[]): Arguments {
  return parseArguments(argv, { options: OPTIONS, positionals: [] })
}

function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

describe('the wallet of a command', () => {
  const { io } = createTestIo({ env: { HOME: '/home/a', BEHALF_HOME: '' }, cwd: '/place' })

  test('is default in the home folder when none is named', () => {
    expect(chooseWalletFile(io, parse())).toBe('/home/a/.behalf/wallets/default.age')
  })

  test('is the named one', () => {
    expect(chooseWalletFile(io, parse('--wallet', 'agent-7'))).toBe('/home/a/.behalf/wallets/agent-7.age')
  })

  test('lives in BEHALF_HOME when that is set', () => {
    const { io: other } = createTestIo({ env: { HOME: '/home/a', BEHALF_HOME: 'rel' }, cwd: '/place' })
    expect(chooseWalletFile(other, parse('--wallet', 'x'))).toBe('/place/rel/wallets/x.age')
  })

  test('is a file, seen from the working folder', () => {
    expect(chooseWalletFile(io, parse('--wallet-file', 'w.age'))).toBe('/place/w.age')
  })

  test.each(['../../etc/x', 'a/b', 'A', 'a_b', '.a', '', 'a.age', 'a\0', 'ä', `${'x'.repeat(65)}`])(
    'is refused under the name %j',
    (name) => {
      const error = refusal(() => chooseWalletFile(io, parse(`--wallet=${name}`)))
      expect(error).toMatchObject({ code: name === '' ? 'usage_invalid' : 'input_invalid' })
    },
  )

  test('may have a name of 64 letters', () => {
    expect(chooseWalletFile(io, parse('--wallet', 'x'.repeat(64)))).toContain(`${'x'.repeat(64)}.age`)
  })

  test('is not both named and given by its file', () => {
    expect(refusal(() => chooseWalletFile(io, parse('--wallet', 'a', '--wallet-file', 'b')))).toMatchObject({
      code: 'usage_invalid',
    })
  })
})

test('the operator wallet is the named file, else the one in the data folder', () => {
  const { io } = createTestIo({ env: { BEHALF_HOME: '/home/b' }, cwd: '/place' })
  expect(chooseOperatorFile(io, parse())).toBe(join(dataFolder(io, undefined), 'operator.wallet.age'))
  expect(dataFolder(io, undefined)).toBe('/home/b/authority')
  expect(dataFolder(io, 'data')).toBe('/place/data')
  expect(chooseOperatorFile(io, parse('--operator', 'op.age'))).toBe('/place/op.age')
})

describe('the authority of a command', () => {
  const { io } = createTestIo({ env: { BEHALF_AUTHORITY: 'https://from.env' } })

  test('is the one of the option, else of the environment, else the local one', () => {
    expect(chooseAuthority(io, parse('--authority', 'https://a.example/'))).toBe('https://a.example')
    expect(chooseAuthority(io, parse())).toBe('https://from.env')
    expect(chooseAuthority(createTestIo().io, parse())).toBe('http://localhost:8787')
  })

  test.each(['http://localhost:1', 'http://127.0.0.1:8787', 'http://[::1]:8787'])(
    'may be local without TLS: %s',
    (url) => {
      expect(chooseAuthority(io, parse('--authority', url))).toBe(url)
    },
  )

  test.each([
    'a.example',
    'ftp://a.example',
    'https://a.example/path',
    'https://a.example?x',
    'https://a.example#x',
    'https://u:p@a.example',
    'https://A.example',
    'https://a.example:443',
    'http://a.example',
    'http://127.0.0.1.example',
    'http://0x7f.1',
  ])('is refused as %s', (url) => {
    expect(refusal(() => chooseAuthority(io, parse('--authority', url)))).toMatchObject({
      code: 'input_invalid',
    })
  })
})

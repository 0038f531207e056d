import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as encryptedFile from '../src/encrypted-file.ts'
import * as wallet from '../src/index.ts'
import { createTestWallet } from './support/test-wallet.ts'
import { AGENT, AUTHORITY, issueRoot } from './support/world.ts'

const SEED_SPELLINGS = [
  Buffer.from(AGENT.seed).toString('hex'),
  Buffer.from(AGENT.seed).toString('base64'),
  Buffer.from(AGENT.seed).toString('base64url'),
  [...AGENT.seed].join(','),
  [...AGENT.seed].join(', '),
]

describe('the key', () => {
  const shown = async (): Promise<readonly string[]> => {
    const world = createTestWallet()
    await world.wallet.receive([await issueRoot()])
    const subjects = [world.wallet, world.wallet.authority(AUTHORITY), world.wallet.delegations()[0]]
    return subjects.flatMap((subject) => [
      inspect(subject, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(subject),
    ])
  }

  test('is in nothing that prints or serialises a wallet, its clients or its delegations', async () => {
    for (const text of await shown()) {
      for (const spelling of SEED_SPELLINGS) expect(text).not.toContain(spelling)
      expect(text).not.toMatch(/2,\s*2,\s*2,\s*2,\s*2/)
    }
  })

  test('cannot be cloned with the wallet', () => {
    expect(() => structuredClone(createTestWallet().wallet)).toThrow()
  })

  test('is not the caller’s array: overwriting that changes nothing', async () => {
    const seed = AGENT.seed.slice()
    const world = createTestWallet({ seed })
    await world.wallet.receive([await issueRoot()])
    seed.fill(0)
    await world.wallet.fetch('https://api.test/issues/7')
    expect(world.api.lastProof()).toBeDefined()
  })

  test('signs nothing of the caller’s choice: there is no such function', () => {
    const world = createTestWallet()
    expect(Object.keys(world.wallet).toSorted()).toEqual([
      'authority',
      'collectDelegation',
      'delegate',
      'delegations',
      'did',
      'exchangeToken',
      'fetch',
      'issued',
      'proveMessage',
      'receive',
      'renew',
      'requestDelegation',
      'revoke',
      'tokenFetch',
    ])
    expect(Object.keys(world.wallet.authority(AUTHORITY)).toSorted()).toEqual([
      'addAuditor',
      'approve',
      'changeRequest',
      'collect',
      'countConfirmations',
      'createRequest',
      'deny',
      'describe',
      'enrol',
      'enrolWorkload',
      'forgetPrincipal',
      'getRequest',
      'heartbeat',
      'isHealthy',
      'isReady',
      'listApis',
      'listAuditors',
      'listDelegations',
      'listEnrolments',
      'listEvents',
      'listLogEntries',
      'listRequests',
      'listTokenKeys',
      'logCheckpoint',
      'openApi',
      'origin',
      'proveConsistency',
      'proveInclusion',
      'readDelegation',
      'readMetrics',
      'readPolicy',
      'readStatusList',
      'registerApi',
      'registerChild',
      'removeApi',
      'removeAuditor',
      'removeEnrolment',
      'resume',
      'revoke',
      'rotateTokenKeys',
      'statusList',
      'suspend',
    ])
    expect(Object.isFrozen(world.wallet)).toBe(true)
  })

  test('is within reach of no export', () => {
    expect(Object.keys(wallet).toSorted()).toEqual([
      'DANGEROUSLY_ALLOW_PLAIN_HTTP',
      'WalletError',
      'createAuthorityClient',
      'createFileWallet',
      'createMemoryWallet',
      'createWorkloadProof',
      'openFileWallet',
      'workloadAudience',
    ])
    expect(Object.keys(encryptedFile).toSorted()).toEqual([
      'WalletError',
      'makePrivateFolder',
      'readEncryptedFile',
      'renamePrivateFile',
      'writeEncryptedFile',
      'writePrivateFile',
    ])
  })
})

describe('where there are no files', () => {
  const source = join(import.meta.dirname, '..', 'src')

  const importsOf = async (file: string): Promise<readonly string[]> => {
    const text = await readFile(join(source, file), 'utf8')
    const statements = text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s'([^']+)'/gm)
    return [...statements].map(([, name = '']) => name)
  }

  const reachable = async (file: string, seen: Set<string>): Promise<Set<string>> => {
    for (const name of await importsOf(file)) {
      const next = name.replace('./', '')
      if (seen.has(next)) continue
      seen.add(next)
      if (name.startsWith('./')) await reachable(next, seen)
    }
    return seen
  }

  test('the memory wallet loads: nothing it imports at once needs Node', async () => {
    const names = [...(await reachable('index.ts', new Set()))]
    expect(names).toContain('memory-wallet.ts')
    expect(names).toContain('@behalf/http-signature')
    expect(names.filter((name) => name.startsWith('node:'))).toEqual([])
    for (const name of names.filter((file) => file.endsWith('.ts'))) {
      expect(await readFile(join(source, name), 'utf8')).not.toMatch(/\b(?:process|Buffer)\.[a-zA-Z]/)
    }
  })

  test('only the modules of the file store need Node', async () => {
    const withNode: string[] = []
    for (const file of await readdir(source)) {
      if ((await importsOf(file)).some((name) => name.startsWith('node:'))) withNode.push(file)
    }
    expect(withNode.toSorted()).toEqual(['file-lock.ts', 'private-file.ts', 'private-folder.ts'])
  })
})

import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { openFileWallet } from '@behalf/wallet'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  type Authority,
  createAuthority,
  createOperatorCode,
  openAuthorityKeys,
  openDatabase,
  replaceOperator,
} from '../src/index.ts'
import {
  ASK_ALWAYS,
  createTestClock,
  START,
  type TestClock,
  temporaryFolder,
  whenDone,
} from './support/authority-world.ts'

const PASSPHRASE = 'correct horse'
const files = { passphrase: PASSPHRASE, workFactor: 12 }
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

let folder: string
let clock: TestClock
beforeEach(() => {
  folder = temporaryFolder()
  clock = createTestClock()
})

/** Starts on the folder as `behalf serve` does, and stops again after `look`. */
async function start<Result>(look: (authority: Authority) => Promise<Result>): Promise<Result> {
  const keys = await openAuthorityKeys(folder, PASSPHRASE, { workFactor: 12 })
  const authority = await createAuthority({
    databasePath: join(folder, 'authority.db'),
    signer: keys.signer,
    noticeKeys: keys.noticeKeys,
    origin: 'http://localhost:1',
    policy: ASK_ALWAYS,
    operators: [{ did: keys.operatorDid, name: 'first operator' }],
    clock,
    log: quiet,
    repeat: () => async () => undefined,
  })
  whenDone(() => authority.close())
  const result = await look(authority)
  await authority.close()
  return result
}

const operatorDid = async (): Promise<string> => (await openAuthorityKeys(folder, PASSPHRASE)).operatorDid

function operatorsInDatabase(): readonly string[] {
  const database = openDatabase(join(folder, 'authority.db'))
  const rows = database.prepare('select did from operators').all()
  database.close()
  return rows.map(({ did }) => String(did))
}

/** The types of events, and by whom. */
const record = (): Promise<readonly unknown[]> =>
  start(async ({ issuer }) =>
    (await issuer.listEvents()).map(({ type, data }) => [type, data.operator ?? data.person, data.by]),
  )

describe('replacing the operator', () => {
  test('makes a new wallet the only one that decides, and keeps the old file', async () => {
    const before = await start(async () => operatorDid())
    const replaced = await replaceOperator({ folder, ...files, clock })
    expect(replaced).toEqual({
      operatorDid: expect.stringMatching(/^did:key:z6Mk/u),
      operatorWalletPath: join(folder, 'operator.wallet.age'),
      removed: [before],
    })
    expect((await openFileWallet(replaced.operatorWalletPath, files)).did).toBe(replaced.operatorDid)
    expect(readdirSync(folder).filter((name) => name.endsWith('.age'))).toEqual([
      'issuer.age',
      'operator.wallet.age',
      'operator.wallet.until-2026-11-24T120000000Z.age',
    ])
    expect(await record()).toEqual(
      expect.arrayContaining([
        ['operator_created', replaced.operatorDid, undefined],
        ['operator_removed', before, 'offline'],
      ]),
    )
    expect(await operatorDid()).toBe(replaced.operatorDid)
    expect(operatorsInDatabase()).toEqual([replaced.operatorDid])
  })

  test('that was cut off is finished by the same call, with the same key', async () => {
    const before = await start(async () => operatorDid())
    const first = await replaceOperator({ folder, ...files, clock })
    // As if it had ended before the last step.
    renameSync(join(folder, 'operator.wallet.age'), join(folder, 'operator.wallet.new.age'))
    const again = await replaceOperator({ folder, ...files, clock })
    expect(again).toEqual({ ...first, removed: [] })
    expect(operatorsInDatabase()).not.toContain(before)
  })

  test('is refused while the authority runs, in an empty folder and under another passphrase', async () => {
    const replace = (changes: object): Promise<unknown> =>
      replaceOperator({ folder, ...files, clock, ...changes })
    await expect(replace({})).rejects.toThrow(expect.objectContaining({ code: 'keystore_missing' }))
    expect(readdirSync(folder)).toEqual([])
    await start(async () => {
      await expect(replace({})).rejects.toThrow(expect.objectContaining({ code: 'database_in_use' }))
    })
    await expect(replace({ passphrase: 'wrong' })).rejects.toThrow(
      expect.objectContaining({ code: 'keystore_auth_failed' }),
    )
    expect(readdirSync(folder).filter((name) => name.includes('new'))).toEqual([])
  })
})

describe('a code for an operator', () => {
  /** Puts people into the database, as if they had joined. */
  function addPerson(id: string, roles: readonly string[], disabledAt: number | null = null): void {
    const database = openDatabase(join(folder, 'authority.db'))
    database
      .prepare(
        'insert into persons (id, name, roles_json, tenant, user_handle, created_at, disabled_at) values (?, ?, ?, null, ?, ?, ?)',
      )
      .run(id, id, JSON.stringify(roles), `handle of ${id}`, START, disabledAt)
    database.close()
  }

  const create = (person?: string): ReturnType<typeof createOperatorCode> =>
    createOperatorCode({ folder, passphrase: PASSPHRASE, clock, ...(person !== undefined && { person }) })

  beforeEach(() => start(async () => undefined))

  test('is not needed before somebody has claimed the authority', async () => {
    expect(await create()).toEqual({ kind: 'unclaimed' })
  })

  test('is a recovery code for the one operator, who is enabled again', async () => {
    addPerson('alice', ['operator'], START)
    addPerson('bob', ['approver'])
    expect(await create()).toEqual({
      kind: 'recovery',
      person: 'alice',
      code: expect.stringMatching(/^(?:[\da-z]{4}-){3}[\da-z]{4}$/u),
      expiresAt: START + 86_400_000,
    })
    expect(await record()).toEqual(
      expect.arrayContaining([
        ['person_changed', 'alice', 'offline'],
        ['recovery_codes_made', 'alice', 'offline'],
      ]),
    )
  })

  test('is an invitation for somebody new', async () => {
    addPerson('alice', ['operator'])
    expect(await create('carol')).toEqual({
      kind: 'invitation',
      person: 'carol',
      code: expect.stringMatching(/^[\w-]{43}$/u),
      expiresAt: START + 86_400_000,
    })
    expect(await record()).toContainEqual(['person_invited', 'carol', 'offline'])
  })

  test('is for one person, who is an operator or nobody yet', async () => {
    addPerson('alice', ['operator'])
    addPerson('bob', ['operator'])
    addPerson('dave', ['approver'])
    const refused = expect.objectContaining({ code: 'input_invalid', field: 'person' })
    await expect(create()).rejects.toThrow(refused)
    await expect(create('dave')).rejects.toThrow(refused)
    await expect(create('ALICE')).rejects.toThrow(refused)
    await expect(create('did:key:z6Mk')).rejects.toThrow(refused)
    expect(await create('bob')).toMatchObject({ kind: 'recovery', person: 'bob' })
  })
})

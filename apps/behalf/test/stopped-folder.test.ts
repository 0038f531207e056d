import { join } from 'node:path'
import { type Authority, createAuthority, openAuthorityKeys, openDatabase } from '@behalf/authority'
import { describe, expect, test } from 'vitest'
import { readPolicy } from '../src/authority-policy.ts'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, createTestIo, documentOf } from './support/test-io.ts'

const PASSPHRASE = 'correct horse battery staple'

const run = (argv: readonly string[], passphrase = PASSPHRASE): Promise<CommandRun> =>
  behalf(['operator', ...argv], { env: { BEHALF_PASSPHRASE: passphrase } })

/** An authority on the folder, as `behalf serve` starts it. */
async function start(folder: string): Promise<Authority> {
  const keys = await openAuthorityKeys(folder, PASSPHRASE, { workFactor: 12 })
  return createAuthority({
    databasePath: join(folder, 'authority.db'),
    signer: keys.signer,
    noticeKeys: keys.noticeKeys,
    origin: 'http://localhost:1',
    policy: await readPolicy(createTestIo().io, { path: undefined }),
    operators: [{ did: keys.operatorDid, name: 'first operator' }],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    repeat: () => async () => undefined,
  })
}

describe('behalf operator replace', () => {
  test('makes a new operator wallet and takes the rights of the old one', async () => {
    const data = await createFolder()
    await (await start(data)).close()
    const before = await openAuthorityKeys(data, PASSPHRASE)
    const replaced = await run(['replace', '--data', data, '--json'])
    expect(replaced.exit).toBe(0)
    const { operatorDid } = await openAuthorityKeys(data, PASSPHRASE)
    expect(documentOf(replaced)).toEqual({
      operator: operatorDid,
      operator_wallet: join(data, 'operator.wallet.age'),
      removed: [before.operatorDid],
    })
    expect(operatorDid).not.toBe(before.operatorDid)
    const told = await run(['replace', '--data', data])
    expect(told.stdout).toContain(`no more          ${operatorDid}`)
  })

  test('says what to do when it cannot', async () => {
    const data = await createFolder()
    const absent = await run(['replace', '--data', data, '--json'])
    expect([absent.exit, codeOf(absent)]).toEqual([1, 'keystore_missing'])
    expect(documentOf(absent)).toMatchObject({ error: { next: 'name its data folder with --data' } })
    const authority = await start(data)
    expect(codeOf(await run(['replace', '--data', data, '--json']))).toBe('database_in_use')
    await authority.close()
    const wrong = await run(['replace', '--data', data, '--json'], 'other words')
    expect([wrong.exit, codeOf(wrong)]).toEqual([1, 'keystore_auth_failed'])
  })
})

describe('behalf operator claim-code', () => {
  test('leads to the claim of an authority that nobody has claimed', async () => {
    const data = await createFolder()
    await (await start(data)).close()
    const unclaimed = await run(['claim-code', '--data', data])
    expect([unclaimed.exit, unclaimed.stdout]).toEqual([
      0,
      expect.stringContaining('behalf serve prints the address'),
    ])
    expect(documentOf(await run(['claim-code', '--data', data, '--json']))).toEqual({ kind: 'unclaimed' })
  })

  test('gives a recovery code for an operator and an invitation for somebody new', async () => {
    const data = await createFolder()
    await (await start(data)).close()
    const database = openDatabase(join(data, 'authority.db'))
    database
      .prepare("insert into persons values ('alice', 'Alice', '[\"operator\"]', null, 'handle', 1, null)")
      .run()
    database.close()
    const recovery = await run(['claim-code', '--data', data, '--json'])
    expect(documentOf(recovery)).toMatchObject({
      kind: 'recovery',
      person: 'alice',
      code: expect.stringMatching(/^[\da-z-]{19}$/u),
      url: 'http://localhost:8787/recover',
    })
    const argv = ['claim-code', '--data', data, '--person', 'bob', '--origin', 'https://a.example']
    const invitation = await run(argv)
    expect(invitation.stdout).toMatch(
      /bob becomes a person with every role at\n {2}https:\/\/a\.example\/join#[\w-]{43}\n/u,
    )
    const odd = await run(['claim-code', '--data', data, '--person', 'a b', '--json'])
    expect([odd.exit, codeOf(odd)]).toEqual([1, 'input_invalid'])
  })
})

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, documentOf } from './support/test-io.ts'
import { openWorld, termsFor, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** The document of a command that must succeed. */
async function done(...argv: string[]): Promise<Record<string, unknown>> {
  const run = await world.run([...argv, '--json'])
  expect(run, `behalf ${argv.join(' ')}\n${run.stderr}`).toMatchObject({ exit: 0 })
  return documentOf(run)
}

/** The code of a command that must be refused. */
async function refused(...argv: string[]): Promise<unknown> {
  const run = await world.run([...argv, '--json'])
  expect(run.exit).toBe(1)
  return codeOf(run)
}

describe('the whole story, command by command, as a script would run it', () => {
  test('from two wallets to a revocation that stops both agents', async () => {
    await world.addWallet('orchestrator')
    await world.addWallet('worker')
    const orchestrator = await done('wallet', 'show', '--wallet', 'orchestrator')
    const worker = await done('wallet', 'show', '--wallet', 'worker')
    expect(orchestrator.did).not.toBe(worker.did)

    const asked = await done(
      'request',
      '--wallet',
      'orchestrator',
      ...termsFor(world, '/issues/**'),
      '--depth',
      '1',
      '--no-wait',
    )
    const open = (await done('list', '--as-operator')) as { pending: { id: string; agent: string }[] }
    expect(open.pending).toMatchObject([{ id: asked.request, agent: orchestrator.did }])

    const approved = await done('approve', String(asked.request), '--yes', '--minutes', '5')
    const taken = await done('request', '--wallet', 'orchestrator', '--resume', String(asked.request))
    const root = taken.delegation as { id: string; digest: string }
    expect(root.id).toBe(approved.delegation_id)

    const url = `${world.api.origin}/issues/7`
    expect(await done('call', 'GET', url, '--wallet', 'orchestrator')).toMatchObject({ status: 200 })

    const out = join(world.home, 'handed.json')
    const allow = `GET ${url}`
    const handed = await done(
      'delegate',
      '--wallet',
      'orchestrator',
      '--to',
      String(worker.did),
      '--allow',
      allow,
      '--out',
      out,
    )
    expect(handed.bundle).toEqual(JSON.parse(await readFile(out, 'utf8')))
    const inspected = await done('inspect', out, '--issuer', world.issuer)
    expect(inspected).toMatchObject({
      kind: 'bundle',
      links: [{ id: root.id, digest: root.digest }, { subject: worker.did }],
    })

    const received = await done('receive', out, '--wallet', 'worker')
    expect(received).toMatchObject({ delegation: { parent: { id: root.id, digest: root.digest } } })
    expect(await done('call', 'GET', url, '--wallet', 'worker')).toMatchObject({ status: 200 })
    expect(await refused('call', 'POST', url, '--data', '{}', '--wallet', 'worker')).toBe('scope_exceeded')
    expect(world.api.accepted()).toMatchObject({ agent: worker.did, principal: 'alice' })

    const before = await done('status')
    const revoked = await done('revoke', root.id, '--as-operator')
    expect(revoked.sequence).toBeGreaterThan((before.heartbeat as { sequence: number }).sequence)
    expect(await refused('call', 'GET', url, '--wallet', 'orchestrator')).toBe('credential_revoked')
    expect(await refused('call', 'GET', url, '--wallet', 'worker')).toBe('credential_revoked')
    expect(await done('list', '--as-operator')).toMatchObject({ pending: [], active: [] })
    expect(await refused('delegate', '--wallet', 'orchestrator', '--to', String(worker.did))).toBe(
      'credential_revoked',
    )
  })

  test('the status list and the heartbeat can be saved and inspected', async () => {
    const save = async (path: string): Promise<string> => {
      const file = join(world.home, path.replaceAll('/', '-'))
      const answer = await fetch(`${world.origin}${path}`)
      await writeFile(file, await answer.text())
      return file
    }
    const beat = await done('inspect', await save('/status/heartbeat'), '--issuer', world.issuer)
    expect(beat).toMatchObject({ kind: 'heartbeat', issuer: world.issuer })
    const list = await done('inspect', await save('/status/lists/1'), '--issuer', world.issuer)
    expect(list).toMatchObject({ kind: 'status_list', issuer: world.issuer, length: 131_072 })
    expect(list.revoked).toBeGreaterThan(0)
  })

  test('a file of another authority is told apart', async () => {
    const other = await openWorld()
    const file = join(world.home, 'foreign-heartbeat')
    await writeFile(file, await (await fetch(`${other.origin}/status/heartbeat`)).text())
    await other.close()
    expect(await refused('inspect', file, '--issuer', world.issuer)).toBe('issuer_untrusted')
  })

  test('an API does not accept a delegation of an authority it does not trust', async () => {
    const other = await openWorld()
    const request = ['request', '--authority', other.origin, ...termsFor(world, '/issues/**'), '--no-wait']
    const asked = await done(...request)
    const operator = join(other.home, 'authority', 'operator.wallet.age')
    await done('approve', String(asked.request), '--yes', '--authority', other.origin, '--operator', operator)
    const taken = await done('request', '--authority', other.origin, '--resume', String(asked.request))
    const { id } = taken.delegation as { id: string }
    const call = ['call', 'GET', `${world.api.origin}/issues/7`, '--delegation', id]
    expect(await refused(...call)).toBe('issuer_untrusted')
    await other.close()
  })

  test("an operator's wallet of one authority is nobody at another", async () => {
    const other = await openWorld()
    const operator = join(other.home, 'authority', 'operator.wallet.age')
    expect(await refused('list', '--operator', operator)).toBe('forbidden')
    const target = ['--agent', world.helper, '--operator', operator]
    expect(await refused('revoke', ...target)).toBe('forbidden')
    await other.close()
  })
})

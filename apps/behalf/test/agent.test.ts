import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createEd25519Signer } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createStatusSource } from '@behalf/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandRun, codeOf, documentOf } from './support/test-io.ts'
import { obtain, openWorld, termsFor, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

describe('behalf call', () => {
  test('sends a signed request, prints the body, and the status aside', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['call', 'GET', `${world.api.origin}/issues/7?a=1`])
    expect(run).toMatchObject({ exit: 0, stdout: 'issue /issues/7?a=1\n' })
    expect(run.stderr).toMatch(/^200 OK {2}\(request [0-9A-Z]{26}\)$/m)
    expect(world.api.accepted()).toMatchObject({
      method: 'GET',
      target: '/issues/7?a=1',
      agent: world.agent,
      principal: 'alice',
    })
  })

  test('sends body, headers and context', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'))
    const url = `${world.api.origin}/issues/7/comments`
    const context = ['--context', 'tool=comment', '--context', 'model=m-1']
    const run = await world.run(['call', 'POST', url, '--data', '{"text":"Seen."}', ...context, '--json'])
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({
      status: 200,
      content_type: 'text/plain',
      body: 'issue /issues/7/comments\n',
    })
    expect(world.api.accepted()).toMatchObject({
      body: '{"text":"Seen."}',
      contentType: 'application/json',
      context: { tool: 'comment', model: 'm-1' },
    })
    await world.run(['call', 'POST', url, '--data', 'x', '--header', 'Content-Type: text/markdown'])
    expect(world.api.accepted()).toMatchObject({ body: 'x', contentType: 'text/markdown' })
  })

  test('presents the delegation it is told to, even one that does not allow the request', async () => {
    const narrow = await obtain(world, ...termsFor(world, '/issues/7'))
    await obtain(world, ...termsFor(world, '/issues/**'))
    const url = `${world.api.origin}/issues/8`
    expect((await world.run(['call', 'GET', url])).exit).toBe(0)
    const refused = await world.run(['call', 'GET', url, '--delegation', narrow, '--json'])
    expect(refused.exit).toBe(1)
    expect(codeOf(refused)).toBe('scope_exceeded')
  })

  test('says of a refusal what it means and what to do, and shows the body', async () => {
    const delegation = await obtain(world, ...termsFor(world, '/issues/7'))
    const run = await world.run([
      'call',
      'DELETE',
      `${world.api.origin}/issues/7`,
      '--delegation',
      delegation,
    ])
    expect(run.exit).toBe(1)
    expect(run.stderr).toContain('403 Forbidden')
    expect(run.stderr).toContain('(scope_exceeded)')
    expect(run.stderr).toContain('this means: the delegation does not allow this request')
    expect(run.stderr).toContain('what to do: ask for a delegation that covers this: behalf request')
    expect(JSON.parse(run.stdout)).toMatchObject({ code: 'scope_exceeded' })
  })

  test('of a failure of the API itself is http_failure, with status and body', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['call', 'GET', `${world.api.origin}/issues/404`, '--json'])
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({
      status: 404,
      body: 'issue /issues/404\n',
      error: { code: 'http_failure', message: 'the API answered 404' },
    })
  })

  test('counts uses', async () => {
    const delegation = await obtain(world, ...termsFor(world, '/once'), '--uses', '1')
    const call = ['call', 'GET', `${world.api.origin}/once`, '--delegation', delegation, '--json']
    expect((await world.run(call)).exit).toBe(0)
    expect(codeOf(await world.run(call))).toBe('budget_exceeded')
  })

  test('after the end of the delegation there is none to present', async () => {
    const delegation = await obtain(world, ...termsFor(world, '/late'), '--minutes', '1')
    await world.advance(120)
    const url = `${world.api.origin}/late`
    expect(codeOf(await world.run(['call', 'GET', url, '--delegation', delegation, '--json']))).toBe(
      'credential_expired',
    )
  })

  test.each<{ name: string; argv: string[]; code: string; exit: number }>([
    {
      name: 'a URL nobody delegated',
      argv: ['GET', 'https://other.example/x'],
      code: 'credential_missing',
      exit: 1,
    },
    { name: 'plain http elsewhere', argv: ['GET', 'http://other.example/x'], code: 'input_invalid', exit: 1 },
    {
      name: 'a URL with a password',
      argv: ['GET', 'https://u:p@other.example/x'],
      code: 'input_invalid',
      exit: 1,
    },
    {
      name: 'a method in small letters',
      argv: ['get', 'https://a.example/'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'a method fetch cannot send',
      argv: ['TRACE', 'https://a.example/'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'GET with a body',
      argv: ['GET', 'https://a.example/', '--data', 'x'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'a header the wallet writes',
      argv: ['GET', 'https://a.example/', '--header', 'Signature: x'],
      code: 'input_invalid',
      exit: 1,
    },
    {
      name: 'a context nobody knows',
      argv: ['GET', 'https://a.example/', '--context', 'mood=good'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'a context without a value',
      argv: ['GET', 'https://a.example/', '--context', 'tool'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'a context given twice',
      argv: ['GET', 'https://a.example/', '--context', 'tool=a', '--context', 'tool=b'],
      code: 'usage_invalid',
      exit: 2,
    },
    {
      name: 'a delegation nobody holds',
      argv: ['GET', 'https://a.example/', '--delegation', 'urn:uuid:0'],
      code: 'credential_missing',
      exit: 1,
    },
  ])('refuses $name', async ({ argv, code, exit }) => {
    const run = await world.run(['call', ...argv, '--json'])
    expect(run.exit).toBe(exit)
    expect(codeOf(run)).toBe(code)
  })

  test('without a delegation says so in its own words: nothing was sent', async () => {
    const { stderr } = await world.run(['call', 'GET', 'https://other.example/x'])
    expect(stderr).toContain(
      'behalf: the wallet holds no unexpired delegation for https://other.example (credential_missing)',
    )
    expect(stderr).toContain('ask for one with behalf request')
    expect(stderr).not.toMatch(/request carried|requestDelegation/)
  })

  test('refuses what is no URL, and says how to write one', async () => {
    const run = await world.run(['call', 'GET', '/issues/7', '--json'])
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'input_invalid', message: '"/issues/7" is not a URL' },
    })
  })

  test('refuses a context that is not printable ASCII', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'))
    const run = await world.run([
      'call',
      'GET',
      `${world.api.origin}/issues/7`,
      '--context',
      'tool=ü',
      '--json',
    ])
    expect(codeOf(run)).toBe('input_invalid')
  })

  test('of an API that does not answer is target_unreachable', async () => {
    await obtain(world, '--for', 'alice', '--purpose', 'p', '--allow', 'GET http://127.0.0.1:1/x')
    const run = await world.run(['call', 'GET', 'http://127.0.0.1:1/x', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('target_unreachable')
    expect(documentOf(run)).toMatchObject({ error: { message: 'no answer from http://127.0.0.1:1' } })
  })
})

describe('behalf delegate and behalf receive', () => {
  test('hand a narrower part to a helper, who can use it and no more', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const out = join(world.home, 'bundle.json')
    const allow = `GET ${world.api.origin}/issues/7`
    const bounds = ['--minutes', '2', '--uses', '9', '--purpose', 'one issue']
    const less = ['--parent', parent, '--allow', allow, ...bounds]
    const handed = await world.run(['delegate', '--to', world.helper, ...less, '--out', out])
    expect(handed.exit).toBe(0)
    expect(handed.stdout).toBe(`The bundle is in ${out}. The other agent runs: behalf receive ${out}\n`)
    expect((await stat(out)).mode & 0o777).toBe(0o600)

    const received = await world.run(['receive', out, '--wallet', 'helper', '--json'])
    expect(received.exit).toBe(0)
    expect(documentOf(received)).toMatchObject({
      delegation: { issuer: world.agent, subject: world.helper, links: 2, max_uses: 9, purpose: 'one issue' },
    })

    const call = ['call', 'GET', '--wallet', 'helper']
    expect((await world.run([...call, `${world.api.origin}/issues/7`])).exit).toBe(0)
    expect(world.api.accepted()).toMatchObject({ agent: world.helper, principal: 'alice' })
    const beyond = await world.run([...call, `${world.api.origin}/issues/8`, '--json'])
    expect(codeOf(beyond)).toBe('scope_exceeded')
  })

  test('print the bundle when no file is named, and take it from standard input', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const handed = await world.run(['delegate', '--to', world.helper, '--parent', parent])
    expect(JSON.parse(handed.stdout)).toEqual({
      chain: [expect.any(String), expect.any(String)],
      evidence: expect.objectContaining({ type: 'behalf-approval-evidence', method: 'operator' }),
    })
    const received = await world.run(['receive', '-', '--wallet', 'helper'], { input: handed.stdout })
    expect(received.exit).toBe(0)
    expect(received.stdout).toContain('Received.')
  })

  test('under --json the bundle is in the document, and a file holds nothing else', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const out = join(world.home, 'another.json')
    const run = await world.run([
      'delegate',
      '--to',
      world.helper,
      '--parent',
      parent,
      '--out',
      out,
      '--json',
    ])
    const { bundle, file, delegation } = documentOf(run)
    expect(file).toBe(out)
    expect(delegation).toMatchObject({ subject: world.helper })
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(bundle)
  })

  test('never overwrite a file, and register nothing then', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    await writeFile(join(world.home, 'mine.json'), 'mine')
    const before = documentOf(await world.run(['list', '--json'])).handed_on
    const run = await world.run(['delegate', '--to', world.helper, '--out', 'mine.json', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('file_exists')
    expect(await readFile(join(world.home, 'mine.json'), 'utf8')).toBe('mine')
    expect(documentOf(await world.run(['list', '--json'])).handed_on).toEqual(before)
  })

  test('never overwrite a file that came while the delegation was made', async () => {
    await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const out = join(world.home, 'late.json')
    const run = await world.run(['delegate', '--to', world.helper, '--out', out, '--json'], {
      fetch: async (input, init) => {
        await writeFile(out, 'somebody else')
        return await fetch(input, init)
      },
    })
    expect(codeOf(run)).toBe('file_exists')
    expect(await readFile(out, 'utf8')).toBe('somebody else')
  })

  test.each([
    ['missing', 'absent/bundle.json'],
    ['no folder', 'a-file/bundle.json'],
    ['unwritable', '/proc/self/bundle.json'],
  ])('register nothing when the folder of the bundle is %s', async (_, name) => {
    await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    await writeFile(join(world.home, 'a-file'), '')
    const calls: unknown[] = []
    const out = resolve(world.home, name)
    const run = await world.run(['delegate', '--to', world.helper, '--out', out, '--json'], {
      fetch: async (input, init) => {
        calls.push(input)
        return await fetch(input, init)
      },
    })
    expect(codeOf(run)).toBe('folder_unwritable')
    expect(documentOf(run)).toMatchObject({ error: { next: 'choose another --out; nothing was handed on' } })
    expect(calls).toEqual([])
  })

  test('leave nothing beside the bundle', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const folder = await mkdtemp(join(world.home, 'bundles-'))
    const out = join(folder, 'bundle.json')
    const handed = await world.run(['delegate', '--to', world.helper, '--parent', parent, '--out', out])
    expect(handed.exit).toBe(0)
    expect(await readdir(folder)).toEqual(['bundle.json'])
  })

  test('say when the folder went away while the delegation was made', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const folder = await mkdtemp(join(world.home, 'bundles-'))
    const out = join(folder, 'bundle.json')
    const run = await world.run(
      ['delegate', '--to', world.helper, '--parent', parent, '--out', out, '--json'],
      {
        fetch: async (input, init) => {
          await rm(folder, { recursive: true, force: true })
          return await fetch(input, init)
        },
      },
    )
    expect(codeOf(run)).toBe('folder_unwritable')
    expect(documentOf(run)).toMatchObject({ error: { next: expect.stringContaining('behalf revoke') } })
  })

  test.each<{ name: string; argv: (delegable: string, fixed: string) => string[]; code: string }>([
    {
      name: 'more than it has',
      argv: (id) => ['--parent', id, '--allow', 'GET https://other.example/x'],
      code: 'attenuation_violation',
    },
    {
      name: 'what must not be handed on',
      argv: (_, id) => ['--parent', id],
      code: 'delegation_not_permitted',
    },
    { name: 'what it does not hold', argv: () => ['--parent', 'urn:uuid:0'], code: 'credential_missing' },
    {
      name: 'deeper than allowed',
      argv: (id) => ['--parent', id, '--depth', '5'],
      code: 'attenuation_violation',
    },
  ])('refuse to hand on $name', async ({ argv, code }) => {
    const delegable = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const fixed = await obtain(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['delegate', '--to', world.helper, '--json', ...argv(delegable, fixed)])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe(code)
  })

  test('refuse another agent than the one it is for, and what is no bundle', async () => {
    const parent = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const handed = await world.run(['delegate', '--to', world.helper, '--parent', parent])
    const wrong = await world.run(['receive', '-', '--json'], { input: handed.stdout })
    expect(wrong.exit).toBe(1)
    expect(codeOf(wrong)).toBe('key_mismatch')
    const broken = await world.run(['receive', '-', '--json'], { input: '{"chain":"x"}' })
    expect(codeOf(broken)).toBe('input_invalid')
  })

  test('need an agent to hand on to', async () => {
    expect((await world.run(['delegate'])).exit).toBe(2)
    expect(codeOf(await world.run(['delegate', '--to', 'helper', '--json']))).toBe('input_invalid')
  })
})

describe('behalf revoke', () => {
  test('by the operator stops the agent and everything below it', async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const handed = await world.run(['delegate', '--to', world.helper, '--parent', root])
    const received = await world.run(['receive', '-', '--wallet', 'helper', '--json'], {
      input: handed.stdout,
    })
    const { delegation } = documentOf(received) as { delegation: { id: string } }
    const calls = [
      ['call', 'GET', `${world.api.origin}/issues/7`, '--delegation', root, '--json'],
      [
        'call',
        'GET',
        `${world.api.origin}/issues/7`,
        '--delegation',
        delegation.id,
        '--wallet',
        'helper',
        '--json',
      ],
    ]
    for (const call of calls) expect((await world.run(call)).exit).toBe(0)

    const revoked = await world.run(['revoke', root, '--as-operator', '--reason', 'done', '--json'])
    expect(revoked.exit).toBe(0)
    expect(documentOf(revoked)).toEqual({
      revoked: root,
      sequence: expect.any(Number),
      time: expect.stringMatching(/^2030-.*Z$/),
    })
    for (const call of calls) expect(codeOf(await world.run(call))).toBe('credential_revoked')

    const again = await world.run(['revoke', root, '--as-operator', '--json'])
    expect(documentOf(again)).toMatchObject({ revoked: root, time: documentOf(revoked).time })
  })

  test('by the agent that handed it on stops the helper alone', async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'), '--depth', '1')
    const handed = await world.run(['delegate', '--to', world.helper, '--parent', root, '--json'])
    const { delegation, bundle } = documentOf(handed) as { delegation: { id: string }; bundle: unknown }
    await world.run(['receive', '-', '--wallet', 'helper'], { input: JSON.stringify(bundle) })
    expect((await world.run(['revoke', delegation.id])).exit).toBe(0)
    const url = `${world.api.origin}/issues/7`
    const helper = await world.run([
      'call',
      'GET',
      url,
      '--delegation',
      delegation.id,
      '--wallet',
      'helper',
      '--json',
    ])
    expect(codeOf(helper)).toBe('credential_revoked')
    expect((await world.run(['call', 'GET', url, '--delegation', root])).exit).toBe(0)
  })

  test("of somebody else's delegation is refused", async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'))
    const unknown = await world.run(['revoke', root, '--wallet', 'helper', '--json'])
    expect(unknown.exit).toBe(1)
    expect(codeOf(unknown)).toBe('not_found')
    const named = await world.run([
      'revoke',
      root,
      '--wallet',
      'helper',
      '--authority',
      world.origin,
      '--json',
    ])
    expect(['forbidden', 'not_found']).toContain(codeOf(named))
    expect(
      (await world.run(['call', 'GET', `${world.api.origin}/issues/7`, '--delegation', root])).exit,
    ).toBe(0)
  })

  test('of an agent is for operators, and stops its key', async () => {
    const operator = join(world.home, 'wallets', 'default.age')
    const refused = await world.run(['revoke', '--agent', world.helper, '--operator', operator, '--json'])
    expect(codeOf(refused)).toBe('forbidden')
    const revoked = await world.run(['revoke', '--agent', world.helper, '--json'])
    expect(documentOf(revoked)).toMatchObject({ revoked: world.helper })
    const status = documentOf(await world.run(['status', '--json']))
    expect(status).toMatchObject({ heartbeat: { revoked_keys: 1 } })
    const run = await world.run([
      'request',
      '--wallet',
      'helper',
      ...termsFor(world, '/x'),
      '--no-wait',
      '--json',
    ])
    expect(codeOf(run)).toBe('key_revoked')
  })

  test('of all that acts for a person, or of a run, is for operators', async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'))
    const operator = join(world.home, 'wallets', 'default.age')
    const call = ['call', 'GET', `${world.api.origin}/issues/7`, '--delegation', root, '--json']
    for (const scope of [
      ['--principal', 'alice'],
      ['--workflow', 'none', '--run', '1'],
    ]) {
      expect(codeOf(await world.run(['revoke', ...scope, '--operator', operator, '--json']))).toBe(
        'forbidden',
      )
    }
    const other = await world.run(['revoke', '--workflow', 'none', '--run', '1', '--json'])
    expect(documentOf(other)).toMatchObject({ revoked: 'none/1', delegations: [] })
    expect((await world.run(call)).exit).toBe(0)
    const nobody = await world.run(['revoke', '--principal', 'alicia'])
    expect(nobody.stdout).toContain('Nothing was stopped:')
    expect(nobody.stdout).not.toContain('Revoked.')
    const run = await world.run(['revoke', '--principal', 'alice', '--reason', 'left', '--wait'])
    expect(run.stdout).toContain('Revoked.')
    expect(run.stdout).toContain(root)
    expect(run.stdout).toContain('No registered API follows the stream')
    expect(codeOf(await world.run(call))).toBe('credential_revoked')
  })

  test('that waits tells apart who reads the stream without a key, and waits two seconds for it at most', async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'))
    const stream = await fetch(`${world.origin}/status/stream`)
    const text = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    const { value: hello = '' } = (await text?.read()) ?? {}
    const name = /event: subscriber\ndata: (\S+)/u.exec(hello)?.[1] ?? ''
    const revoke = ['revoke', root, '--as-operator', '--wait', '--seconds', '30']
    let passed = 0
    const passing = {
      clock: () => world.now() + passed,
      wait: async (milliseconds: number) => {
        passed += milliseconds
      },
    }
    const run = async (...more: readonly string[]): Promise<CommandRun> => {
      passed = 0
      return await world.run([...revoke, ...more], passing)
    }
    const unsaid = await run('--json')
    expect(passed).toBe(2000)
    const nobody = { connected: 0, confirmed: 0 }
    expect([unsaid.exit, documentOf(unsaid)]).toEqual([
      0,
      expect.objectContaining({ ...nobody, apis: [], unproven: { connected: 1, confirmed: 0 } }),
    ])
    expect((await run()).stdout).toMatch(
      /No registered API follows the stream.*\nAnd 1 other reader, which proved no key, does not confirm\./u,
    )
    const { sequence } = documentOf(unsaid)
    await fetch(`${world.origin}/status/confirmations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ subscriber: name, sequence: Number(sequence) + 1_000_000 }),
    })
    expect((await run()).stdout).toMatch(/No registered API.*\nAnd 1 other reader.*said that it knows\./u)
    expect(passed).toBe(0)
    const more = (await fetch(`${world.origin}/status/stream`)).body?.getReader()
    await more?.read()
    expect((await run()).stdout).toMatch(/And 2 other readers, which proved no key: 1 of them said/u)
    for (const reader of [text, more]) await reader?.cancel()
  })

  test('that waits names the API that did not say so, when that said which it is', async () => {
    const root = await obtain(world, ...termsFor(world, '/issues/**'))
    const signer = createEd25519Signer(new Uint8Array(32).fill(66))
    const did = encodeDidKey(signer.publicKey)
    let isHeard = false
    const added = await world.run(['api', 'add', did, '--origin', 'https://wiki.example'])
    expect(added.exit).toBe(0)
    const source = createStatusSource({
      issuers: [{ did: world.issuer, url: `${world.origin}/status/heartbeat` }],
      stream: true,
      signer,
      clock: world.now,
      fetch: async (url, init) =>
        url.endsWith('/status/confirmations') && !isHeard ? Response.error() : fetch(url, init),
    })
    await source.ready()
    // One that nobody knows makes it no better and no worse.
    const anybody = (await fetch(`${world.origin}/status/stream`)).body?.getReader()
    await anybody?.read()
    const revoke = ['revoke', root, '--as-operator', '--wait', '--seconds', '1']
    let passed = 0
    const passing = {
      clock: () => world.now() + passed,
      wait: async (milliseconds: number) => {
        passed += milliseconds
      },
    }
    await expect
      .poll(async () => (await world.run([...revoke], passing)).stderr, { interval: 5 })
      .toContain('No word from https://wiki.example.')
    const unsaid = await world.run([...revoke, '--json'], passing)
    expect([unsaid.exit, codeOf(unsaid)]).toEqual([1, 'confirmation_missing'])
    expect(documentOf(unsaid)).toMatchObject({
      connected: 1,
      confirmed: 0,
      apis: [{ did, origins: ['https://wiki.example'], connected: 1, confirmed: 0 }],
      unproven: { connected: 1, confirmed: 0 },
    })
    expect(unsaid.stderr).toContain('0 of 1 APIs')
    isHeard = true
    await expect
      .poll(async () => (await world.run(revoke, passing)).stdout, { interval: 5, timeout: 20_000 })
      .toMatch(/The 1 API that follows the stream said that it knows\.\nAnd 1 other reader/u)
    await anybody?.cancel()
    source.close()
  })

  test.each<{ name: string; argv: string[]; exit: number; code: string }>([
    { name: 'nothing', argv: [], exit: 2, code: 'usage_invalid' },
    { name: 'two things', argv: ['urn:uuid:0', '--agent', 'did:key:z6Mk'], exit: 2, code: 'usage_invalid' },
    {
      name: 'a time without waiting',
      argv: ['urn:uuid:0', '--seconds', '1'],
      exit: 2,
      code: 'usage_invalid',
    },
    { name: 'waiting by an agent', argv: ['urn:uuid:0', '--wait'], exit: 2, code: 'usage_invalid' },
    {
      name: 'waiting for no time',
      argv: ['urn:uuid:0', '--as-operator', '--wait', '--seconds', '0'],
      exit: 2,
      code: 'usage_invalid',
    },
    { name: 'a run of nothing', argv: ['urn:uuid:0', '--run', '1'], exit: 2, code: 'usage_invalid' },
    {
      name: 'a person and a workflow',
      argv: ['--principal', 'a', '--workflow', 'b'],
      exit: 2,
      code: 'usage_invalid',
    },
    { name: 'what is no agent', argv: ['--agent', 'alice'], exit: 1, code: 'input_invalid' },
  ])('of $name is refused', async ({ argv, exit, code }) => {
    const run = await world.run(['revoke', ...argv, '--json'])
    expect(run.exit).toBe(exit)
    expect(codeOf(run)).toBe(code)
  })
})

describe('behalf list and behalf wallet show', () => {
  test('show what the wallet holds and what it handed on', async () => {
    const id = await obtain(world, ...termsFor(world, '/listed'), '--depth', '1')
    const handed = await world.run(['delegate', '--to', world.issuer, '--parent', id, '--json'])
    expect(codeOf(handed)).toBe('chain_cycle')
    const run = await world.run(['list', '--json'])
    const { did, delegations } = documentOf(run) as { did: string; delegations: { id: string }[] }
    expect(did).toBe(world.agent)
    expect(delegations[0]).toMatchObject({ id, links: 1, authority: world.origin })
    const words = await world.run(['list'])
    expect(words.stdout).toContain(`Delegation ${id}`)
    expect(words.stdout).toContain('10 min left')
    expect((await world.run(['wallet', 'show'])).stdout).toContain(`Delegation ${id}`)
  })

  test('list says how to begin when there is nothing', async () => {
    await world.run(['wallet', 'create', 'fresh'])
    const run = await world.run(['list', '--wallet', 'fresh'])
    expect(run).toMatchObject({ exit: 0, stderr: '' })
    expect(run.stdout).toContain('behalf request')
  })

  test('list refuses a wallet that is not there', async () => {
    const run = await world.run(['list', '--wallet', 'absent', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('keystore_missing')
    expect(run.stderr).toContain('behalf wallet create')
  })
})

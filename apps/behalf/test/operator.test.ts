import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createEd25519Signer } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createStatusSource } from '@behalf/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandRun, codeOf, documentOf } from './support/test-io.ts'
import { ask, obtain, openWorld, termsFor, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

interface Listed {
  readonly pending: readonly { readonly id: string }[]
  readonly active: readonly { readonly id: string; readonly subject: string }[]
}

async function listOpen(): Promise<Listed> {
  return documentOf(await world.run(['list', '--as-operator', '--json'])) as unknown as Listed
}

async function collected(request: string): Promise<unknown> {
  const run = await world.run(['request', '--resume', request, '--no-wait', '--json'])
  return documentOf(run).delegation ?? codeOf(run)
}

describe('behalf approve', () => {
  test('shows what is asked and asks the person at the terminal', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'), '--name', 'Triage bot')
    const run = await world.run(['approve', id], { typed: ['y'] })
    expect(run.exit).toBe(0)
    expect(run.stderr).toContain(`GET, POST on /issues/** at ${world.api.origin}`)
    expect(run.stderr).toContain('its own name     "Triage bot"')
    expect(run.stderr).toContain(world.agent)
    expect(run.stderr).toContain('approve? [y/N]')
    expect(run.stdout).toContain('Approved.')
    expect(run.stdout).toMatch(/behalf revoke urn:uuid:\S+ --as-operator/)
  })

  test('of what takes two people says who has to approve it, and where', async () => {
    const id = await ask(world, ...termsFor(world, '/payments/**'))
    const run = await world.run(['approve', id, '--yes'])
    expect(run.exit).not.toBe(0)
    expect(run.stderr).toContain('this request takes two people, each with a passkey of their own')
    expect(run.stderr).toContain(
      `let its principal open ${world.origin}/approve/${id}, then another approver`,
    )
    const json = await world.run(['approve', id, '--yes', '--json'])
    expect(codeOf(json)).toBe('forbidden')
    await world.run(['deny', id, '--yes'])
  })

  test.each(['n', '', 'yess', 'maybe'])('takes %j for a no, and the request stays open', async (typed) => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['approve', id], { typed: [typed] })
    expect(run.exit).toBe(1)
    expect(run.stderr).toContain('(access_denied)')
    expect(await collected(id)).toBe('authorization_pending')
    await world.run(['deny', id])
  })

  test('takes the end of the input for a no', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['approve', id], { typed: ['\u0004'], endOfInput: true })
    expect(run.exit).toBe(1)
    expect(await collected(id)).toBe('authorization_pending')
    await world.run(['deny', id])
  })

  test('without a terminal and without --yes is wrong usage, and nothing is approved', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['approve', id])
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain('--yes')
    expect(await collected(id)).toBe('authorization_pending')
    await world.run(['deny', id])
  })

  test('with --yes asks nobody, still shows what is asked, and answers with the request', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['approve', id, '--yes', '--json'])
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({ id, status: 'approved', delegation_id: expect.any(String) })
    expect(run.stderr).toContain('wants to')
    expect(run.stderr).not.toContain('[y/N]')
  })

  test('grants less when told so, and says what', async () => {
    const id = await ask(
      world,
      ...termsFor(world, '/issues/**'),
      '--minutes',
      '10',
      '--uses',
      '9',
      '--depth',
      '2',
    )
    const allow = `GET ${world.api.origin}/issues/7`
    const narrow = ['--minutes', '2', '--uses', '3', '--depth', '1', '--allow', allow]
    const run = await world.run(['approve', id, '--yes', ...narrow])
    expect(run.exit).toBe(0)
    expect(run.stderr).toContain('You grant only')
    expect(run.stderr).toContain('for 2 min')
    expect(run.stderr).toContain('at most 3 uses')
    expect(run.stderr).toContain('handed on at most 1 times')
    const until = new Date(world.now() + 120_000).toISOString().replace('.000Z', 'Z')
    expect(await collected(id)).toMatchObject({
      capabilities: [{ actions: ['GET'], paths: ['/issues/7'] }],
      max_uses: 3,
      max_delegation_depth: 1,
      valid_until: until,
    })
  })

  test('does not grant more than was asked', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const allow = `GET ${world.api.origin}/users/**`
    const run = await world.run(['approve', id, '--yes', '--allow', allow, '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('input_invalid')
    expect(await collected(id)).toBe('authorization_pending')
    await world.run(['deny', id])
  })

  test('decides once', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    await world.run(['approve', id, '--yes'])
    const again = await world.run(['approve', id], { typed: ['y'] })
    expect(again.exit).toBe(1)
    expect(again.stderr).toContain('(approval_consumed)')
    expect(again.stderr).not.toContain('approve? [y/N]')
  })

  test('approves the version that was shown, and no other', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['approve', id, '--yes', '--json'], {
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (init?.method !== 'GET') return response
        const shown = (await response.json()) as object
        return Response.json({ ...shown, version: 7 })
      },
    })
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('approval_mismatch')
    await world.run(['deny', id])
  })

  test('is for operators: an agent cannot approve what it asked for', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const operator = join(world.home, 'wallets', 'default.age')
    const run = await world.run(['approve', id, '--yes', '--operator', operator, '--json'])
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({
      error: {
        code: 'not_found',
        message: 'the authority refused: there is no such thing, or it is not yours',
        request_id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      },
    })
    expect(await collected(id)).toBe('authorization_pending')
    await world.run(['deny', id])
  })

  test.each([
    ['an id nobody has', 'urn:uuid:00000000-0000-4000-8000-000000000000', 'not_found'],
    ['an id that is a path', '../status/heartbeat', 'input_invalid'],
  ])('refuses %s', async (_name, id, code) => {
    const run = await world.run(['approve', id, '--yes', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe(code)
  })

  test('without an operator wallet says where to get it', async () => {
    const run = await world.run(['approve', 'x', '--yes', '--operator', 'absent.age', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('keystore_missing')
    expect(run.stderr).toContain('behalf serve makes it')
  })
})

describe('behalf deny', () => {
  test('refuses for good, with the reason', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['deny', id, '--reason', 'not during the freeze', '--json'])
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({ id, status: 'refused', reason: 'not during the freeze' })
    expect(await collected(id)).toBe('access_denied')
  })

  test('cannot take an approval back', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    await world.run(['approve', id, '--yes'])
    const run = await world.run(['deny', id, '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('approval_consumed')
  })
})

describe('behalf enrol', () => {
  test('lets an agent have what was enrolled without asking, and nothing more', async () => {
    const allow = `GET ${world.api.origin}/reports/**`
    const terms = ['--for', 'alice', '--allow', allow, '--max-minutes', '5', '--depth', '1']
    const enrolled = await world.run(['enrol', world.helper, ...terms, '--json'])
    expect(enrolled.exit).toBe(0)
    expect(documentOf(enrolled)).toMatchObject({ agent: world.helper, max_seconds: 300 })
    const request = [
      'request',
      '--wallet',
      'helper',
      '--for',
      'alice',
      '--purpose',
      'p',
      '--minutes',
      '5',
      '--json',
    ]

    const within = await world.run([...request, '--allow', allow])
    expect(within.exit).toBe(0)
    expect(documentOf(within)).toMatchObject({ delegation: { approval: { method: 'enrolment' } } })
    expect(within.stderr).not.toContain('/approve/')

    const beyond = await world.run([...request, '--allow', `POST ${world.api.origin}/reports/1`, '--no-wait'])
    expect(documentOf(beyond)).toMatchObject({ status: 'pending' })
  })

  test.each<{ name: string; argv: string[]; code: string; exit: number }>([
    { name: 'what is no agent', argv: ['alice'], code: 'input_invalid', exit: 1 },
    {
      name: 'a misspelled did:key',
      argv: ['did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP'],
      code: 'input_invalid',
      exit: 1,
    },
  ])('refuses $name', async ({ argv, code, exit }) => {
    const rest = ['--for', 'alice', '--allow', 'GET https://a.example/x', '--max-minutes', '5', '--json']
    const run = await world.run(['enrol', ...argv, ...rest])
    expect(run.exit).toBe(exit)
    expect(codeOf(run)).toBe(code)
  })

  test('needs the longest time', async () => {
    const run = await world.run([
      'enrol',
      world.helper,
      '--for',
      'alice',
      '--allow',
      'GET https://a.example/x',
    ])
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain('--max-minutes is missing')
  })
})

describe('behalf list --as-operator', () => {
  test('lists requests that wait, and active delegations', async () => {
    const waiting = await ask(world, ...termsFor(world, '/issues/7'), '--name', 'Invoice bot')
    const active = await obtain(world, ...termsFor(world, '/issues/**'))
    const listed = await listOpen()
    expect(listed.pending.map(({ id }) => id)).toContain(waiting)
    expect(listed.active.find(({ id }) => id === active)).toMatchObject({ subject: world.agent })

    const words = await world.run(['list', '--as-operator'])
    expect(words.stdout).toContain(`Request ${waiting}`)
    expect(words.stdout).toContain(active)

    await world.run(['deny', waiting])
    await world.run(['revoke', active, '--as-operator'])
    const after = await listOpen()
    expect(after.pending.map(({ id }) => id)).not.toContain(waiting)
    expect(after.active.map(({ id }) => id)).not.toContain(active)
  })

  test.each([
    { argv: ['list', '--as-operator', '--wallet', 'helper'], says: 'act as one of them' },
    { argv: ['list', '--operator', 'x.age', '--wallet-file', 'y.age'], says: 'act as one of them' },
    { argv: ['revoke', 'urn:uuid:0', '--as-operator', '--wallet', 'helper'], says: 'act as one of them' },
    { argv: ['revoke', '--agent', 'did:key:z6Mk', '--wallet', 'helper'], says: 'act as one of them' },
    { argv: ['list', '--authority', 'https://a.example'], says: 'add --as-operator' },
  ])('mixed with the words of an agent is wrong usage: $argv', async ({ argv, says }) => {
    const run = await world.run(argv)
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain(says)
  })

  test('is refused to a wallet that is no operator', async () => {
    const operator = join(world.home, 'wallets', 'default.age')
    const run = await world.run(['list', '--operator', operator, '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('forbidden')
  })
})

function isRoute(input: string | URL | Request, path: string): boolean {
  return new URL(input instanceof Request ? input.url : input).pathname === path
}

describe('behalf status', () => {
  test('says that the authority is well, without a wallet', async () => {
    const run = await world.run(['status', '--json'], {
      env: { BEHALF_PASSPHRASE: undefined, BEHALF_HOME: '/nowhere' },
    })
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({
      origin: world.origin,
      issuer: world.issuer,
      healthy: true,
      ready: true,
      heartbeat: { age_seconds: 0, epoch: 1, revoked_keys: 0 },
    })
    expect(run.stderr).toContain('is up and ready')
  })

  test('counts for the operator', async () => {
    const request = await ask(world, ...termsFor(world, '/issues/**'))
    const { pending, active } = await listOpen()
    const run = await world.run(['status', '--as-operator', '--json'])
    expect(documentOf(run)).toMatchObject({
      counts: { pending_requests: pending.length, active_delegations: active.length },
    })
    expect(run.stderr).toContain(`Requests open    ${pending.length}`)
    await world.run(['deny', request])
  })

  test('fails when the heartbeat is older than APIs accept', async () => {
    const later = world.now() + 31_000
    const run = await world.run(['status', '--json'], { clock: () => later })
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('status_stale')
    expect(documentOf(run)).toMatchObject({ heartbeat: { age_seconds: 31 } })
  })

  test('fails when the authority says it is not ready', async () => {
    const run = await world.run(['status', '--json'], {
      fetch: (input, init) =>
        isRoute(input, '/ready') ? Promise.resolve(new Response('', { status: 503 })) : fetch(input, init),
    })
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('status_unavailable')
  })

  test('fails when the heartbeat is not signed by the issuer', async () => {
    const run = await world.run(['status', '--json'], {
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        if (!isRoute(input, '/status/heartbeat')) return response
        const [header = '', payload = ''] = (await response.text()).split('.')
        const forged = `${header}.${payload}.${'A'.repeat(86)}`
        return new Response(forged, { headers: { 'Content-Type': 'application/jwt' } })
      },
    })
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('status_invalid')
  })

  test('fails when nothing answers, and when what answers is not an authority', async () => {
    const silent = await world.run(['status', '--authority', 'http://127.0.0.1:1', '--json'])
    expect(codeOf(silent)).toBe('authority_unreachable')
    const other = await world.run(['status', '--authority', world.api.origin, '--json'])
    expect(codeOf(other)).toBe('authority_unreachable')
  })

  test('fails when the authority says it lives elsewhere', async () => {
    const elsewhere = world.origin.replace('127.0.0.1', 'localhost')
    const run = await world.run(['status', '--authority', elsewhere, '--json'])
    expect(run.exit).toBe(1)
    expect(['authority_response_invalid', 'authority_unreachable']).toContain(codeOf(run))
  })
})

test('capabilities with constraints come from a file', async () => {
  const capability = {
    type: 'http',
    locations: [world.api.origin],
    actions: ['POST'],
    paths: ['/issues/*/comments'],
    constraints: { body: { text: { maxLength: 5 } } },
  }
  await writeFile(join(world.home, 'c.json'), JSON.stringify([capability]))
  const id = await ask(world, '--for', 'alice', '--purpose', 'p', '--capabilities', 'c.json')
  const run = await world.run(['approve', id], { typed: ['y'] })
  expect(run.stderr).toContain('only with body {"text":{"maxLength":5}}')
  expect(await collected(id)).toMatchObject({ capabilities: [capability] })
})

describe('behalf suspend and resume', () => {
  test('let a delegation rest, which its API refuses meanwhile, and go on', async () => {
    const id = await obtain(world, ...termsFor(world, '/issues/**'))
    const call = ['call', 'GET', `${world.api.origin}/issues/7`, '--delegation', id, '--json']
    expect((await world.run(call)).exit).toBe(0)
    const suspended = await world.run(['suspend', id, '--reason', 'odd', '--wait'])
    expect(suspended.exit).toBe(0)
    expect(suspended.stdout).toContain(`Suspended. ${id}`)
    expect(suspended.stdout).toContain(`rests until: behalf resume ${id}`)
    expect(suspended.stdout).toContain('No registered API follows the stream')
    expect(codeOf(await world.run(call))).toBe('credential_suspended')
    const resumed = documentOf(await world.run(['resume', id, '--wait', '--json']))
    expect(resumed).toMatchObject({ delegation: id, suspended: false, connected: 0, confirmed: 0, apis: [] })
    expect((await world.run(call)).exit).toBe(0)
  })

  test('that wait fail when an API does not say that it knows, and are done all the same', async () => {
    const id = await obtain(world, ...termsFor(world, '/issues/**'))
    const signer = createEd25519Signer(new Uint8Array(32).fill(68))
    const did = encodeDidKey(signer.publicKey)
    await world.run(['api', 'add', did, '--origin', 'https://wiki.example'])
    const source = createStatusSource({
      issuers: [{ did: world.issuer, url: `${world.origin}/status/heartbeat` }],
      stream: true,
      signer,
      clock: world.now,
      fetch: async (url, init) =>
        url.endsWith('/status/confirmations') ? Response.error() : fetch(url, init),
    })
    await source.ready()
    let passed = 0
    const passing = {
      clock: () => world.now() + passed,
      wait: async (milliseconds: number) => {
        passed += milliseconds
      },
    }
    const suspend = (): Promise<CommandRun> =>
      world.run(['suspend', id, '--wait', '--seconds', '1', '--json'], passing)
    await expect.poll(async () => codeOf(await suspend()), { interval: 5 }).toBe('confirmation_missing')
    const run = await suspend()
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({ delegation: id, suspended: true, connected: 1, confirmed: 0 })
    expect(run.stderr).toContain('it is suspended, and 0 of 1 APIs')
    expect(run.stderr).toContain('No word from https://wiki.example.')
    source.close()
    expect((await world.run(['resume', id])).stdout).toContain(`Resumed. ${id}`)
  })

  test('say how long to wait only where they wait', async () => {
    const run = await world.run(['suspend', 'urn:uuid:1', '--seconds', '3', '--json'])
    expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
  })
})

describe('behalf token-keys', () => {
  const keysOf = async (): Promise<readonly { kid: string; state: string }[]> => {
    const { keys } = documentOf(await world.run(['token-keys', 'list', '--json']))
    return keys as { kid: string; state: string }[]
  }

  test('rotates with an overlap: the next key signs, and the last one is published on', async () => {
    const [first, second] = await keysOf()
    expect([first?.state, second?.state]).toEqual(['signing', 'next'])
    await world.advance(300)
    const run = await world.run(['token-keys', 'rotate'])
    expect(run.exit).toBe(0)
    expect(run.stdout).toContain('The next key signs from now on.')
    expect(run.stdout).toContain(`${second?.kid}  signs the access tokens`)
    expect(run.stdout).toMatch(new RegExp(`^${first?.kid}  signs no more, published until 20`, 'mu'))
    expect(run.stdout).toMatch(/ {2}signs next, published since 20/u)
    expect((await keysOf()).map(({ kid, state }) => (kid === first?.kid ? state : kid)).slice(0, 2)).toEqual([
      second?.kid,
      'retired',
    ])
    const { keys } = (await (await fetch(`${world.origin}/.well-known/jwks.json`)).json()) as {
      keys: { kid: string }[]
    }
    expect(keys.map(({ kid }) => kid)).toEqual((await keysOf()).map(({ kid }) => kid))
  })

  test('does not rotate to a key that not everybody has, and says from when on it does', async () => {
    const before = await keysOf()
    const run = await world.run(['token-keys', 'rotate', '--json'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'rate_limited'])
    const { rotatable_at: from } = documentOf(run)
    expect(Date.parse(String(from))).toBe(world.now() + 300_000)
    expect(run.stdout).toContain(`rotate again after ${String(from)}`)
    expect(await keysOf()).toEqual(before)
  })

  test('is for operators', async () => {
    const operator = join(world.home, 'wallets', 'default.age')
    for (const name of ['list', 'rotate']) {
      const run = await world.run(['token-keys', name, '--operator', operator, '--json'])
      expect(codeOf(run)).toBe('forbidden')
    }
  })
})

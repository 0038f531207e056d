import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBehalf } from '../src/run.ts'
import { type CommandRun, codeOf, createTestIo, documentOf, type TestIoOptions } from './support/test-io.ts'
import { ask, openWorld, termsFor, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

interface Waiting {
  /** Resolves with the id once the command waits for a decision. */
  readonly pending: Promise<string>
  readonly done: Promise<CommandRun>
}

/** Starts a request that waits, and says when it does. */
function startWaiting(argv: readonly string[], options: TestIoOptions = {}): Waiting {
  const env = {
    BEHALF_HOME: world.home,
    BEHALF_PASSPHRASE: 'correct horse battery staple',
    BEHALF_AUTHORITY: world.origin,
  }
  const { io, stdout, stderr } = createTestIo({ env, clock: world.now, ...options })
  const { promise: pending, resolve } = Promise.withResolvers<string>()
  if (io.stderr instanceof PassThrough) {
    io.stderr.on('data', () => {
      const id = /Request {2}(\S+)/.exec(stderr())?.[1]
      if (id !== undefined && stderr().includes('Waiting for the decision')) resolve(id)
    })
  }
  const done = runBehalf(argv, io).then((exit) => ({ exit, stdout: stdout(), stderr: stderr() }))
  return { pending, done }
}

describe('behalf request', () => {
  test('says where to approve, waits, and keeps the delegation once it is approved', async () => {
    const { pending, done } = startWaiting([
      'request',
      ...termsFor(world, '/issues/**'),
      '--minutes',
      '5',
      '--json',
    ])
    const id = await pending
    expect((await world.run(['approve', id, '--yes'])).exit).toBe(0)
    const run = await done
    expect(run.exit).toBe(0)
    expect(run.stderr).toContain(`Approve  ${world.origin}/approve/${id}`)
    expect(documentOf(run)).toMatchObject({
      status: 'approved',
      delegation: {
        issuer: world.issuer,
        subject: world.agent,
        on_behalf_of: { id: 'alice' },
        capabilities: [{ actions: ['GET', 'POST'], locations: [world.api.origin], paths: ['/issues/**'] }],
        purpose: 'triage',
        authority: world.origin,
      },
    })
  })

  test('sends everything it was told', async () => {
    const principal = ['--role', 'editor', '--tenant', 'acme']
    const bounds = ['--uses', '3', '--depth', '2', '--minutes', '7']
    const story = ['--workflow', 'w', '--run', 'r', '--name', 'Triage bot']
    const id = await ask(world, ...termsFor(world, '/a'), ...principal, ...bounds, ...story)
    const listed = documentOf(await world.run(['list', '--as-operator', '--json'])) as {
      pending: { id: string }[]
    }
    expect(listed.pending.find((request) => request.id === id)).toMatchObject({
      agent: world.agent,
      agent_name: 'Triage bot',
      on_behalf_of: { id: 'alice', role: 'editor', tenant: 'acme' },
      valid_for_seconds: 420,
      max_uses: 3,
      max_delegation_depth: 2,
      purpose: 'triage',
      workflow: { id: 'w', run: 'r' },
    })
    await world.run(['deny', id])
  })

  test('is told that a person refused', async () => {
    const { pending, done } = startWaiting(['request', ...termsFor(world, '/issues/**'), '--json'])
    await world.run(['deny', await pending, '--reason', 'not now'])
    const run = await done
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('access_denied')
    expect(documentOf(run)).toMatchObject({ error: { reason: 'not now' } })
    expect(run.stderr).toContain('  the reason they gave: "not now"\n')
  })

  test('resumed is told that a person refused, too', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    await world.run(['deny', id, '--reason', 'not now'])
    const run = await world.run(['request', '--resume', id])
    expect(run.exit).toBe(1)
    expect(run.stderr).toContain('  the reason they gave: "not now"\n')
  })

  test.each([['--no-wait'], ['--wait']])('is told that the policy refused: %s', async (flag) => {
    const run = await world.run(['request', ...termsFor(world, '/admin/users'), flag, '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('access_denied')
    expect(documentOf(run)).toMatchObject({ error: { reason: 'never' } })
  })

  test('interrupted leaves the request open and says how to go on', async () => {
    const controller = new AbortController()
    const { pending, done } = startWaiting(['request', ...termsFor(world, '/issues/**'), '--json'], {
      interruption: controller.signal,
    })
    const id = await pending
    controller.abort()
    const run = await done
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({
      request: id,
      status: 'pending',
      error: {
        code: 'authorization_pending',
        next: `go on with: behalf request --resume ${id} --authority ${world.origin}`,
      },
    })
    expect((await world.run(['approve', id, '--yes'])).exit).toBe(0)
    expect((await world.run(['request', '--resume', id])).exit).toBe(0)
  })

  test('interrupted before anything was asked says that there is nothing to go on with', async () => {
    const run = await world.run(['request', ...termsFor(world, '/issues/**'), '--json'], {
      interruption: AbortSignal.abort(),
    })
    expect(run.exit).toBe(1)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'authorization_pending', next: 'run the command again' },
    })
  })
})

describe('behalf request --no-wait and --resume', () => {
  test('ask now and collect later', async () => {
    const run = await world.run(['request', ...termsFor(world, '/issues/**'), '--no-wait'])
    expect(run.exit).toBe(0)
    const id = /Request {2}(\S+)/.exec(run.stdout)?.[1] ?? ''
    expect(run.stdout).toContain(`behalf request --resume ${id} --authority ${world.origin}`)

    const early = await world.run(['request', '--resume', id, '--no-wait', '--json'])
    expect(early.exit).toBe(1)
    expect(codeOf(early)).toBe('authorization_pending')

    await world.run(['approve', id, '--yes'])
    const late = await world.run(['request', '--resume', id, '--no-wait', '--json'])
    expect(late.exit).toBe(0)
    expect(documentOf(late)).toMatchObject({ status: 'approved', delegation: { subject: world.agent } })
  })

  test('resumed it waits, ever slower when it is told to', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const waited: number[] = []
    const run = await world.run(['request', '--resume', id, '--json'], {
      wait: async (milliseconds) => {
        waited.push(milliseconds)
        if (waited.length === 3) await world.run(['approve', id, '--yes'])
      },
    })
    expect(run.exit).toBe(0)
    expect(waited).toEqual([5000, 10_000, 15_000])
  })

  test('resumed it keeps nothing that is wider than what was asked', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    await world.run(['approve', id, '--yes'])
    const listed = documentOf(await world.run(['list', '--json'])).delegations
    const run = await world.run(['request', '--resume', id, '--json'], {
      fetch: async (input, init) => {
        const answer = await fetch(input, init)
        if (!answer.url.endsWith(id)) return answer
        const asked = (await answer.json()) as Record<string, unknown>
        return Response.json({ ...asked, valid_for_seconds: 1 })
      },
    })
    expect(codeOf(run)).toBe('attenuation_violation')
    expect(documentOf(await world.run(['list', '--json'])).delegations).toEqual(listed)
  })

  test('resumed and interrupted it stays open', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const controller = new AbortController()
    const run = await world.run(['request', '--resume', id, '--json'], {
      interruption: controller.signal,
      wait: async (_milliseconds, signal) => {
        controller.abort()
        signal?.throwIfAborted()
      },
    })
    expect(codeOf(run)).toBe('authorization_pending')
    expect(documentOf(run)).toMatchObject({ request: id })
    await world.run(['deny', id])
  })

  test("another agent's request is not found", async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    const run = await world.run(['request', '--resume', id, '--wallet', 'helper', '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('not_found')
    expect(documentOf(run)).toMatchObject({ error: { request_id: expect.stringMatching(/^[0-9A-Z]{26}$/) } })
    await world.run(['deny', id])
  })

  test('a request that nobody decided in time has expired', async () => {
    const id = await ask(world, ...termsFor(world, '/issues/**'))
    await world.advance(3600)
    const run = await world.run(['request', '--resume', id, '--json'])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('approval_expired')
    expect(codeOf(await world.run(['approve', id, '--yes', '--json']))).toBe('approval_expired')
  })
})

describe('behalf request is wrong usage', () => {
  const allow = ['--allow', 'GET https://a.example/x']

  test.each<{ name: string; argv: string[]; says: string }>([
    { name: 'without a principal', argv: [...allow, '--purpose', 'p'], says: '--for is missing' },
    { name: 'without a purpose', argv: [...allow, '--for', 'alice'], says: '--purpose is missing' },
    {
      name: 'without anything allowed',
      argv: ['--for', 'alice', '--purpose', 'p'],
      says: 'nothing is allowed yet',
    },
    { name: 'with --wait and --no-wait', argv: ['--wait', '--no-wait'], says: 'contradict each other' },
    {
      name: 'with a run of no workflow',
      argv: [...allow, '--for', 'alice', '--purpose', 'p', '--run', 'r'],
      says: 'give --workflow as well',
    },
    {
      name: 'with new terms for an old request',
      argv: ['--resume', 'x', '--minutes', '5'],
      says: '--minutes cannot',
    },
    { name: 'with new rights for an old request', argv: ['--resume', 'x', ...allow], says: '--allow cannot' },
  ])('$name', async ({ argv, says }) => {
    const run = await world.run(['request', ...argv])
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain(says)
  })
})

test('a request to an authority that does not answer fails', async () => {
  const run = await world.run([
    'request',
    ...termsFor(world, '/x'),
    '--authority',
    'http://127.0.0.1:1',
    '--json',
  ])
  expect(run.exit).toBe(1)
  expect(codeOf(run)).toBe('authority_unreachable')
})

test('a request whose text the authority does not take fails', async () => {
  const run = await world.run([
    'request',
    ...termsFor(world, '/x'),
    '--name',
    'a\u202eb',
    '--no-wait',
    '--json',
  ])
  expect(run.exit).toBe(1)
  expect(codeOf(run)).toBe('input_invalid')
})

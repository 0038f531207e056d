import { expect } from 'vitest'
import { documentOf } from '../../../apps/behalf/test/support/test-io.ts'
import { ask, openWorld, termsFor, type World } from '../../../apps/behalf/test/support/world.ts'
import { createSoftwarePerson } from '../../../apps/demo/src/person/software-person.ts'

interface Step {
  readonly type: string
  readonly unproven: readonly string[]
  readonly record: { readonly passkey?: string }
}

const nothing = (): void => undefined
const SILENT = { step: nothing, say: nothing, outcome: nothing, plain: nothing }
/** Whose approval is by a program says so: no person is proven by it. */
const BY_A_PROGRAM = /^that a person approved: software-passkey/u

/**
 * Every hit that an API answered leads back, through the chain, to the passkey that approved, and one that never was is
 * said to be unknown. The passkey is a program's, which the trace says.
 */
export async function traceEveryHit(): Promise<void> {
  const world = await openWorld('localhost')
  try {
    const { settle } = await world.report()
    await obtainByPasskey(world)
    const hits = [
      await call(world, '/issues/1'),
      await call(world, '/issues/2', '--context', 'tool=search'),
      await call(world, '/beyond'),
    ]
    await settle()
    expect(new Set(hits).size).toBe(3)
    for (const hit of hits) await follow(world, hit)
    const unknown = await world.run(['trace', `${hits[0]}x`])
    expect([unknown.exit, unknown.stderr.includes('not_found')]).toEqual([1, true])
  } finally {
    await world.close()
  }
}

async function follow(world: World, hit: string): Promise<void> {
  const run = await world.run(['trace', hit, '--json'])
  expect([hit, run.exit]).toEqual([hit, 0])
  const { steps } = documentOf(run) as unknown as { steps: readonly Step[] }
  const types = steps.map(({ type }) => type)
  expect(types).toEqual(expect.arrayContaining(['requested', 'approved', 'issued']))
  expect(types.filter((type) => /^request_(?:accepted|refused)$/u.test(type))).toHaveLength(1)
  const approved = steps.find(({ type }) => type === 'approved')
  expect(approved?.record.passkey).toMatch(/^[\w-]{16,}$/u)
  const unproven = steps.flatMap((step) => step.unproven)
  expect(unproven.filter((what) => !BY_A_PROGRAM.test(what))).toEqual([])
}

async function obtainByPasskey(world: World): Promise<void> {
  const { claimUrl } = world.authority
  if (claimUrl === undefined) throw new Error('somebody has claimed this authority')
  const person = createSoftwarePerson(SILENT, world.origin, claimUrl)
  await person.claim()
  const id = await ask(world, ...termsFor(world, '/issues/**'))
  await person.decide({ id, approvalUrl: `${world.origin}/approve/${id}` }, Promise.resolve())
  await world.run(['request', '--resume', id, '--no-wait'])
}

async function call(world: World, path: string, ...more: readonly string[]): Promise<string> {
  const run = await world.run(['call', 'GET', `${world.api.origin}${path}`, ...more, '--json'])
  const { request_id: id } = documentOf(run)
  if (typeof id !== 'string') throw new Error(`no request id: ${run.stdout}${run.stderr}`)
  return id
}

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behalf, documentOf } from './support/test-io.ts'
import { openWorld, type World } from './support/world.ts'

let world: World
let enrolment: string
let delegation: string

beforeAll(async () => {
  world = await openWorld()
  const allow = ['--for', 'alice', '--allow', `GET ${world.api.origin}/reports/**`]
  const enrolled = await world.run([
    'enrol',
    world.agent,
    ...allow,
    '--max-minutes',
    '5',
    '--depth',
    '1',
    '--json',
  ])
  enrolment = String(documentOf(enrolled)['id'])
  const asked = await world.run(['request', ...allow, '--purpose', 'p', '--minutes', '5', '--json'])
  const { delegation: held } = documentOf(asked) as { delegation?: { id?: string } }
  delegation = held?.id ?? ''
  expect([enrolment, delegation]).toEqual([
    expect.stringMatching(/^urn:uuid:/u),
    expect.stringMatching(/^urn:uuid:/u),
  ])
}, 60_000)
afterAll(() => world.close())

describe('behalf trace of what nobody was asked about', () => {
  test.each(['delegation', 'enrolment'] as const)(
    'tells of the %s who had let the agent have what',
    async (which) => {
      const id = which === 'delegation' ? delegation : enrolment
      const { stdout, exit } = await world.run(['trace', id])
      expect(exit).toBe(0)
      const said = [
        `let ${world.agent} have delegations unasked, on behalf of alice`,
        `enrolment ${enrolment}`,
        'each for at most 5 min',
        'handing on: 1 more',
        'until it is withdrawn',
        `  GET on /reports/** at ${world.api.origin}`,
        'NOT proven: that a person let it: nobody signed its bounds',
        'Nobody was asked',
        `may have this by the enrolment ${enrolment}`,
        `as the enrolment ${enrolment} allows: entry `,
        'that it is within what entry ',
      ]
      expect(said.map((part) => stdout.indexOf(part))).not.toContain(-1)
    },
  )

  test('tells of an enrolment who withdrew it', async () => {
    await world.run(['revoke', '--principal', 'alice'])
    const { stdout } = await world.run(['trace', enrolment])
    expect(stdout).toMatch(/withdrew what did:key:\S+ had unasked/u)
  })

  test('is told the same offline', async () => {
    const file = join(world.home, 'enrolment.json')
    const told = await world.run(['trace', enrolment, '--bundle', file, '--json'])
    const run = await behalf(['verify-bundle', file, '--key', world.issuer, '--json'])
    expect(run.exit).toBe(0)
    expect(documentOf(run)['steps']).toEqual(documentOf(told)['steps'])
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createEd25519Signer } from '@behalf/core'
import { parseDelegation, verifyHeartbeat, verifyStatusList } from '@behalf/credential'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  ASKED,
  createParty,
  freePort,
  type Party,
  READ_ISSUES,
  seedOf,
  type TestClock,
  temporaryFolder,
  whenDone,
} from './support/authority-world.ts'

const WALL_CLOCK: TestClock = Object.assign(() => Date.now(), { advance: () => {} })
const ISSUER = createEd25519Signer(seedOf('authority')).publicKey

interface Running {
  readonly process: ChildProcess
  /** The first line that the process prints. */
  readonly line: string
}

interface Site {
  readonly origin: string
  readonly start: () => Promise<Running>
  readonly operator: Party
  readonly agent: Party
}

/** Files and an address for authorities that come and go. */
async function createSite(): Promise<Site> {
  const databasePath = join(temporaryFolder(), 'authority.db')
  // Made a minute ago, so that signed calls are accepted at once.
  openVerifierDatabase(`${databasePath}.nonces`, { clock: () => Date.now() - 60_000 }).close()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  return {
    origin,
    start: () => startProcess([databasePath, String(port)]),
    operator: createParty('operator', origin, WALL_CLOCK),
    agent: createParty('agent', origin, WALL_CLOCK),
  }
}

async function startProcess(args: readonly string[]): Promise<Running> {
  const script = join(import.meta.dirname, 'support', 'authority-process.ts')
  const options = ['--conditions=behalf-source', '--disable-warning=ExperimentalWarning', script, ...args]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  whenDone(() => kill(child))
  const { promise, resolve } = Promise.withResolvers<string>()
  let output = ''
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString()
    const [line, rest] = output.split('\n')
    if (rest !== undefined) resolve(line ?? '')
  })
  child.on('exit', () => resolve(output))
  return { process: child, line: await promise }
}

/** Ends a process the hard way and waits until it is gone. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** The indices that a verifier takes for revoked, and the numbers of what it read. */
async function readPublished(
  origin: string,
  issuer: string,
): Promise<{
  sequence: number
  version: number
  isRevoked: (index: string) => boolean
}> {
  const reading = { issuer, issuers: () => ISSUER, now: Date.now() }
  const heartbeat = verifyHeartbeat(await (await fetch(`${origin}/status/heartbeat`)).text(), reading)
  const id = `${origin}/status/lists/1`
  const list = verifyStatusList(await (await fetch(id)).text(), { ...reading, id })
  expect(heartbeat.lists[0]).toMatchObject({ id, version: list.version, digest: list.digest })
  const { sequence } = heartbeat
  return { sequence, version: list.version, isRevoked: (index) => list.isSet(Number(index)) }
}

// Each test starts several processes, which takes its time on a busy machine.
describe('an authority that is killed', { timeout: 120_000 }, () => {
  test('has kept everything it answered for', async () => {
    const site = await createSite()
    const first = await site.start()
    expect(first.line).toBe('listening')
    const terms = { agent: site.agent.did, onBehalfOf: ALICE, capabilities: READ_ISSUES, maxSeconds: 600 }
    const enrolment = await site.operator.client.enrol(terms)
    const { id } = await site.agent.client.createRequest(ASKED)
    await kill(first.process)
    await site.start()
    const { delegation } = await site.agent.client.collect(id)
    await expect(site.operator.client.listEnrolments()).resolves.toMatchObject([{ id: enrolment.id }])
    const types = (await site.operator.client.listEvents()).map(({ type }) => type)
    expect(types).toEqual([
      'key_logged',
      'operator_created',
      'policy_loaded',
      'enrolled',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'collected',
    ])
    expect(parseDelegation(delegation).subject).toBe(site.agent.did)
  })

  test('has lost no revocation that it acknowledged, however often it dies in the middle', async () => {
    const site = await createSite()
    let running = await site.start()
    const terms = { agent: site.agent.did, onBehalfOf: ALICE, capabilities: READ_ISSUES, maxSeconds: 600 }
    await site.operator.client.enrol(terms)
    const acknowledged: string[] = []
    const given = new Set<string>()
    let last = { sequence: 0, version: 0 }
    for (let round = 0; round < 3; round += 1) {
      const delegations = await obtainMany(site, 5)
      for (const { status } of delegations) {
        expect(given.has(status.statusListIndex)).toBe(false)
        given.add(status.statusListIndex)
      }
      const revocations = delegations.map(async ({ id, status }) => {
        const { sequence } = await site.operator.client.revoke({ delegation: id })
        acknowledged.push(status.statusListIndex)
        expect(sequence).toBeGreaterThan(last.sequence)
      })
      // The process dies as soon as one of them is acknowledged: the others are anywhere.
      await Promise.race(revocations)
      await kill(running.process)
      await Promise.allSettled(revocations)
      running = await site.start()
      const published = await readPublished(site.origin, delegations[0]?.issuer ?? '')
      expect(published.sequence).toBeGreaterThan(last.sequence)
      expect(published.version).toBeGreaterThanOrEqual(last.version)
      expect(acknowledged.filter((index) => !published.isRevoked(index))).toEqual([])
      last = published
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(3)
  })

  test('keeps a second one from its database as long as it lives', async () => {
    const site = await createSite()
    const first = await site.start()
    const second = await site.start()
    expect([first.line, second.line]).toEqual(['listening', 'database_in_use'])
    await kill(first.process)
    expect((await site.start()).line).toBe('listening')
  })
})

async function obtainMany(site: Site, count: number): Promise<readonly ReturnType<typeof parseDelegation>[]> {
  const delegations = []
  for (let at = 0; at < count; at += 1) {
    const { id, status } = await site.agent.client.createRequest(ASKED)
    expect(status).toBe('approved')
    delegations.push(parseDelegation((await site.agent.client.collect(id)).delegation))
  }
  return delegations
}

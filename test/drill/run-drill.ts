import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runConfined } from '../../apps/behalf/test/support/confined.ts'
import { type CommandRun, documentOf } from '../../apps/behalf/test/support/test-io.ts'
import { ask, openWorld, termsFor, type World } from '../../apps/behalf/test/support/world.ts'
import { createSoftwarePerson } from '../../apps/demo/src/person/software-person.ts'

/** One step of the drill, as docs/incident.md has it. */
export interface DrillStep {
  readonly step: string
  /** On the clock. */
  readonly seconds: number
}

interface Incident {
  readonly world: World
  /** Of the odd line. */
  readonly requestId: string
  readonly delegation: string
  /** `DID=FILE` of somebody who watched the log. */
  readonly witness: string
  /** Every decision is in the log. */
  readonly settle: () => Promise<void>
}

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'behalf', 'src', 'main.ts')
const nothing = (): void => undefined
const SILENT = { step: nothing, say: nothing, outcome: nothing, plain: nothing }

/**
 * Runs the drill of docs/incident.md against a real authority and a real API: from the id of one request to the person
 * who approved, the kill and a file that proves it to somebody who trusts nobody here.
 *
 * @throws Error for a step that did not do what the page says
 */
export async function runDrill(): Promise<readonly DrillStep[]> {
  const world = await openWorld('localhost')
  try {
    const incident = await prepare(world)
    const steps: DrillStep[] = []
    for (const [step, run] of STEPS) {
      const startedAt = performance.now()
      await run(incident)
      steps.push({ step, seconds: (performance.now() - startedAt) / 1000 })
    }
    return steps
  } finally {
    await world.close()
  }
}

const STEPS: readonly (readonly [string, (incident: Incident) => Promise<void>])[] = [
  [
    'who was it: behalf trace ID',
    async ({ world, requestId }) => {
      const { stdout } = await world.run(['trace', requestId, '--issuer', world.issuer])
      expectAll(stdout, [
        requestId,
        'asked to act on behalf of alice',
        'saw and signed this at',
        'with the passkey',
      ])
    },
  ],
  [
    'stop it: behalf revoke',
    async ({ world, delegation }) => {
      const why = ['--as-operator', '--reason', 'an odd line in the log']
      expectDone(await world.run(['revoke', delegation, ...why]))
    },
  ],
  [
    'the next request is refused',
    async ({ world, settle }) => {
      const { code } = await call(world)
      if (code !== 'credential_revoked') throw new Error(`it was not refused: ${code}`)
      await settle()
    },
  ],
  [
    'keep it: behalf trace ID --bundle incident.json',
    async ({ world, requestId, witness }) => {
      const file = join(world.home, 'incident.json')
      const run = await world.run(['trace', requestId, '--bundle', file, '--witness', witness])
      expectDone(run)
      expectAll(run.stdout, [
        'its first effect',
        'was refused (credential_revoked)',
        'seen there by did:key:',
      ])
    },
  ],
  [
    'check it elsewhere: behalf verify-bundle, no network, an empty home',
    async ({ world, witness }) => {
      const file = join(world.home, 'incident.json')
      const [did = ''] = witness.split('=')
      const argv = [MAIN, 'verify-bundle', file, '--key', world.issuer, '--witness', did]
      const run = await runConfined(argv, [file])
      expectDone(run)
      expectAll(run.stdout, ['saw and signed this at', 'the signature of the agent'])
    },
  ],
]

async function prepare(world: World): Promise<Incident> {
  const { settle } = await world.report()
  const delegation = await obtainByPasskey(world)
  const { request_id: requestId = '' } = await call(world)
  await settle()
  const watched = documentOf(await world.run(['witness', '--once', '--json']))
  const folder = join(world.home, 'witness')
  const kept = (await readdir(folder)).find((name) => name.endsWith('.checkpoint')) ?? ''
  const { witness } = watched as { readonly witness?: string }
  return { world, requestId, delegation, witness: `${witness ?? ''}=${join(folder, kept)}`, settle }
}

/** The passkey is a program's, which evidence and story say. */
async function obtainByPasskey(world: World): Promise<string> {
  const { claimUrl } = world.authority
  if (claimUrl === undefined) throw new Error('somebody has claimed this authority')
  const person = createSoftwarePerson(SILENT, world.origin, claimUrl)
  await person.claim()
  const id = await ask(world, ...termsFor(world, '/issues/**'))
  await person.decide({ id, approvalUrl: `${world.origin}/approve/${id}` }, Promise.resolve())
  const run = await world.run(['request', '--resume', id, '--no-wait', '--json'])
  const { delegation } = documentOf(run) as { readonly delegation?: { readonly id?: string } }
  return delegation?.id ?? ''
}

async function call(world: World): Promise<{ readonly request_id?: string; readonly code?: string }> {
  const { stdout } = await world.run(['call', 'GET', `${world.api.origin}/issues/7`, '--json'])
  const answer = JSON.parse(stdout) as { request_id?: string; error?: { code?: string } }
  return { ...answer, ...(answer.error?.code !== undefined && { code: answer.error.code }) }
}

function expectDone({ exit, stderr }: CommandRun): void {
  if (exit !== 0) throw new Error(`it failed: ${stderr}`)
}

function expectAll(text: string, parts: readonly string[]): void {
  const missing = parts.find((part) => !text.includes(part))
  if (missing !== undefined) throw new Error(`it does not say ${JSON.stringify(missing)}: ${text}`)
}

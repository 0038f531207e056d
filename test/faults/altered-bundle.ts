import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isProven, parseTraceBundle, type VerifiedTrace, verifyTrace } from '@behalf/authority/trace'
import { BehalfError, decodeUtf8, encodeUtf8 } from '@behalf/core'
import { documentOf } from '../../apps/behalf/test/support/test-io.ts'
import { obtain, openWorld, termsFor, type World } from '../../apps/behalf/test/support/world.ts'
import { check, checkEqual, type Experiment } from './experiment.ts'

/** Each did:key. */
interface TraceKeys {
  readonly authority: string
  readonly witnesses: readonly string[]
}

/** A prime, so that places of every kind are looked at. */
const SHORT_STEP = 397
const TOLD_EVERY = 2000

/** The file that tells of an incident, changed at one place after the other. */
export const alteredBundle: Experiment = {
  name: 'altered-bundle',
  about: 'one byte after the other of a trace bundle is another one',
  run: async (size, progress) => {
    const world = await openWorld()
    try {
      const { text, keys } = await makeBundle(world)
      const { entries } = await verifyText(text, keys)
      const ways = entries.flatMap(({ request }) => (isProven(request) ? [request.by] : []))
      checkEqual(ways.join(), 'signature,token', 'both ways to prove a request are in the bundle')
      return await alterAll(encodeUtf8(text), { keys, step: size === 'long' ? 1 : SHORT_STEP, progress })
    } finally {
      await world.close()
    }
  },
}

async function alterAll(
  bytes: Uint8Array,
  { keys, step, progress }: { keys: TraceKeys; step: number; progress: (text: string) => void },
): Promise<string> {
  let looked = 0
  for (let place = 0; place < bytes.length; place += step) {
    const changed = bytes.slice()
    // Another bit each time.
    changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8))
    const error = await refusalOf(changed, keys)
    check(
      error instanceof BehalfError,
      `byte ${place} was changed and the bundle was not refused with a code`,
    )
    looked += 1
    if (looked % TOLD_EVERY === 0) progress(`${looked} changes refused`)
  }
  return `${looked} of ${bytes.length} bytes changed, every one refused`
}

async function refusalOf(bytes: Uint8Array, keys: TraceKeys): Promise<unknown> {
  try {
    return await verifyText(decodeUtf8(bytes), keys)
  } catch (error) {
    return error
  }
}

async function verifyText(text: string, keys: TraceKeys): Promise<VerifiedTrace> {
  return verifyTrace(parseTraceBundle(text), keys.authority, keys.witnesses)
}

/** A bundle about a delegation with which a request was signed and another one sent with a token; a witness saw it. */
async function makeBundle(world: World): Promise<{ readonly text: string; readonly keys: TraceKeys }> {
  const { settle } = await world.report()
  const id = await obtain(world, ...termsFor(world, '/issues/**'))
  await read(world, ['call', 'GET', `${world.api.origin}/issues/1`])
  const agent = await world.openWallet('default')
  await agent.tokenFetch(`${world.api.origin}/issues/2`)
  await settle()
  const { witness = '', file } = await read(world, ['witness', '--once'])
  const path = join(world.home, 'incident.json')
  await world.run(['trace', id, '--bundle', path, '--witness', `${witness}=${file}`])
  return {
    text: await readFile(path, 'utf8'),
    keys: { authority: world.issuer, witnesses: [witness] },
  }
}

async function read(world: World, argv: readonly string[]): Promise<Record<string, string | undefined>> {
  return documentOf(await world.run([...argv, '--json'])) as Record<string, string | undefined>
}

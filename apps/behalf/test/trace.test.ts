import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditRecord, parseAuditRecord, saltedDigest } from '@behalf/audit-log'
import {
  isProven,
  parseTraceBundle,
  proveRequest,
  serializeTraceBundle,
  type TraceBundle,
  verifyTrace,
} from '@behalf/authority/trace'
import {
  BehalfError,
  canonicalizeJson,
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
} from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { decodeDidKey } from '@behalf/did'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { behalf, type CommandRun, codeOf, documentOf } from './support/test-io.ts'
import { obtain, openWorld, type World } from './support/world.ts'

const PURPOSE = 'read the \u0456ssues'

interface Step {
  readonly index: number
  readonly type: string
  readonly details: readonly string[]
  readonly unproven: readonly string[]
}

let world: World
let root: string
let child: string
/** Ids of requests: of the agent, of its helper, and of the helper after the revocation. */
let own: string
let helped: string
let refused: string
let file: string
let bundle: TraceBundle
let text: string

beforeAll(async () => {
  world = await openWorld()
  const { settle } = await world.report()
  root = await obtain(
    world,
    '--for',
    'alice',
    '--purpose',
    PURPOSE,
    ...allowing('/issues/**'),
    '--depth',
    '1',
    '--workflow',
    'triage',
    '--run',
    'monday',
  )
  own = await call('/issues/1', '--context', 'tool=search')
  child = await handOn('/issues/7')
  helped = await call('/issues/7', '--wallet', 'helper')
  await settle()
  await world.run(['revoke', root, '--as-operator', '--reason', 'it is \u043ever'])
  refused = await call('/issues/7', '--wallet', 'helper')
  await settle()
  file = join(world.home, 'incident.json')
  const run = await world.run(['trace', helped, '--bundle', file])
  expect([run.exit, run.stderr]).toEqual([0, ''])
  text = await readFile(file, 'utf8')
  bundle = parseTraceBundle(text)
}, 60_000)
afterAll(() => world.close())

/** Sends a request; says its id. */
async function call(path: string, ...more: readonly string[]): Promise<string> {
  const run = await world.run(['call', 'GET', `${world.api.origin}${path}`, ...more, '--json'])
  const { request_id: id } = documentOf(run)
  if (typeof id !== 'string') throw new Error(`no request id: ${run.stdout}${run.stderr}`)
  return id
}

/** Hands a part on to the helper; says the id of the new delegation. */
async function handOn(path: string): Promise<string> {
  const out = join(world.home, 'handed-on.json')
  const allow = ['--allow', `GET ${world.api.origin}${path}`, '--uses', '3']
  await world.run(['delegate', '--to', world.helper, ...allow, '--out', out])
  await world.run(['receive', out, '--wallet', 'helper'])
  const { chain } = JSON.parse(await readFile(out, 'utf8')) as { chain: readonly string[] }
  return parseDelegation(chain[1] ?? '').id
}

/** The story as it is told to machines. */
async function trace(id: string): Promise<readonly Step[]> {
  const run = await world.run(['trace', id, '--json'])
  expect([id, run.exit]).toEqual([id, 0])
  return (documentOf(run) as unknown as { steps: readonly Step[] }).steps
}

function typesOf(steps: readonly Step[]): readonly string[] {
  return steps.map(({ type }) => type)
}

const BEFORE = [
  'key_logged',
  'policy_loaded',
  'requested',
  'policy_decided',
  'approved',
  'issued',
  'collected',
]

describe('behalf trace', () => {
  test('tells the story of a request in order, each line with its proof', async () => {
    expect(typesOf(await trace(helped))).toEqual([
      ...BEFORE,
      'sub_delegated',
      'request_accepted',
      'delegation_revoked',
      'request_refused',
    ])
    const { stdout } = await world.run(['trace', helped])
    const said = [
      `asked to act on behalf of alice`,
      `why, in its own words: "${PURPOSE}"`,
      'careful: this text mixes letters of alphabets that look alike',
      'The policy tests said: one person has to be asked',
      '@id("ask")',
      'It acts on behalf of "alice".',
      'NOT proven: that a person approved: operator is no person',
      'GET, POST on /issues/**',
      'only this was handed on',
      'uses: at most 3 (above: no limit)',
      'Agent-Context as signed: run="monday"',
      'the signature of the agent; the chain of 2 behind it',
      `its first effect: request ${refused} was refused (credential_revoked)`,
    ]
    expect(said.map((part) => stdout.indexOf(part))).toEqual(
      said.map((part) => stdout.indexOf(part)).toSorted((one, other) => one - other),
    )
    for (const part of said) expect(stdout).toContain(part)
    expect(stdout.match(/^ {2}proven: in the log as entry \d+/gmu)).toHaveLength(11)
  })

  test('of one request is silent about others made with the delegation', async () => {
    const stories = await Promise.all(
      [own, helped, refused].map(async (id) => (await world.run(['trace', id])).stdout),
    )
    const others = [own, helped, refused].map((id) => stories.map((story) => story.includes(id)))
    // The refusal is the effect of the revocation.
    expect(others).toEqual([
      [true, false, false],
      [false, true, false],
      [true, true, true],
    ])
  })

  test('finds a delegation, an agent, a run and a request for a delegation', async () => {
    const asked = (await trace(root)).find(({ type }) => type === 'requested') as unknown as {
      record: { request: string }
    }
    for (const id of [root, world.agent, 'monday']) {
      const types = typesOf(await trace(id))
      expect([id, types]).toEqual([
        id,
        expect.arrayContaining([...BEFORE, 'request_accepted', 'delegation_revoked']),
      ])
    }
    expect(typesOf(await trace(child))).toContain('sub_delegated')
    expect(typesOf(await trace(world.helper))).toContain('request_refused')
    expect(typesOf(await trace(asked.record.request))).toEqual([
      ...BEFORE,
      'delegation_revoked',
      'request_refused',
    ])
  })

  test('is not_found for what the log does not know', async () => {
    for (const id of ['01Q4', world.issuer, 'tuesday']) {
      const run = await world.run(['trace', id, '--json'])
      expect([run.exit, codeOf(run)]).toEqual([1, 'not_found'])
    }
  })

  test('tells nothing from the log of another authority than the one that was named', async () => {
    const run = await world.run(['trace', helped, '--issuer', world.helper, '--json'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'audit_proof_invalid'])
    const named = await world.run(['trace', helped, '--issuer', world.issuer])
    expect([named.exit, named.stdout.includes('name it with --issuer')]).toEqual([0, false])
  })

  test('writes no bundle over a file', async () => {
    const run = await world.run(['trace', helped, '--bundle', file, '--json'])
    expect([run.exit, codeOf(run), await readFile(file, 'utf8')]).toEqual([1, 'file_exists', text])
  })
})

describe('behalf verify-bundle', () => {
  /** With no home, no key, no network. */
  const verify = (content: string, key = world.issuer): Promise<CommandRun> =>
    behalf(['verify-bundle', '-', '--key', key, '--json'], {
      input: content,
      fetch: () => Promise.reject(new TypeError('no network')),
    })

  test('tells the same story offline, given nothing but the key', async () => {
    const run = await verify(text)
    expect(run.exit).toBe(0)
    const told = documentOf(await world.run(['trace', helped, '--json']))
    expect(documentOf(run)['steps']).toEqual(told['steps'])
  })

  test('wants the key, and the right one', async () => {
    expect((await behalf(['verify-bundle', '-'], { input: text })).exit).toBe(2)
    const other = await verify(text, world.helper)
    expect([other.exit, codeOf(other)]).toEqual([1, 'audit_proof_invalid'])
  })

  test('refuses whatever byte is changed', async () => {
    const bytes = encodeUtf8(text)
    for (const { place, change } of changes(bytes.length)) {
      const changed = bytes.slice()
      changed[place] = (changed[place] ?? 0) ^ change
      const error = await verifyBytes(changed).catch((cause: unknown) => cause)
      expect([place, change, error instanceof BehalfError]).toEqual([place, change, true])
    }
  }, 60_000)

  test('refuses what is whole, but not of this log or not of this story', async () => {
    const other = parseTraceBundle(text)
    const [first, second, ...rest] = other.entries
    const [delegation] = other.delegations
    if (!first || !second || !delegation) throw new Error('the bundle is too small')
    const signature = bundle.checkpoint.split('\n').at(-2)
    const wrong: readonly Partial<TraceBundle>[] = [
      { about: 'request:01Q4' },
      { about: `agent:${root}` },
      { entries: [second, first, ...rest] },
      { entries: [first, first, second, ...rest] },
      { entries: other.entries.filter(({ record }) => !record.includes('"type":"issued"')) },
      { delegations: [delegation, delegation] },
      { policies: [...other.policies, { id: 'another' }] },
      { policies: [...other.policies, ...other.policies] },
      { checkpoint: `${bundle.checkpoint}${signature?.replace(world.issuer, 'somebody')}\n` },
    ]
    for (const changes of wrong) {
      const run = await verify(serializeTraceBundle({ ...bundle, ...changes }))
      expect([Object.keys(changes), run.exit, codeOf(run)]).toEqual([
        Object.keys(changes),
        1,
        'audit_proof_invalid',
      ])
    }
  })

  test('refuses another spelling of the same', async () => {
    for (const spelled of [text.trimEnd(), ` ${text}`, text.replace('{', '{"more":1,'), '{}', '']) {
      expect([spelled.slice(0, 9), (await verify(spelled)).exit]).toEqual([spelled.slice(0, 9), 1])
    }
  })

  test('says what it cannot prove, where something is not kept any more', async () => {
    const entries = bundle.entries.map(({ index, record, proof }) => ({ index, record, proof }))
    const run = await verify(serializeTraceBundle({ ...bundle, entries, delegations: [], policies: [] }))
    expect(run.exit).toBe(0)
    const unproven = (documentOf(run) as unknown as { steps: readonly Step[] }).steps.flatMap(
      (step) => step.unproven,
    )
    expect(unproven.map((line) => line.split(':')[0])).toEqual([
      expect.stringContaining('the text of the policy'),
      'the delegation itself, and how it was approved, are not kept',
      'what was handed on',
      'the request itself',
      'the request itself',
    ])
  })
})

describe('the evidence of a request', () => {
  test('shows the request only where the record says the same', async () => {
    const { entries } = await verifyTrace(bundle, world.issuer)
    const place = entries.findIndex(({ record }) => record.type === 'request_accepted')
    const { record } = entries[place] ?? {}
    const { evidence } = bundle.entries[place] ?? {}
    if (!record || !evidence) throw new Error('there is no such request')
    const key = decodeDidKey(world.issuer)
    const prove = (told: AuditRecord): boolean => isProven(proveRequest(told, evidence, () => key))
    expect(prove(record)).toBe(true)
    expect(isProven(proveRequest(record, evidence, () => undefined))).toBe(false)
    const lies: readonly Partial<AuditRecord>[] = [
      { method: 'PUT' },
      { path: '/issues/8' },
      { audience: 'https://elsewhere.test' },
      { subject: world.agent },
      { delegations: [root] },
      { time: new Date(world.now() + 3_600_000).toISOString() },
    ]
    expect(lies.map((lie) => prove({ ...record, ...lie } as AuditRecord))).toEqual(lies.map(() => false))
    expect(() => prove({ ...record, digest: 'sha-256:other' })).toThrow(
      expect.objectContaining({ code: 'audit_proof_invalid' }),
    )
  })

  test('signed under another delegation of the same agent shows nothing', async () => {
    const second = await obtain(world, '--for', 'alice', '--purpose', 'more', ...allowing('/issues/2'))
    const [about, instead] = await Promise.all([own, second].map(writeBundle))
    const [credential] = instead?.delegations.map((delegation) => delegation.credential) ?? []
    const entry = about?.entries.find(({ evidence }) => evidence !== undefined)
    if (!entry?.evidence || credential === undefined) throw new Error('there is no such request')
    const value = JSON.parse(entry.evidence.text) as JsonObject
    const { salt } = entry.evidence
    const forged = { salt, text: canonicalizeJson({ ...value, credentials: [credential] }) }
    const digest = saltedDigest(decodeBase64url(salt), forged.text)
    const record = { ...parseAuditRecord(encodeUtf8(entry.record)), delegations: [second], digest }
    const key = decodeDidKey(world.issuer)
    expect(proveRequest(record, forged, () => key)).toMatchObject({
      code: 'audit_proof_invalid',
      reason: expect.stringContaining('it names another delegation'),
    })
  })

  test('whose signature is another shows nothing', async () => {
    const { entries } = await verifyTrace(bundle, world.issuer)
    const place = entries.findIndex(({ record }) => record.type === 'request_accepted')
    const { evidence } = bundle.entries[place] ?? {}
    const { record } = entries[place] ?? {}
    if (!record || !evidence) throw new Error('there is no such request')
    const key = decodeDidKey(world.issuer)
    const value = JSON.parse(evidence.text) as Record<string, unknown>
    const forgeries = [
      { ...value, signature: encodeBase64url(new Uint8Array(64)) },
      { ...value, signature_base: `${String(value['signature_base'])} ` },
      { ...value, credentials: [] },
      { ...value, credentials: 7 },
    ]
    for (const forgery of forgeries) {
      const forged = { salt: evidence.salt, text: canonicalizeJson(forgery as JsonObject) }
      const digest = saltedDigest(decodeBase64url(forged.salt), forged.text)
      expect(isProven(proveRequest({ ...record, digest }, forged, () => key))).toBe(false)
    }
  })
})

function allowing(path: string): readonly string[] {
  return ['--allow', `GET,POST ${world.api.origin}${path}`]
}

async function writeBundle(id: string): Promise<TraceBundle> {
  const path = join(world.home, `${id}.json`)
  await world.run(['trace', id, '--bundle', path])
  return parseTraceBundle(await readFile(path, 'utf8'))
}

async function verifyBytes(bytes: Uint8Array): Promise<unknown> {
  return await verifyTrace(parseTraceBundle(decodeUtf8(bytes)), world.issuer)
}

const SAMPLES = 400

/** Places all over the file, and what changes there; always the same. */
function changes(length: number): readonly { readonly place: number; readonly change: number }[] {
  let state = 0x2545f491
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return Array.from({ length: SAMPLES }, () => ({
    place: next(length),
    change: 1 + next(255),
  }))
}

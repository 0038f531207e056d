import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditRecord, parseAuditRecord, saltedDigest } from '@behalf/audit-log'
import { openAuthorityKeys } from '@behalf/authority'
import {
  isProven,
  type KnownStatements,
  parseTraceBundle,
  proofOf,
  proveRequest,
  serializeTraceBundle,
  type TraceBundle,
  textOf,
  toStatusLists,
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
import { parseDelegation, signDelegation } from '@behalf/credential'
import { decodeDidKey } from '@behalf/did'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeTrace } from '../src/trace/describe-trace.ts'
import { runConfined } from './support/confined.ts'
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
/** DID of a witness that saw the log before the revocation, and the file in which it says so. */
let witness: string
let seen: string
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
  ;({ witness, file: seen } = documentOf(await world.run(['witness', '--once', '--json'])) as {
    witness: string
    file: string
  })
  await world.run(['revoke', root, '--as-operator', '--reason', 'it is \u043ever'])
  refused = await call('/issues/7', '--wallet', 'helper')
  await settle()
  file = join(world.home, 'incident.json')
  const run = await world.run(['trace', helped, '--bundle', file, '--witness', `${witness}=${seen}`])
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

  test('tells the workflows apart whose runs have one name, and tells of one alone', async () => {
    const terms = ['--for', 'alice', '--purpose', 'ship', ...allowing('/ships')]
    await obtain(world, ...terms, '--workflow', 'deploy', '--run', 'monday')
    const [both, own] = await Promise.all(
      ['monday', 'triage/monday'].map(async (id) => (await world.run(['trace', id])).stdout),
    )
    expect(both).toContain('workflow "deploy", run "monday"')
    expect(both).toContain('ask about one of them: triage/monday, deploy/monday')
    expect(own).toContain('workflow "triage", run "monday"')
    expect(own).not.toContain('deploy')
    expect((await world.run(['trace', 'triage/monday', '--json'])).stdout).not.toContain('deploy')
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

  test('asks a witness at its address, and says so when it does not answer', async () => {
    const place = 'https://witness.test/authority.checkpoint'
    const checkpoint = await readFile(seen, 'utf8')
    const answering =
      (answer: () => Response): typeof globalThis.fetch =>
      async (url, init) =>
        url === place ? answer() : await fetch(url, init)
    const ask = (answer: () => Response): Promise<CommandRun> =>
      world.run(['trace', helped, '--witness', `${witness}=${place}`, '--json'], { fetch: answering(answer) })
    expect((await ask(() => new Response(checkpoint))).exit).toBe(0)
    expect(codeOf(await ask(() => new Response('', { status: 404 })))).toBe('not_found')
    expect(codeOf(await ask(() => new Response('a'.repeat(70_000))))).toBe('not_found')
    expect(codeOf(await ask(() => new Response(bundle.checkpoint)))).toBe('audit_proof_invalid')
    for (const spelled of [witness, `${witness}=`]) {
      expect(codeOf(await world.run(['trace', helped, '--witness', spelled, '--json']))).toBe('usage_invalid')
    }
  })

  test('looks at the place of a bundle before it asks for anything', async () => {
    const asked = ['trace', helped, '--bundle', join(file, '..', 'nowhere', 'new.json'), '--json']
    const run = await world.run([...asked, '--authority', 'http://127.0.0.1:9'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'folder_unwritable'])
    const empty = await world.run(['trace', '', '--json'])
    expect([empty.exit, codeOf(empty)]).toEqual([2, 'usage_invalid'])
  })

  test('writes no bundle over a file', async () => {
    const run = await world.run(['trace', helped, '--bundle', file, '--json'])
    expect([run.exit, codeOf(run), await readFile(file, 'utf8')]).toEqual([1, 'file_exists', text])
  })
})

describe('behalf verify-bundle', () => {
  /** With no home, no key, no network. */
  const verify = (
    content: string,
    { key = world.issuer, seenBy = [witness] }: { key?: string; seenBy?: readonly string[] } = {},
  ): Promise<CommandRun> =>
    behalf(['verify-bundle', '-', '--key', key, ...seenBy.flatMap((did) => ['--witness', did]), '--json'], {
      input: content,
      fetch: () => Promise.reject(new TypeError('no network')),
    })

  test('tells the same story offline, given nothing but the key', async () => {
    const run = await verify(text)
    expect(run.exit).toBe(0)
    const told = documentOf(await world.run(['trace', helped, '--witness', `${witness}=${seen}`, '--json']))
    expect(documentOf(run)['steps']).toEqual(told['steps'])
  })

  test('needs nothing else in a process without network, home and other files', async () => {
    const main = join(import.meta.dirname, '..', 'src', 'main.ts')
    const run = await runConfined(
      [main, 'verify-bundle', file, '--key', world.issuer, '--witness', witness, '--json'],
      [file],
    )
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toEqual(documentOf(await verify(text)))
    const attempts = `
      const refused = []
      await fetch(${JSON.stringify(`${world.origin}/health`)}).catch(() => refused.push('network'))
      const { readFile, writeFile } = await import('node:fs/promises')
      await readFile(${JSON.stringify(seen)}).catch(() => refused.push('file'))
      await writeFile('note', '').catch(() => refused.push('write'))
      console.log(refused.join())`
    const confined = await runConfined(['--input-type=module', '-e', attempts])
    expect([confined.stdout, confined.exit]).toEqual(['network,file,write\n', 0])
  }, 60_000)

  test('wants the key, and the right one', async () => {
    expect((await behalf(['verify-bundle', '-'], { input: text })).exit).toBe(2)
    const other = await verify(text, { key: world.helper })
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
      { lists: [...other.lists, ...other.lists] },
      { delegations: [{ ...delegation, credential: await signAgain(delegation.credential) }] },
      { lists: [...other.lists, delegation.credential] },
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

  test('wants to know everybody who signed, and that whoever is named did', async () => {
    const [tree] = bundle.witnesses
    if (!tree) throw new Error('nobody saw the log')
    const unwitnessed = serializeTraceBundle({ ...bundle, witnesses: [] })
    const runs = [
      await verify(text, { seenBy: [] }),
      await verify(text, { seenBy: [world.helper] }),
      await verify(text, { seenBy: [witness, world.helper] }),
      await verify(unwitnessed),
      await verify(serializeTraceBundle({ ...bundle, witnesses: [{ ...tree, proof: [] }] })),
      await verify(
        serializeTraceBundle({ ...bundle, witnesses: [{ ...tree, checkpoint: bundle.checkpoint }] }),
      ),
    ]
    expect(runs.map(codeOf)).toEqual(runs.map(() => 'audit_proof_invalid'))
    expect((await verify(unwitnessed, { seenBy: [] })).exit).toBe(0)
  })

  test('says of each line whether the witness saw it', async () => {
    const { witnesses, steps } = documentOf(await verify(text)) as unknown as {
      witnesses: readonly { witness: string; size: number }[]
      steps: readonly { index: number; proven: readonly string[] }[]
    }
    expect(witnesses).toEqual([expect.objectContaining({ witness })])
    const size = witnesses[0]?.size ?? 0
    const isSeen = steps.map(({ proven }) =>
      proven.some((line) => line.startsWith(`seen there by ${witness}`)),
    )
    expect(isSeen).toEqual(steps.map(({ index }) => index < size))
    expect(new Set(isSeen)).toEqual(new Set([true, false]))
  })

  test('refuses another spelling of the same', async () => {
    for (const spelled of [text.trimEnd(), ` ${text}`, text.replace('{', '{"more":1,'), '{}', '']) {
      expect([spelled.slice(0, 9), (await verify(spelled)).exit]).toEqual([spelled.slice(0, 9), 1])
    }
  })

  test('says where something else was handed on than its delegator had put on record', async () => {
    const verified = await verifyTrace(bundle, world.issuer, [witness])
    const entry = verified.entries.find(({ record }) => record.type === 'sub_delegated')
    if (!entry) throw new Error('nothing was handed on')
    expect(proofOf(entry, verified).unproven).toEqual([])
    const record = { ...entry.record, payload: 'sha-256:other' }
    expect(proofOf({ ...entry, record }, verified).unproven).toEqual([
      'that this was proposed: its delegator signed something else than was put on record',
    ])
  })

  test('proves the call of a tool as it does a request', async () => {
    const verified = await verifyTrace(bundle, world.issuer, [witness])
    const entry = verified.entries.find(({ record }) => record.type === 'request_accepted')
    if (!entry) throw new Error('nothing was accepted')
    const record = {
      ...entry.record,
      type: 'tool_called',
      call: { method: 'tools/call', tool: 'search' },
    } as const
    const [step] = describeTrace({ ...verified, entries: [{ ...entry, record }] })
    expect(step?.title).toContain('"search"')
    expect(step?.details).toContainEqual(expect.stringMatching(/^signed for /u))
    expect(step?.proven).toContain('the signature of the agent')
    expect(step?.unproven).toEqual([])
  })

  test('says what became of a request that was to be acted on, and where that should be known and is not', async () => {
    const verified = await verifyTrace(bundle, world.issuer, [witness])
    const entry = verified.entries.find(({ record }) => record.type === 'request_accepted')
    if (!entry) throw new Error('nothing was accepted')
    const awaiting = { ...entry, record: { ...entry.record, outcome: 'follows' } }
    const tell = (changes: object, later = 1): string | undefined => {
      const { outcome: _, ...told } = awaiting.record
      const other = { ...entry, index: entry.index + later, record: { ...told, ...changes } as AuditRecord }
      const [step] = describeTrace({ ...verified, entries: [awaiting, other] })
      return step?.details.find((line) => line.startsWith('outcome'))
    }
    const unknown = 'outcome unknown: recorded before the API acted, and nothing after that'
    const answered = { type: 'answered', status: 200 }
    const place = `entry ${entry.index + 1}`
    expect(tell(answered)).toBe(`outcome: answered with status 200, ${place}`)
    expect(tell({ ...answered, cut_off: true })).toBe(
      `outcome: answered with status 200, but cut off, ${place}`,
    )
    expect(tell({ type: 'answered', cut_off: true })).toBe(
      `outcome: the connection ended before anything was answered, ${place}`,
    )
    expect(tell({ type: 'answered' })).toBe(`outcome: the handler failed before it answered, ${place}`)
    const refused = { type: 'request_refused', code: 'audit_unavailable' }
    expect(tell(refused)).toBeUndefined()
    for (const other of [answered, refused]) {
      expect(tell(other, -1)).toBe(unknown)
      expect(tell({ ...other, request_id: 'another' })).toBe(unknown)
      expect(tell({ ...other, api: 'did:key:zAnother' })).toBe(unknown)
    }
    expect(tell({ type: 'delegation_revoked' })).toBe(unknown)
    const outcomes = (record: object): readonly string[] =>
      describeTrace({
        ...verified,
        entries: [{ ...entry, record: { ...entry.record, ...record } as AuditRecord }],
      })
        .flatMap(({ details }) => details)
        .filter((line) => line.startsWith('outcome'))
    expect(outcomes({ type: 'tool_called', outcome: 'follows' })).toEqual([unknown])
    expect(outcomes({ type: 'tool_called' })).toEqual([
      'outcome not reported: the API records what it decides, not what it answers',
    ])
    expect(outcomes(refused)).toEqual([])
  })

  test('says what it cannot prove, where something is not kept any more', async () => {
    const entries = bundle.entries.map(({ index, record, proof }) => ({ index, record, proof }))
    const run = await verify(
      serializeTraceBundle({ ...bundle, entries, delegations: [], policies: [], lists: [] }),
    )
    expect(run.exit).toBe(0)
    const { steps } = documentOf(run) as unknown as { steps: readonly Step[] }
    expect(steps.find(({ type }) => type === 'sub_delegated')?.details).toEqual(
      expect.arrayContaining([
        'its delegator said that it would be this',
        `  GET on /issues/7 at ${world.api.origin}`,
      ]),
    )
    const unproven = steps.flatMap((step) => step.unproven)
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
    const { entries } = await verifyTrace(bundle, world.issuer, [witness])
    const place = entries.findIndex(({ record }) => record.type === 'request_accepted')
    const { record } = entries[place] ?? {}
    const { evidence } = bundle.entries[place] ?? {}
    if (!record || !evidence) throw new Error('there is no such request')
    const prove = (told: AuditRecord): boolean => isProven(proveRequest(told, evidence, statements()))
    expect(prove(record)).toBe(true)
    expect(record).toMatchObject({
      issuer: world.issuer,
      policy: { id: 'tests', digest: expect.stringMatching(/^sha-256:/u) },
    })
    const called = {
      ...record,
      call: { method: 'tools/call' },
      audience: `${textOf(record.audience)}${textOf(record.path)}`,
    }
    expect([prove(called), prove({ ...called, audience: `${called.audience}/more` })]).toEqual([true, false])
    expect(isProven(proveRequest(record, evidence, { ...statements(), issuers: () => undefined }))).toBe(
      false,
    )
    const lies: readonly Partial<AuditRecord>[] = [
      { method: 'PUT' },
      { path: '/issues/8' },
      { audience: 'https://elsewhere.test' },
      { subject: world.agent },
      { delegations: [root] },
      { issuer: world.agent },
      { policy: { id: 'tests', digest: 'sha-256:another' } },
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
    expect(proveRequest(record, forged, statements())).toMatchObject({
      code: 'audit_proof_invalid',
      reason: expect.stringContaining('it names another delegation'),
    })
  })

  test('shows what was known of revocations when it was decided', async () => {
    const { entries } = await verifyTrace(bundle, world.issuer, [witness])
    const told = entries.flatMap(({ record, request }) =>
      isProven(request) ? [[record.type, request.status]] : [],
    )
    expect(told).toEqual([
      ['request_accepted', { sequence: expect.any(Number), time: expect.any(Number), revoked: undefined }],
      ['request_refused', { sequence: expect.any(Number), time: expect.any(Number), revoked: root }],
    ])
    expect(bundle.lists).toHaveLength(3)
    const place = entries.findIndex(({ record }) => record.type === 'request_accepted')
    const [accepted, refusal] = [place, entries.length - 1].map((at) => ({
      record: entries[at]?.record,
      evidence: bundle.entries[at]?.evidence,
    }))
    if (!accepted?.record || !accepted.evidence || !refusal?.record || !refusal.evidence)
      throw new Error('lost')
    const reasonOf = (told: AuditRecord, evidence: { salt: string; text: string }): unknown =>
      (proveRequest(told, evidence, statements()) as { reason?: string }).reason
    const wrong: readonly (readonly [AuditRecord, typeof accepted.evidence, string])[] = [
      [
        { ...refusal.record, type: 'request_accepted', code: 'ok' },
        refusal.evidence,
        'although it was revoked',
      ],
      [{ ...refusal.record, type: 'tool_called', code: 'ok' }, refusal.evidence, 'although it was revoked'],
      [
        { ...accepted.record, type: 'request_refused', code: 'key_revoked' },
        accepted.evidence,
        'nothing was revoked',
      ],
      [
        { ...accepted.record, time: new Date(Date.parse(accepted.record.time) - 20_000).toISOString() },
        accepted.evidence,
        'is newer',
      ],
    ]
    for (const [record, evidence, reason] of wrong) expect(reasonOf(record, evidence)).toContain(reason)
    const later = withoutHeartbeat(accepted.record, accepted.evidence, (text) => `${text.slice(0, -3)}AAA`)
    expect(proveRequest(later.record, later.evidence, statements())).toMatchObject({ code: 'status_invalid' })
    const none = withoutHeartbeat(accepted.record, accepted.evidence, () => undefined)
    expect(proveRequest(none.record, none.evidence, statements())).toMatchObject({ status: 'not reported' })
    const kept = { ...statements(), lists: new Map<string, string>() }
    expect(proveRequest(accepted.record, accepted.evidence, kept)).toMatchObject({ status: 'not kept' })
  })

  test('whose signature is another shows nothing', async () => {
    const { entries } = await verifyTrace(bundle, world.issuer, [witness])
    const place = entries.findIndex(({ record }) => record.type === 'request_accepted')
    const { evidence } = bundle.entries[place] ?? {}
    const { record } = entries[place] ?? {}
    if (!record || !evidence) throw new Error('there is no such request')
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
      expect(isProven(proveRequest({ ...record, digest }, forged, statements()))).toBe(false)
    }
  })
})

test('a suspension is told with its effect and its end', async () => {
  const { settle } = await world.report()
  const resting = await obtain(world, '--for', 'alice', '--purpose', 'rest', ...allowing('/issues/**'))
  const suspend = await world.run(['suspend', resting, '--reason', 'odd', '--json'])
  expect(documentOf(suspend)).toMatchObject({ delegation: resting, suspended: true })
  const call = ['call', 'GET', `${world.api.origin}/issues/1`, '--delegation', resting, '--json']
  expect(codeOf(await world.run(call))).toBe('credential_suspended')
  const resumed = await world.run(['resume', resting, '--reason', 'cleared'])
  expect(resumed.stdout).toContain(`Resumed. ${resting}`)
  expect((await world.run(call)).exit).toBe(0)
  await settle()
  expect(typesOf(await trace(resting))).toEqual([
    ...BEFORE,
    'suspended',
    'request_refused',
    'resumed',
    'request_accepted',
  ])
  const { stdout } = await world.run(['trace', resting])
  for (const line of [
    `suspended ${resting} and everything below it`,
    'was refused (credential_suspended)',
    `resumed ${resting}`,
    'because: "cleared"',
  ]) {
    expect(stdout).toContain(line)
  }
  await world.run(['revoke', resting, '--as-operator'])
  expect(codeOf(await world.run(['resume', resting, '--json']))).toBe('credential_revoked')
}, 60_000)

test('a request is told with all that was done under its root for the same call, and nothing of other roots', async () => {
  const { settle } = await world.report()
  const ask = ['--for', 'alice', '--purpose', 'call on', ...allowing('/issues/**')]
  const [one, other] = [await obtain(world, ...ask), await obtain(world, ...ask, '--minutes', '7')]
  const named = ['--context', 'call=the-one']
  const first = await call('/issues/1', '--delegation', one, ...named)
  const second = await call('/issues/2', '--delegation', one, ...named)
  const unnamed = await call('/issues/3', '--delegation', one)
  const foreign = await call('/issues/4', '--delegation', other, ...named)
  await settle()
  const told = await Promise.all(
    [first, unnamed, foreign].map(async (id) => (await world.run(['trace', id])).stdout),
  )
  const ids = [first, second, unnamed, foreign]
  expect(told.map((story) => ids.map((id) => story.includes(id)))).toEqual([
    [true, true, false, false],
    [false, false, true, false],
    [false, false, false, true],
  ])
}, 60_000)

function allowing(path: string): readonly string[] {
  return ['--allow', `GET,POST ${world.api.origin}${path}`]
}

async function writeBundle(id: string): Promise<TraceBundle> {
  const path = join(world.home, `${id}.json`)
  await world.run(['trace', id, '--bundle', path])
  return parseTraceBundle(await readFile(path, 'utf8'))
}

function statements(): KnownStatements {
  const key = decodeDidKey(world.issuer)
  const [issuers, lists] = [() => key, toStatusLists(bundle.lists)]
  return { authority: world.issuer, issuers, lists, exchanges: new Map() }
}

/** A delegation that says the same and that the authority signed, but not the one it put on record. */
async function signAgain(credential: string): Promise<string> {
  const { signer } = await openAuthorityKeys(join(world.home, 'authority'), 'correct horse battery staple')
  const [header = '', payload = ''] = credential
    .split('.')
    .slice(0, 2)
    .map((part) => decodeUtf8(decodeBase64url(part)))
  const { iat, ...claims } = JSON.parse(payload) as JsonObject & { iat: number }
  const { kid } = JSON.parse(header) as { kid: string }
  return signDelegation({ ...claims, iat: iat + 1 }, { signer, kid })
}

/** The same evidence with another heartbeat or none, and the record as the log would have it. */
function withoutHeartbeat(
  record: AuditRecord,
  { salt, text: told }: { salt: string; text: string },
  change: (jws: string) => string | undefined,
): { readonly record: AuditRecord; readonly evidence: { salt: string; text: string } } {
  const { heartbeat, ...value } = JSON.parse(told) as JsonObject & { heartbeat: string }
  const changed = change(heartbeat)
  const evidence = {
    salt,
    text: canonicalizeJson({ ...value, ...(changed !== undefined && { heartbeat: changed }) }),
  }
  return { record: { ...record, digest: saltedDigest(decodeBase64url(salt), evidence.text) }, evidence }
}

async function verifyBytes(bytes: Uint8Array): Promise<unknown> {
  return await verifyTrace(parseTraceBundle(decodeUtf8(bytes)), world.issuer, [witness])
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

import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, documentOf } from './support/test-io.ts'

const EXAMPLES = new URL('../../../docs/policies/', import.meta.url).pathname
const NAMES = readdirSync(EXAMPLES).filter((name) => name.endsWith('.cedar'))
const API = 'https://api.example'
const ERASE = { erase_all: `sha-256:${'A'.repeat(43)}` }

interface Asked {
  readonly policy: string
  readonly capabilities: readonly object[]
  readonly more?: Record<string, unknown>
  readonly argv?: readonly string[]
}

const http = (method: string, path: string, constraints?: object): object => ({
  type: 'http',
  locations: [API],
  actions: [method],
  paths: [path],
  ...(constraints && { constraints }),
})
const pay = (maximum: number): object => http('POST', '/payments', { body: { amount: { maximum } } })
const callTools = (tools: object): object => ({
  type: 'mcp',
  locations: ['https://mcp.example/mcp'],
  actions: ['tools/call'],
  tools,
})

async function decide({ policy, capabilities, more, argv = [] }: Asked): Promise<CommandRun> {
  const input = JSON.stringify({ on_behalf_of: { id: 'alice' }, capabilities, ...more })
  const path = join(EXAMPLES, `${policy}.cedar`)
  const noon = () => Date.UTC(2026, 10, 25, 12)
  return await behalf(['policy', 'test', '-', '--policy', path, '--json', ...argv], { input, clock: noon })
}

async function decisionOf(asked: Asked): Promise<unknown> {
  return documentOf(await decide(asked)).decision
}

const enrolled = ['--enrolled']

describe('the example policies', () => {
  test.each(NAMES)('%s holds', async (name) => {
    const run = await behalf(['policy', 'check', join(EXAMPLES, name)])
    expect(run).toMatchObject({ exit: 0, stderr: '' })
  })

  test.each<[string, object, readonly string[], string]>([
    ['reading', http('GET', '/**'), [], 'ask-one'],
    ['reading by an enrolled agent', http('GET', '/**'), enrolled, 'approve-enrolled'],
    ['writing', http('POST', '/issues'), enrolled, 'refuse'],
    ['searching with a tool', callTools({ search: ERASE.erase_all }), [], 'ask-one'],
    ['any other tool', callTools(ERASE), [], 'refuse'],
  ])('read-only: %s', async (_name, capability, argv, decision) => {
    expect(await decisionOf({ policy: 'read-only', capabilities: [capability], argv })).toBe(decision)
  })

  test.each<[string, object, string]>([
    ['100', pay(100), 'approve-enrolled'],
    ['a little more', pay(100.01), 'ask-one'],
    ['1,000', pay(1000), 'ask-one'],
    ['more', pay(1001), 'ask-two'],
    ['10,000', pay(10_000), 'ask-two'],
    ['still more', pay(10_001), 'refuse'],
    ['any amount', http('POST', '/payments'), 'refuse'],
    ['any amount behind a wider pattern', http('POST', '/**'), 'refuse'],
    ['reading payments', http('GET', '/payments/**'), 'approve-enrolled'],
    ['something else', http('POST', '/issues'), 'approve-enrolled'],
  ])('money: %s', async (_name, capability, decision) => {
    expect(await decisionOf({ policy: 'money', capabilities: [capability], argv: enrolled })).toBe(decision)
  })

  test.each<[string, string, string, readonly string[]]>([
    ['in the evening', 'GET', 'approve-enrolled', ['--at', '2026-11-25T21:59:59Z']],
    ['at night', 'GET', 'ask-one', ['--at', '2026-11-25T22:00:00Z']],
    ['changing at night', 'POST', 'refuse', ['--at', '2026-11-26T05:59:59Z']],
    ['in the morning', 'POST', 'approve-enrolled', ['--at', '2026-11-26T06:00:00Z']],
    [
      'when it is night in the zone',
      'POST',
      'refuse',
      ['--at', '2026-11-25T21:00:00Z', '--zone', 'Europe/Berlin'],
    ],
    ['on Sunday', 'POST', 'refuse', ['--at', '2026-11-29T12:00:00Z']],
  ])('night: %s', async (_name, method, decision, argv) => {
    const capabilities = [http(method, '/issues')]
    expect(await decisionOf({ policy: 'night', capabilities, argv: [...argv, ...enrolled] })).toBe(decision)
  })

  test.each<[string, object, string]>([
    ['an issue', http('POST', '/issues'), 'ask-one'],
    ['administration', http('GET', '/admin/users'), 'ask-two'],
    ['administration behind a wider pattern', http('GET', '/**'), 'ask-two'],
    ['roles', http('PUT', '/users/7/roles'), 'ask-two'],
    ['deletion', http('DELETE', '/issues/7'), 'ask-two'],
    ['a tool that erases', callTools(ERASE), 'ask-two'],
  ])('two-people: %s', async (_name, capability, decision) => {
    expect(await decisionOf({ policy: 'two-people', capabilities: [capability], argv: enrolled })).toBe(
      decision,
    )
  })
})

describe('a policy that asks where the agent runs', () => {
  const KUBERNETES = 'https://kubernetes.default.svc.cluster.local'
  const GITHUB = 'https://token.actions.githubusercontent.com'
  const as = (issuer: string, subject: string, ...claims: readonly string[]): readonly string[] => [
    ...enrolled,
    '--workload-issuer',
    issuer,
    '--workload-subject',
    subject,
    ...claims.flatMap((claim) => ['--workload-claim', claim]),
  ]
  const billing = 'system:serviceaccount:prod:billing'
  const pull = 'repo:acme/shop:pull_request'

  test.each<[string, string, readonly string[], string]>([
    ['nowhere known', 'POST', enrolled, 'ask-one'],
    ['in production', 'POST', as(KUBERNETES, billing, 'namespace=prod'), 'approve-enrolled'],
    ['in another namespace', 'POST', as(KUBERNETES, billing, 'namespace=test'), 'ask-one'],
    ['without the claim', 'POST', as(KUBERNETES, billing), 'ask-one'],
    ['by the word of somebody else', 'POST', as(GITHUB, billing, 'namespace=prod'), 'ask-one'],
    ['for a pull request', 'POST', as(GITHUB, pull), 'refuse'],
    ['for a pull request, reading', 'GET', as(GITHUB, pull), 'ask-one'],
  ])('workloads: %s', async (_name, method, argv, decision) => {
    const capabilities = [http(method, '/issues')]
    expect(await decisionOf({ policy: 'workloads', capabilities, argv })).toBe(decision)
  })

  const proven = {
    type: 'jwt',
    issuer: KUBERNETES,
    subject: billing,
    claims: { namespace: 'prod' },
    valid_until: '2026-11-25T12:10:00Z',
  }
  const asked = { policy: 'workloads', capabilities: [http('POST', '/issues')] }

  test('takes it from what an authority answers about a request, while that holds', async () => {
    const more = { agent_workload: proven }
    const run = await decide({ ...asked, more, argv: enrolled })
    const { valid_until: _, ...workload } = proven
    expect(documentOf(run)).toMatchObject({ decision: 'approve-enrolled', as: { workload } })
    const later = [...enrolled, '--at', '2026-11-25T12:10:00Z']
    expect(await decisionOf({ ...asked, more, argv: later })).toBe('ask-one')
    expect(await decisionOf({ ...asked, more, argv: as(GITHUB, pull) })).toBe('refuse')
  })

  test.each<[string, unknown, string]>([
    ['a text', 'prod', 'agent_workload must be an object'],
    ['an unknown type', { ...proven, type: 'saml' }, 'agent_workload.type must be jwt or x509'],
    ['no end', { ...proven, valid_until: undefined }, 'valid_until'],
    ['no issuer', { ...proven, issuer: undefined }, 'agent_workload has issuer'],
    ['a number for a claim', { ...proven, claims: { namespace: 7 } }, 'namespace must be a text'],
  ])('refuses as a workload %s', async (_name, agent_workload, words) => {
    const run = await decide({ ...asked, more: { agent_workload } })
    expect([run.exit, codeOf(run)]).toEqual([1, 'input_invalid'])
    expect(run.stderr).toContain(words)
  })

  test.each<[string, readonly string[]]>([
    ['an issuer alone', ['--workload-issuer', KUBERNETES]],
    ['a subject alone', ['--workload-subject', billing]],
    ['a claim alone', ['--workload-claim', 'namespace=prod']],
    ['a claim without a value', as(KUBERNETES, billing, 'namespace')],
    ['a claim without a name', as(KUBERNETES, billing, '=prod')],
  ])('takes no half of a workload: %s', async (_name, argv) => {
    const run = await decide({ ...asked, argv })
    expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
  })
})

describe('behalf policy check', () => {
  test('lists the rules and the digest', async () => {
    const run = await behalf([
      'policy',
      'check',
      join(EXAMPLES, 'money.cedar'),
      '--json',
      '--zone',
      'Europe/Berlin',
    ])
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({
      id: 'money',
      zone: 'Europe/Berlin',
      digest: expect.stringMatching(/^sha-256:/u),
      rules: expect.arrayContaining([
        expect.objectContaining({ id: 'nobody', effect: 'forbid', file: 'money.cedar', line: 19, column: 1 }),
      ]),
      patterns: ['/payments', '/payments/**'],
    })
    expect(run.stderr).toContain('forbid  nobody  (money.cedar:19)')
  })

  test('names file, line and column of what is wrong', async () => {
    const folder = await createFolder()
    await writeFile(
      join(folder, 'p.cedar'),
      '\n permit (principal, action, resource) when { context.second == 1 };',
    )
    const run = await behalf(['policy', 'check', 'p.cedar', '--json'], { cwd: folder })
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('policy_invalid')
    expect(documentOf(run)).toMatchObject({ position: { file: 'p.cedar', line: 2, column: 46 } })
    expect(run.stderr).toContain('p.cedar:2:46: ')
    expect(run.stderr).toContain('did you mean `seconds`')
  })

  test.each([
    ['a file that is not there', ['absent.cedar'], 1, 'policy_invalid'],
    ['a zone that is none', [join(EXAMPLES, 'night.cedar'), '--zone', 'Mars'], 1, 'policy_invalid'],
    ['two policies in one folder that name a rule alike', [EXAMPLES], 1, 'policy_invalid'],
    ['no file', [], 2, 'usage_invalid'],
  ])('refuses %s', async (_name, argv, exit, code) => {
    const run = await behalf(['policy', 'check', ...argv, '--json'])
    expect([run.exit, codeOf(run)]).toEqual([exit, code])
  })
})

describe('behalf policy test', () => {
  test('shows each part, what was decided and why', async () => {
    const run = await behalf([
      'policy',
      'test',
      join(EXAMPLES, 'request.json'),
      '--policy',
      join(EXAMPLES, 'money.cedar'),
    ])
    expect(run).toMatchObject({ exit: 0, stderr: '' })
    expect(run.stdout).toBe(`Two people are asked (ask-two), by the policy money
  by two-people: "Two people decide about more than 1,000"

  ask-one           GET https://bank.example/accounts/**
                    by all
  ask-two           POST https://bank.example/payments
                    by two-people: "Two people decide about more than 1,000"
`)
  })

  test('takes what an authority answers about a request, with its agent', async () => {
    const agent = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
    const more = {
      id: 'urn:uuid:1',
      version: 1,
      status: 'pending',
      agent,
      workflow: { id: 'w' },
      max_uses: 3,
    }
    const run = await decide({ policy: 'two-people', capabilities: [http('GET', '/x')], more })
    expect(documentOf(run)).toMatchObject({
      decision: 'ask-one',
      as: { agent, enrolled: false, time: '2026-11-25T12:00:00Z' },
      parts: [
        { type: 'http', location: API, action: 'GET', path: '/x', decision: 'ask-one', rules: ['all'] },
      ],
    })
  })

  test('without a policy is about the default one', async () => {
    const run = await behalf(['policy', 'test', join(EXAMPLES, 'request.json'), '--json'])
    expect(documentOf(run)).toMatchObject({ decision: 'ask-one', policy: { id: 'default' } })
  })

  const ASKED = { on_behalf_of: { id: 'alice' }, capabilities: [http('GET', '/x')] }

  test.each<[string, unknown, string, string]>([
    ['no JSON', '{', 'json_malformed', ''],
    ['a member twice', '{"purpose":"a","purpose":"b"}', 'json_ambiguous', ''],
    ['a list', [], 'input_invalid', 'must be an object'],
    ['a member nobody knows', { ...ASKED, on_behalf_off: 1 }, 'input_invalid', 'on_behalf_off'],
    ['nobody to act for', { capabilities: ASKED.capabilities }, 'input_invalid', 'on_behalf_of is missing'],
    ['a principal without id', { ...ASKED, on_behalf_of: {} }, 'input_invalid', 'on_behalf_of.id'],
    [
      'a principal with more',
      { ...ASKED, on_behalf_of: { id: 'a', rol: 'b' } },
      'input_invalid',
      'on_behalf_of.rol',
    ],
    ['a workflow that is a text', { ...ASKED, workflow: 'w' }, 'input_invalid', 'workflow'],
    ['no capabilities', { on_behalf_of: { id: 'alice' } }, 'input_invalid', 'capabilities is missing'],
    [
      'capabilities outside the grammar',
      { ...ASKED, capabilities: [http('GET', 'x')] },
      'scope_malformed',
      '',
    ],
    ['a time in words', { ...ASKED, valid_for_seconds: 'long' }, 'input_invalid', 'valid_for_seconds'],
    ['too long a time', { ...ASKED, valid_for_seconds: 86_400 }, 'input_invalid', 'valid_for_seconds'],
    ['a number for a name', { ...ASKED, purpose: 7 }, 'input_invalid', 'purpose'],
    ['an agent that is none', { ...ASKED, agent: 'did:key:z0' }, 'input_invalid', 'DID'],
  ])('refuses %s', async (_name, content, code, words) => {
    const input = typeof content === 'string' ? content : JSON.stringify(content)
    const run = await behalf(['policy', 'test', '-', '--json'], { input })
    expect([run.exit, codeOf(run)]).toEqual([1, code])
    expect(run.stderr).toContain(words)
  })

  test.each([
    ['a file that is not there', ['absent.json'], 1, 'not_found'],
    [
      'a policy that is not there',
      [join(EXAMPLES, 'request.json'), '--policy', 'absent'],
      1,
      'policy_invalid',
    ],
    ['a time that is none', [join(EXAMPLES, 'request.json'), '--at', 'midnight'], 1, 'input_invalid'],
    [
      'a day that is none',
      [join(EXAMPLES, 'request.json'), '--at', '2026-13-01T00:00:00Z'],
      1,
      'input_invalid',
    ],
    ['no file', [], 2, 'usage_invalid'],
  ])('refuses %s', async (_name, argv, exit, code) => {
    const run = await behalf(['policy', 'test', ...argv, '--json'])
    expect([run.exit, codeOf(run)]).toEqual([exit, code])
  })
})

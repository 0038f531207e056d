import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestToolDefinition } from '@behalf/mcp'
import { createSessionHandler } from '@behalf/mcp/sessions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEndpoint } from '../support/mcp-endpoint.ts'
import { openWorld } from '../support/world.ts'
import { listScenarios, readVerdicts, runSuite } from './support/conformance-suite.ts'
import { createEverythingServer, TOOL_DEFINITIONS } from './support/everything-server.ts'
import { createForwardingWallet, openSigningForwarder } from './support/signing-forwarder.ts'

// The official suite against a server behind createMcpEndpoint. What is not run is listed with its reason in
// docs/testing.md.

const PASSING = [
  'completion-complete',
  'dns-rebinding-protection',
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
  'json-schema-2020-12',
  'logging-set-level',
  'ping',
  'prompts-get-embedded-resource',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-with-image',
  'prompts-list',
  'resources-list',
  'resources-read-binary',
  'resources-read-text',
  'resources-subscribe',
  'resources-templates-read',
  'resources-unsubscribe',
  'server-initialize',
  'server-sse-multiple-streams',
  'tools-call-audio',
  'tools-call-elicitation',
  'tools-call-embedded-resource',
  'tools-call-error',
  'tools-call-image',
  'tools-call-mixed-content',
  'tools-call-sampling',
  'tools-call-simple-text',
  'tools-call-with-logging',
  'tools-call-with-progress',
  'tools-list',
]
const ACTIONS = [
  'tools/call',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
]

/** One thing that a scenario looked at. */
interface Check {
  readonly id: string
  readonly status: string
  readonly details?: unknown
}

describe('a server behind our endpoint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-conformance-'))
  const accepted: string[] = []
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]

  beforeAll(async () => {
    const world = await openWorld()
    ends.unshift(() => world.end())
    const endpoint = await openEndpoint(world, {
      handler: createSessionHandler(createEverythingServer),
      // Scenarios leave their sessions open.
      maxSessionsPerAgent: 100,
      auditSink: {
        record: ({ decision, call }) => void (decision === 'accepted' && accepted.push(call?.method ?? '')),
      },
    })
    ends.unshift(() => endpoint.end())
    const wallet = createForwardingWallet()
    const digests = new Map(TOOL_DEFINITIONS.map((tool) => [tool.name, digestToolDefinition(tool)]))
    const asking = wallet.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Be held to the protocol',
      capabilities: [
        { type: 'mcp', locations: [endpoint.url], actions: ACTIONS, tools: Object.fromEntries(digests) },
      ],
    })
    await Promise.all([asking, world.approveNext()])
    const forwarder = await openSigningForwarder(wallet, endpoint.url, digests)
    ends.unshift(() => forwarder.end())
    await runSuite(['server', '--url', forwarder.url, '--suite', 'all', '--output-dir', folder])
  }, 120_000)
  afterAll(async () => {
    for (const end of ends) await end()
  })

  /** What the suite found in a scenario. */
  function checksOf(scenario: string): readonly Check[] {
    const name = new RegExp(`^server-${scenario}-\\d{4}-`)
    const [results = ''] = readdirSync(folder).filter((entry) => name.test(entry))
    return JSON.parse(readFileSync(join(folder, results, 'checks.json'), 'utf8')) as readonly Check[]
  }

  test.each(PASSING)('passes %s', (scenario) => {
    const checks = checksOf(scenario)
    expect(checks.length).toBeGreaterThan(0)
    expect(checks.filter(({ status }) => !['SUCCESS', 'INFO'].includes(status))).toEqual([])
    expect(checks.some(({ status }) => status === 'SUCCESS')).toBe(true)
  })

  test('is called with signatures, and refuses a foreign host by itself', () => {
    expect(new Set(accepted)).toEqual(
      new Set([...ACTIONS, 'initialize', 'ping', 'tools/list', 'resources/list', 'prompts/list', '']),
    )
    const [rejected] = checksOf('dns-rebinding-protection')
    expect(rejected?.details).toMatchObject({ statusCode: 403, body: { code: 'mcp_host_forbidden' } })
  })

  test('the table has every scenario for servers, and calls passing what is run', async () => {
    const verdicts = readVerdicts('servers')
    expect([...verdicts.keys()].toSorted()).toEqual(await listScenarios('servers'))
    const left = [...verdicts].filter(([, verdict]) => !/^not run: .{20}/.test(verdict))
    expect(new Map(left)).toEqual(new Map(PASSING.map((name) => [name, 'pass'])))
  })
})

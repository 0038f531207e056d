import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { AGENT, NOW, readIssues } from './support/signed-files.ts'
import { behalf, type CommandRun, codeOf } from './support/test-io.ts'
import { createWalletFile } from './support/wallet-file.ts'

const PASSPHRASE = 'words'
const ORIGIN = 'https://authority.example'
const EVIL = '\u001b[2J\u202eevil\u200b\u009b31m'

let home: string
let wallet: string

/** An authority that answers every call with what the test says. */
async function run(argv: readonly string[], answers: Readonly<Record<string, unknown>>): Promise<CommandRun> {
  return await behalf([...argv, '--authority', ORIGIN], {
    env: { BEHALF_HOME: home, BEHALF_PASSPHRASE: PASSPHRASE },
    clock: () => NOW,
    fetch: async (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      const answer = answers[pathname]
      return answer instanceof Response ? answer : Response.json(answer ?? {})
    },
  })
}

const REQUEST = {
  id: 'r-1',
  version: 1,
  status: 'pending',
  agent: AGENT.did,
  agent_name: `Bot${EVIL}`,
  on_behalf_of: { id: `alice${EVIL}`, role: `r${EVIL}` },
  capabilities: [readIssues('/issues/**'), { type: 'future', what: EVIL }],
  purpose: `line one\n\n  wants to\n    read nothing${EVIL}`,
  expires_at: new Date(NOW + 60_000).toISOString(),
  delegation_id: `d${EVIL}`,
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'behalf-'))
  wallet = join(home, 'wallets', 'default.age')
  await createWalletFile(wallet, PASSPHRASE)
  return async () => {
    await rm(home, { recursive: true, force: true })
  }
})

function expectHarmless({ stdout, stderr }: CommandRun): void {
  const shown = `${stdout}${stderr}`
  expect(shown).toContain('evil')
  expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
}

describe('text of an authority, or of agents through it, moves and hides nothing', () => {
  test('in a request to approve', async () => {
    const approve = ['approve', 'r-1', '--yes', '--operator', wallet]
    const approved = { ...REQUEST, status: 'approved' }
    const answers = { '/delegation-requests/r-1': REQUEST, '/delegation-requests/r-1/approve': approved }
    const words = await run(approve, answers)
    expect(words.exit).toBe(0)
    expectHarmless(words)
    expect(words.stderr).toMatch(
      /^ {2}its own purpose {2}"line one {3}wants to {5}read nothing\[2Jevil31m"$/m,
    )
    expectHarmless(await run([...approve, '--json'], answers))
  })

  test('in a list', async () => {
    const delegation = {
      id: `d${EVIL}`,
      subject: AGENT.did,
      on_behalf_of: { id: EVIL },
      status: 'active',
      valid_from: new Date(NOW).toISOString(),
      valid_until: new Date(NOW + 60_000).toISOString(),
    }
    const answers = {
      '/delegation-requests': { requests: [REQUEST] },
      '/delegations': { delegations: [delegation] },
    }
    expectHarmless(await run(['list', '--operator', wallet], answers))
    expectHarmless(await run(['list', '--operator', wallet, '--json'], answers))
  })

  test('in a receipt', async () => {
    const receipt = {
      id: `r${EVIL}`,
      version: 1,
      status: 'pending',
      approval_url: `https://authority.example/${EVIL}`,
      expires_at: new Date(NOW + 60_000).toISOString(),
      interval_seconds: 2,
    }
    const request = [
      'request',
      '--for',
      'alice',
      '--allow',
      'GET https://a.example/x',
      '--purpose',
      'p',
      '--no-wait',
    ]
    expectHarmless(await run(request, { '/delegation-requests': receipt }))
    expectHarmless(await run([...request, '--json'], { '/delegation-requests': receipt }))
  })

  test('in what a revocation answers', async () => {
    const receipt = { revoked: `d${EVIL}`, sequence: 1, time: new Date(NOW).toISOString() }
    const revoke = ['revoke', 'urn:uuid:1', '--operator', wallet]
    expectHarmless(await run(revoke, { '/revocations': receipt }))
  })
})

describe('an authority that answers something else', () => {
  test.each<{ name: string; answer: Response; code: string }>([
    {
      name: 'a page',
      answer: new Response('<html></html>', { headers: { 'Content-Type': 'text/html' } }),
      code: 'authority_response_invalid',
    },
    {
      name: 'a refusal by a code nobody knows',
      answer: Response.json(
        { code: 'brand_new', title: 'x' },
        { status: 400, headers: { 'Content-Type': 'application/problem+json' } },
      ),
      code: 'authority_refused',
    },
    {
      name: 'a redirect',
      answer: new Response(null, { status: 302, headers: { Location: 'https://evil.example/' } }),
      code: 'authority_response_invalid',
    },
  ])('is refused: $name', async ({ answer, code }) => {
    const failed = await run(['list', '--operator', wallet, '--json'], { '/delegation-requests': answer })
    expect(failed.exit).toBe(1)
    expect(codeOf(failed)).toBe(code)
  })

  test('is refused when it names another request than the one asked for', async () => {
    const other = { ...REQUEST, id: 'r-2' }
    const decided = { '/delegation-requests/r-2/approve': other, '/delegation-requests/r-2/deny': other }
    const answers = { '/delegation-requests/r-1': other, ...decided }
    for (const words of [
      ['approve', 'r-1', '--yes'],
      ['deny', 'r-1'],
    ]) {
      const failed = await run([...words, '--operator', wallet, '--json'], answers)
      expect(failed.exit).toBe(1)
      expect(codeOf(failed)).toBe('authority_response_invalid')
    }
  })
})

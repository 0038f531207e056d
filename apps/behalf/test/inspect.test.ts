import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  AGENT,
  HELPER,
  ISSUER,
  LIST_URL,
  NOW,
  readIssues,
  signApprovedRoot,
  signBeat,
  signChild,
  signList,
  signRoot,
} from './support/signed-files.ts'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, documentOf } from './support/test-io.ts'

async function inspect(content: string, ...argv: string[]): Promise<CommandRun> {
  return await inspectAt(NOW, content, ...argv)
}

async function inspectAt(now: number, content: string, ...argv: string[]): Promise<CommandRun> {
  const file = join(await createFolder(), 'file')
  await writeFile(file, content)
  return await behalf(['inspect', file, ...argv], { clock: () => now })
}

/** The last character of a signature holds bits that count, so another one before it is another signature. */
function breakSignature(jws: string): string {
  const at = jws.length - 10
  return `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`
}

interface Checked {
  readonly what: string
  readonly result: string
  readonly code?: string
}

function resultsOf(run: CommandRun): string[] {
  const { checks } = documentOf(run) as { checks: Checked[] }
  return checks.map(({ result, code }) => code ?? result)
}

let root: string
let child: string
beforeAll(async () => {
  root = await signRoot()
  child = await signChild(root)
})

describe('a delegation', () => {
  test('is told in plain words, with what was checked and what was not', async () => {
    const run = await inspect(`${root}\n`)
    expect(run.exit).toBe(0)
    expect(run.stdout).toContain('One delegation')
    expect(run.stdout).toContain(`from          ${ISSUER.did}`)
    expect(run.stdout).toContain(`to            ${AGENT.did}`)
    expect(run.stdout).toContain('on behalf of  alice as editor')
    expect(run.stdout).toContain('GET on /issues/** at https://api.example.com')
    expect(run.stdout).toContain('uses          at most 5')
    expect(run.stdout).toContain('handing on    2 more')
    expect(run.stdout).toContain('until 2030-01-15T12:05:00Z, 5 min left')
    expect(run.stdout).toContain('yes          every signature is right')
    expect(run.stdout).toContain('not checked  it is not revoked')
    expect(run.stdout).toContain('not checked  it comes from an authority you trust (name it with --issuer)')
  })

  test('is shown without the characters of an agent that turn text around', async () => {
    const run = await inspect(root)
    expect(run.stdout).toContain('purpose       "read the issues"')
    expect(run.stdout).not.toContain('\u202e')
  })

  test('is a document under --json', async () => {
    const run = await inspect(root, '--json')
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({
      kind: 'delegation',
      links: [
        {
          issuer: ISSUER.did,
          subject: AGENT.did,
          on_behalf_of: { id: 'alice', role: 'editor' },
          capabilities: [readIssues('/issues/**')],
          max_uses: 5,
          valid_until: '2030-01-15T12:05:00Z',
          status_list: LIST_URL,
        },
      ],
    })
    expect(resultsOf(run)).toEqual(['passed', 'passed', 'unchecked', 'unchecked', 'unchecked'])
  })

  test('of a named issuer is trusted', async () => {
    expect(resultsOf(await inspect(root, '--json', '--issuer', ISSUER.did))[2]).toBe('passed')
  })

  test('of another issuer than the named one fails, and says so', async () => {
    const run = await inspect(root, '--json', '--issuer', AGENT.did)
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('issuer_untrusted')
    expect(resultsOf(run)[2]).toBe('issuer_untrusted')
  })

  test('with a broken signature fails, but is still told', async () => {
    const run = await inspect(breakSignature(root), '--json')
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('credential_signature_invalid')
    expect(resultsOf(run)).toEqual([
      'credential_signature_invalid',
      'passed',
      'unchecked',
      'unchecked',
      'unchecked',
    ])
    expect(run.stderr).toContain('NO           every signature is right')
  })

  test.each([
    ['has ended', NOW + 600_000, 'credential_expired', 'ended 2030-01-15T12:05:00Z'],
    ['has not begun', NOW - 600_000, 'credential_not_yet_valid', 'begins 2030-01-15T11:55:00Z'],
  ])('that %s fails for that alone', async (_name, now, code, words) => {
    const run = await inspectAt(now, root, '--json')
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe(code)
    expect(resultsOf(run)[0]).toBe('passed')
    expect(run.stderr).toContain(words)
  })

  test('without the one above it is decoded, and its proofs are not claimed', async () => {
    const run = await inspect(child, '--json', '--issuer', ISSUER.did)
    expect(run.exit).toBe(0)
    expect(resultsOf(run)).toEqual(['unchecked', 'passed', 'unchecked', 'unchecked'])
    expect(run.stderr).toContain('the links above it are not in the file')
  })
})

describe('a bundle', () => {
  test('is told link by link', async () => {
    const run = await inspect(JSON.stringify({ chain: [root, child] }))
    expect(run.exit).toBe(0)
    expect(run.stdout).toContain('A chain of 2 delegations')
    expect(run.stdout).toContain(`to            ${HELPER.did}`)
    expect(run.stdout).toContain('GET on /issues/7 at https://api.example.com')
  })

  test('whose child is wider than its parent fails', async () => {
    const wide = await signChild(root, { capabilities: [readIssues('/users/**')] })
    const run = await inspect(JSON.stringify({ chain: [root, wide] }), '--json')
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('attenuation_violation')
  })

  test('whose child belongs to another parent fails', async () => {
    const other = await signRoot({ id: 'urn:uuid:00000000-0000-4000-8000-000000000009' })
    const run = await inspect(JSON.stringify({ chain: [other, child] }), '--json')
    expect(codeOf(run)).toBe('chain_broken')
  })
})

describe('a status list', () => {
  test('says how many places are revoked', async () => {
    const run = await inspect(await signList(), '--json', '--issuer', ISSUER.did)
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({
      kind: 'status_list',
      id: LIST_URL,
      issuer: ISSUER.did,
      version: 3,
      length: 131_072,
      revoked: 1,
    })
    expect(resultsOf(run)).toEqual(['passed', 'passed', 'unchecked'])
    expect(run.stderr).toContain('not checked  it is the newest (only a fresh heartbeat says so)')
  })

  test('with a broken signature fails and tells no numbers', async () => {
    const run = await inspect(breakSignature(await signList()), '--json')
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('status_invalid')
    expect(documentOf(run)).not.toHaveProperty('revoked')
  })
})

describe('a heartbeat', () => {
  test('says what it vouches for', async () => {
    const run = await inspect(await signBeat(), '--json')
    expect(run.exit).toBe(0)
    expect(documentOf(run)).toMatchObject({ kind: 'heartbeat', sequence: 42, revoked_keys: [HELPER.did] })
    expect(run.stderr).toContain(`revoked key   ${HELPER.did}`)
  })

  test('with a broken signature fails', async () => {
    expect(codeOf(await inspect(breakSignature(await signBeat()), '--json'))).toBe('status_invalid')
  })
})

describe('what cannot be inspected is refused', () => {
  test.each([
    ['text', 'hello', 'credential_malformed'],
    ['nothing', '', 'credential_malformed'],
    ['other JSON', '{"a":1}', 'input_invalid'],
    ['a bundle with more in it', '{"chain":["a"],"more":1}', 'input_invalid'],
    ['an empty bundle', '{"chain":[]}', 'input_invalid'],
    ['a bundle of numbers', '{"chain":[1]}', 'input_invalid'],
    ['JSON that reads in two ways', '{"chain":["a"],"chain":["b"]}', 'json_ambiguous'],
    ['broken JSON', '{"chain":', 'json_malformed'],
    ['a bundle of something else', '{"chain":["a.b.c"]}', 'credential_malformed'],
    ['4 MiB and more', 'x'.repeat(4 * 1024 * 1024 + 1), 'input_invalid'],
  ])('%s', async (_name, content, code) => {
    const run = await inspect(content, '--json')
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe(code)
  })

  test('a file that is not there', async () => {
    expect(codeOf(await behalf(['inspect', join(await createFolder(), 'x'), '--json']))).toBe('not_found')
  })

  test('under the name of an issuer that is no DID', async () => {
    expect(codeOf(await inspect(root, '--json', '--issuer', 'alice'))).toBe('input_invalid')
  })
})

describe('evidence of an approval', () => {
  let approved: Awaited<ReturnType<typeof signApprovedRoot>>
  beforeAll(async () => {
    approved = await signApprovedRoot()
  })

  test('in a bundle is told: who approved what, with which passkey, and that it verifies', async () => {
    const { root: chain, evidence } = approved
    const run = await inspect(JSON.stringify({ chain: [chain], evidence }))
    expect(run.exit).toBe(0)
    expect(run.stdout).toContain('Evidence of its approval, verified')
    expect(run.stdout).toContain('how           software-passkey')
    expect(run.stdout).toContain('by            alice, 2030-01-15T12:00:00Z, on https://authority.example')
    expect(run.stdout).toContain(`passkey       ${evidence.assertions[0]?.passkey.id}, which is a program`)
    expect(run.stdout).toContain('proves        no person’s own approval')
    expect(run.stdout).toContain('    It acts on behalf of "alice" in the role "editor".')
    expect(run.stdout).toContain('yes          its approval is the one in the evidence')
  })

  test('says what it proves when the passkey is no program', async () => {
    const { root: chain, evidence } = await signApprovedRoot({ software: false })
    const run = await inspect(JSON.stringify({ chain: [chain], evidence }))
    expect(run.stdout).toContain('proves        that these passkeys approved these words')
  })

  test('may be in a file of its own', async () => {
    const file = join(await createFolder(), 'evidence.json')
    await writeFile(file, JSON.stringify(approved.evidence))
    const run = await inspect(approved.root, '--evidence', file, '--json')
    expect(documentOf(run)).toMatchObject({
      kind: 'delegation',
      evidence: {
        verified: true,
        proves_a_person: false,
        method: 'software-passkey',
        sentences: expect.arrayContaining(['It acts on behalf of "alice" in the role "editor".']),
        approvals: [{ by: 'alice', software: true, origin: 'https://authority.example' }],
      },
    })
    expect(resultsOf(run)).toEqual(['passed', 'passed', 'unchecked', 'unchecked', 'passed'])
  })

  test('of another delegation fails, and is told as not verified', async () => {
    const other = await signRoot()
    const run = await inspect(JSON.stringify({ chain: [other], evidence: approved.evidence }))
    expect(run.exit).toBe(1)
    expect(run.stderr).toContain('Evidence of an approval, NOT verified')
    expect(run.stderr).toContain('NO           its approval is the one in the evidence (evidence_invalid')
  })

  test('alone is told, and proves nothing', async () => {
    const run = await inspect(JSON.stringify(approved.evidence), '--json')
    expect(documentOf(run)).toMatchObject({ kind: 'evidence', verified: false, proves_a_person: false })
    expect(resultsOf(run)).toEqual(['unchecked'])
  })

  test('that lies to the terminal is shown without what moves text', async () => {
    const { evidence } = approved
    const lying = { ...evidence, approved: { ...evidence.approved, sentences: [['a\u001b[2Kb\u202ec']] } }
    const run = await inspect(JSON.stringify(lying))
    expect(run.stdout).toContain('    a[2Kbc')
  })

  test.each([
    ['of something else', '{"type":"other"}', 'input_invalid'],
    ['that is malformed', '{"type":"behalf-approval-evidence","version":1}', 'credential_malformed'],
  ])('%s is refused', async (_, content, code) => {
    const file = join(await createFolder(), 'evidence.json')
    await writeFile(file, content)
    expect(codeOf(await inspect(root, '--evidence', file, '--json'))).toBe(code)
  })

  test('does not go with a status list', async () => {
    const file = join(await createFolder(), 'evidence.json')
    await writeFile(file, JSON.stringify(approved.evidence))
    expect(codeOf(await inspect(await signList(), '--evidence', file, '--json'))).toBe('input_invalid')
  })
})

import { parseAuditRecord } from '@behalf/audit-log'
import { encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { type CollectedTrace, collectTrace } from '../src/trace/collect-trace.ts'
import { verifyTrace } from '../src/trace/verify-trace.ts'
import { openLogOfRecords, type RecordFacts } from './support/log-of-records.ts'

const MONDAY = { id: 'triage', run: 'monday' }
const ISSUED: RecordFacts = [
  'issued',
  { delegation: 'd', request: 'q', subject: 'did:key:a', principal: 'sha-256:p', workflow: MONDAY },
]
const USED: RecordFacts = request('r', { delegations: ['d'], subject: 'did:key:a', workflow: MONDAY })

function request(id: string, members: RecordFacts[1] = {}): RecordFacts {
  return ['request_accepted', { request_id: id, api: 'did:key:api', code: 'ok', ...members }]
}

/** So many records that have nothing to do with anything else. */
function many(
  count: number,
  type: RecordFacts[0],
  members: (number: number) => RecordFacts[1],
): readonly RecordFacts[] {
  return Array.from({ length: count }, (_, number) => [type, members(number)])
}

interface Collected extends CollectedTrace {
  /** Indices of the entries. */
  readonly found: readonly number[]
}

async function collect(records: readonly RecordFacts[], id: string): Promise<Collected> {
  const { source, key } = await openLogOfRecords(records)
  const collected = await collectTrace(source, id, key)
  return { ...collected, found: collected.bundle.entries.map(({ index }) => index) }
}

function typesOf({ bundle }: CollectedTrace): readonly string[] {
  return bundle.entries.map(({ record }) => parseAuditRecord(encodeUtf8(record)).type)
}

describe('a collected trace', () => {
  test('has what stopped it for good, however much else was stopped before and since', async () => {
    const others = many(600, 'key_revoked', (number) => ({ subject: `did:key:${number}` }))
    const revoked: RecordFacts = ['key_revoked', { subject: 'did:key:a' }]
    const { found, isCut } = await collect([...others, ISSUED, USED, ...others, revoked], 'r')
    expect([found, isCut]).toEqual([[600, 601, 1202], false])
  })

  test('has nothing that was stopped before there was anything of it', async () => {
    const revoked: RecordFacts = ['principal_revoked', { principal: 'sha-256:p' }]
    expect((await collect([revoked, ISSUED, USED, revoked], 'r')).found).toEqual([1, 2, 3])
  })

  test('has the policy that decided, however many were in force before and since', async () => {
    const others = many(600, 'policy_loaded', (number) => ({ id: 'p', digest: `sha-256:${number}` }))
    const loaded: RecordFacts = ['policy_loaded', { id: 'p', digest: 'sha-256:own' }]
    const decided: RecordFacts = [
      'policy_decided',
      { request: 'q', policy: { id: 'p', digest: 'sha-256:own' } },
    ]
    const { found, isCut } = await collect([...others, loaded, decided, ISSUED, USED, ...others], 'r')
    expect([found, isCut]).toEqual([[600, 601, 602, 603], false])
  })

  test('has of a stopped run only what stopped this one, of its own workflow', async () => {
    const stop = (workflow: object): RecordFacts => ['run_revoked', { workflow: { ...workflow } }]
    const stopped = [
      stop({ id: 'deploy', run: 'monday' }),
      stop({ id: 'triage', run: 'tuesday' }),
      stop({ id: 'monday' }),
      stop({ id: 'triage', run: 'monday' }),
      stop({ id: 'triage' }),
    ]
    expect((await collect([ISSUED, USED, ...stopped], 'r')).found).toEqual([0, 1, 5, 6])
  })

  test('of an exchange knows the run that it tells beside its workflow', async () => {
    const exchanged: RecordFacts = [
      'token_exchanged',
      { delegation: 'd', jti: 't', workflow: 'triage', run: 'monday' },
    ]
    const stop = (id: string): RecordFacts => ['run_revoked', { workflow: { id, run: 'monday' } }]
    expect((await collect([exchanged, stop('deploy'), stop('triage')], 'd')).found).toEqual([0, 2])
  })

  test('of a run has that of every workflow, and of one alone when it is named', async () => {
    const other = { id: 'deploy', run: 'monday' }
    const records = [
      ISSUED,
      USED,
      request('s', { workflow: other }),
      request('t', { context: { run: 'monday' } }),
    ]
    const [all, own, theirs] = await Promise.all(
      ['monday', 'triage/monday', 'deploy/monday'].map((id) => collect(records, id)),
    )
    expect([all?.found, own?.found, theirs?.found]).toEqual([[0, 1, 2, 3], [0, 1], [2]])
    expect(own?.bundle.about).toBe('workflow:triage/monday')
    await expect(collect(records, 'triage/tuesday')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('tells workflows with a slash in their names apart', async () => {
    const records = [
      request('r', { workflow: { id: 'a/b', run: 'c' } }),
      request('s', { workflow: { id: 'a', run: 'b/c' } }),
      request('t', { workflow: { id: 'a%2Fb', run: 'c' } }),
    ]
    const found = await Promise.all(
      ['a%2Fb/c', 'a/b%2Fc', 'a%252Fb/c'].map(async (id) => (await collect(records, id)).found),
    )
    expect(found).toEqual([[0], [1], [2]])
  })

  test('of an agent with a great many records keeps the last of them, and says that there are more', async () => {
    const requests = Array.from({ length: 600 }, (_, number) =>
      request(`r${number}`, { delegations: ['d'], subject: 'did:key:a' }),
    )
    const { found, isCut } = await collect([ISSUED, ...requests], 'did:key:a')
    expect(isCut).toBe(true)
    expect(found).toEqual([0, ...Array.from({ length: 500 }, (_, number) => 101 + number)])
  })

  test('has the revocation of a delegation of which a great many parts were handed on', async () => {
    const parts = many(600, 'sub_delegated', (number) => ({
      delegation: `c${number}`,
      parent: 'd',
      root: 'd',
    }))
    const revoked: RecordFacts = ['delegation_revoked', { delegation: 'd' }]
    const collected = await collect([ISSUED, USED, ...parts, revoked], 'r')
    expect(typesOf(collected)).toEqual(['issued', 'request_accepted', 'delegation_revoked'])
  })

  test('is about one run of one workflow only when something in it is', async () => {
    const { source, key } = await openLogOfRecords([ISSUED, USED])
    const { bundle } = await collectTrace(source, 'triage/monday', key)
    const authority = key.name as `did:key:${string}`
    await expect(verifyTrace(bundle, authority)).resolves.toMatchObject({ about: 'workflow:triage/monday' })
    await expect(
      verifyTrace({ ...bundle, about: 'workflow:deploy/monday' }, authority),
    ).rejects.toMatchObject({ code: 'audit_proof_invalid' })
  })
})

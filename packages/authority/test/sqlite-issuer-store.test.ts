import { join } from 'node:path'
import { parseCapabilities } from '@behalf/credential'
import type {
  ApprovalDraft,
  DelegationRecord,
  DelegationRequest,
  Enrolment,
  IssuerStore,
  KnownCapability,
  StatusListRecord,
} from '@behalf/issuer'
import { beforeEach, describe, expect, test } from 'vitest'
import { closeDatabase, prepareDatabase } from '../src/authority-database.ts'
import { openDatabase } from '../src/index.ts'
import { createSqliteIssuerStore } from '../src/sqlite-issuer-store.ts'
import { temporaryFolder, whenDone } from './support/authority-world.ts'

const CAPABILITIES = parseCapabilities([
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] },
  {
    type: 'mcp',
    locations: ['https://mcp.test/mcp'],
    actions: ['tools/call'],
    tools: { search: `sha-256:${'A'.repeat(43)}` },
    constraints: { arguments: { project: { enum: ['ACME'] } } },
  },
]) as readonly KnownCapability[]

const REQUEST: DelegationRequest = {
  id: 'request-1',
  version: 1,
  agent: 'did:key:zAgent',
  agentName: 'Summariser',
  terms: {
    onBehalfOf: { id: 'acct-42', role: 'maintainer', tenant: 'acme' },
    capabilities: CAPABILITIES,
    validForSeconds: 600,
    maxUses: 3,
    maxDelegationDepth: 1,
    purpose: 'Sum up “open” issues \u{1F600}',
    workflow: { id: 'triage', run: '7' },
  },
  policy: { id: 'ask', digest: 'sha-256:x', decision: 'ask-one', rule: 'r', reason: 'Someone looks at it' },
  status: 'pending',
  requestedAt: 1000,
  expiresAt: 2000,
  approvals: [{ by: 'acct-42', at: 1000 }],
  half: 'draft-1',
}
const APPROVED: DelegationRequest = {
  ...REQUEST,
  status: 'approved',
  decidedAt: 1500,
  decidedBy: 'did:key:zOperator',
  delegationId: 'root-1',
  collectedAt: 1600,
}
const BARE_REQUEST: DelegationRequest = {
  id: 'request-2',
  version: 1,
  agent: 'did:key:zAgent',
  terms: {
    onBehalfOf: { id: 'acct-42' },
    capabilities: CAPABILITIES.slice(0, 1),
    validForSeconds: 600,
    maxDelegationDepth: 0,
    purpose: 'x',
  },
  policy: { id: 'ask', digest: 'sha-256:x', decision: 'refuse' },
  status: 'refused',
  requestedAt: 1001,
  expiresAt: 2001,
  approvals: [],
  lastPolledAt: 1500,
  decidedAt: 1600,
  decidedBy: 'did:key:zOperator',
  reason: 'No',
}
const DRAFT: ApprovalDraft = {
  id: 'draft-1',
  person: 'bob',
  half: 'draft-0',
  roots: [
    {
      request: { id: 'request-1', version: 2 },
      payload: { id: 'root-1', list: [1, 2.5, null, true] },
      status: { list: 1, index: 7 },
    },
  ],
  renderer: 1,
  sentences: [['It may read “this” \u{1F600}.']],
  enrolment: { valid_until: '2026-11-25T12:00:00Z', max_seconds: 60 },
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  needs: 2,
  given: [
    {
      by: 'acct-42',
      at: '2026-11-24T12:00:00Z',
      nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
      rp_id: 'authority.test',
      origin: 'https://authority.test',
      passkey: { id: 'AQ', public_key: 'Ag', software: true },
      authenticator_data: 'Aw',
      client_data_json: 'BA',
      signature: 'BQ',
    },
  ],
  expiresAt: 2000,
}
const ENROLMENT: Enrolment = {
  id: 'enrolment-1',
  agent: 'did:key:zAgent',
  onBehalfOf: { id: 'acct-42', tenant: 'acme' },
  capabilities: CAPABILITIES,
  maxSeconds: 600,
  maxDelegationDepth: 1,
  validUntil: 5000,
  createdAt: 1000,
  createdBy: 'did:key:zOperator',
}
const LIST: StatusListRecord = {
  number: 1,
  purpose: 'revocation',
  version: 1,
  jws: 'a.b.c',
  digest: 'sha-256:x',
  signedAt: 1000,
  validUntil: 9000,
  allocated: 0,
  neededUntil: 0,
  changes: [{ version: 1, set: [3], cleared: [] }],
}
const ROOT: DelegationRecord = {
  id: 'root-1',
  rootId: 'root-1',
  delegator: 'did:key:zIssuer',
  subject: 'did:key:zAgent',
  onBehalfOf: { id: 'acct-42' },
  validFrom: 1000,
  validUntil: 2000,
  status: { list: 1, index: 7 },
  payload: { id: 'root-1', list: [1, 2.5, null, true] },
  issued: { requestId: 'request-1', jws: 'a.b.c', evidence: { method: 'operator' } },
  createdAt: 1000,
}
const { issued: _issued, ...UNISSUED } = ROOT
const CHILD: DelegationRecord = {
  ...UNISSUED,
  id: 'child-1',
  parentId: 'root-1',
  delegator: 'did:key:zAgent',
  subject: 'did:key:zSub',
  status: { list: 1, index: 8 },
}

let store: IssuerStore
let reopen: () => Promise<void>

beforeEach(async () => {
  const path = join(temporaryFolder(), 'authority.db')
  let database = await prepareDatabase(openDatabase(path), { issuer: 'did:key:zIssuer', now: 1000 })
  store = createSqliteIssuerStore(database)
  reopen = async () => {
    await closeDatabase(database)
    database = await prepareDatabase(openDatabase(path), { issuer: 'did:key:zIssuer', now: 1000 })
    store = createSqliteIssuerStore(database)
  }
  whenDone(() => closeDatabase(database))
})

/** Both delegations, with their places and the request that the root answers. */
async function insertFamily(): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.insertRequest(REQUEST)
    await tx.saveStatusList(LIST)
    for (const { status } of [ROOT, CHILD]) await tx.claimStatusPosition(status, 2000)
    await tx.insertDelegation(ROOT)
    await tx.insertDelegation(CHILD)
  })
}

describe('what is written is read as it was', () => {
  test('requests, full and bare', async () => {
    await store.transaction(async (tx) => {
      await tx.insertRequest(REQUEST)
      await tx.insertRequest(BARE_REQUEST)
    })
    await reopen()
    await store.transaction(async (tx) => {
      await expect(tx.findRequest('request-1')).resolves.toEqual(REQUEST)
      await expect(tx.findRequest('request-2')).resolves.toEqual(BARE_REQUEST)
      await expect(tx.findRequest('request-3')).resolves.toBeUndefined()
    })
  })

  test('requests, after they changed', async () => {
    await insertFamily()
    await store.transaction((tx) => tx.saveRequest(APPROVED))
    await expect(store.transaction((tx) => tx.findRequest('request-1'))).resolves.toEqual(APPROVED)
  })

  test('approvals that were begun, until they end', async () => {
    const {
      person: _person,
      half: _half,
      enrolment: _enrolment,
      ...waiting
    } = { ...DRAFT, id: 'draft-2', expiresAt: 2001 }
    await store.transaction(async (tx) => {
      await tx.insertDraft(DRAFT)
      await tx.insertDraft(waiting)
    })
    await reopen()
    await store.transaction(async (tx) => {
      await expect(tx.findDraft('draft-1')).resolves.toEqual(DRAFT)
      await expect(tx.findDraft('draft-2')).resolves.toEqual(waiting)
      await expect(tx.countDrafts('bob')).resolves.toBe(1)
      await expect(tx.countDrafts('alice')).resolves.toBe(0)
      await tx.deleteExpiredDrafts(2000)
      await expect(tx.findDraft('draft-1')).resolves.toBeUndefined()
      await expect(tx.findDraft('draft-2')).resolves.toEqual(waiting)
      await tx.deleteDraft('draft-2')
      await expect(tx.findDraft('draft-2')).resolves.toBeUndefined()
    })
  })

  test('enrolments', async () => {
    const { validUntil, ...endless } = { ...ENROLMENT, id: 'enrolment-2' }
    expect(validUntil).toBe(5000)
    await store.transaction(async (tx) => {
      await tx.insertEnrolment(ENROLMENT)
      await tx.insertEnrolment(endless)
    })
    await store.transaction(async (tx) => {
      await expect(tx.findEnrolment('enrolment-1')).resolves.toEqual(ENROLMENT)
      await expect(tx.listEnrolments({ now: 4999, limit: 9 })).resolves.toEqual([endless, ENROLMENT])
      await expect(tx.listEnrolments({ now: 5000, limit: 9 })).resolves.toEqual([endless])
      await expect(tx.listEnrolments({ now: 0, limit: 1 })).resolves.toEqual([endless])
      await expect(tx.listEnrolments({ agent: 'did:key:zOther', now: 0, limit: 9 })).resolves.toEqual([])
      const withdrawn = { ...endless, withdrawnAt: 1500 }
      await tx.saveEnrolment(withdrawn)
      await expect(tx.findEnrolment('enrolment-2')).resolves.toEqual(withdrawn)
      await expect(tx.listEnrolments({ now: 0, limit: 9 })).resolves.toEqual([ENROLMENT])
    })
  })

  test('delegations, roots and children, living and revoked', async () => {
    await insertFamily()
    await store.transaction(async (tx) => {
      await expect(tx.findDelegation('root-1')).resolves.toEqual(ROOT)
      await expect(tx.findDelegation('child-1')).resolves.toEqual(CHILD)
      await expect(tx.findDelegation('none')).resolves.toBeUndefined()
      await expect(tx.listDelegations({ limit: 9 })).resolves.toEqual([CHILD, ROOT])
      await expect(tx.listDelegations({ limit: 1 })).resolves.toEqual([CHILD])
      await expect(tx.countChildren('root-1')).resolves.toBe(1)
      await expect(tx.countChildren('child-1')).resolves.toBe(0)
      await tx.markRevoked('child-1', { at: 1500, by: 'did:key:zAgent', reason: 'Done' })
      const revoked = { ...CHILD, revoked: { at: 1500, by: 'did:key:zAgent', reason: 'Done' } }
      await expect(tx.findDelegation('child-1')).resolves.toEqual(revoked)
      await tx.markRevoked('child-1', { at: 1600, by: 'did:key:zOther' })
      await expect(tx.findDelegation('child-1')).resolves.toEqual(revoked)
      const setIn = (number: number, purpose: 'revocation' | 'suspension'): Promise<readonly number[]> =>
        tx.listSetIndices({ number, purpose })
      expect([await setIn(1, 'revocation'), await setIn(2, 'revocation')]).toEqual([[8], []])
      expect(await setIn(1, 'suspension')).toEqual([])
      await tx.markSuspended('child-1', { at: 1700, by: 'alice' })
      await expect(tx.findDelegation('child-1')).resolves.toEqual(revoked)
      const suspension = { at: 1700, by: 'alice', reason: 'Odd' }
      await tx.markSuspended(ROOT.id, suspension)
      await tx.markSuspended(ROOT.id, { at: 1800, by: 'bob' })
      await expect(tx.findDelegation(ROOT.id)).resolves.toEqual({ ...ROOT, suspended: suspension })
      expect([await setIn(1, 'suspension'), await setIn(2, 'suspension')]).toEqual([[ROOT.status.index], []])
      await tx.markResumed(ROOT.id)
      await expect(tx.findDelegation(ROOT.id)).resolves.toEqual(ROOT)
    })
  })

  test('delegations below a revoked one, with the nearest that is', async () => {
    await insertFamily()
    const list = (limit = 9): Promise<unknown> =>
      store.transaction(async (tx) => {
        const listed = await tx.listDelegations({ limit })
        return listed.map(({ id, revokedAbove }) => [id, revokedAbove])
      })
    await store.transaction(async (tx) => {
      for (const [index, id, parentId] of [
        [5, 'grandchild', 'child-1'],
        [9, 'last', 'grandchild'],
        [10, 'sibling', 'root-1'],
      ] as const) {
        const status = { list: 1, index }
        await tx.claimStatusPosition(status, 2000)
        await tx.insertDelegation({ ...CHILD, id, parentId, status })
      }
      await tx.markRevoked('child-1', { at: 1500, by: 'did:key:zAgent' })
    })
    await expect(list()).resolves.toEqual([
      ['sibling', undefined],
      ['last', 'child-1'],
      ['grandchild', 'child-1'],
      ['child-1', undefined],
      ['root-1', undefined],
    ])
    await store.transaction(async (tx) => {
      for (const id of ['root-1', 'grandchild']) await tx.markRevoked(id, { at: 1600, by: 'did:key:zOther' })
    })
    await expect(list()).resolves.toEqual([
      ['sibling', 'root-1'],
      ['last', 'grandchild'],
      ['grandchild', 'child-1'],
      ['child-1', 'root-1'],
      ['root-1', undefined],
    ])
    // What is above need not be in the list itself.
    await expect(list(2)).resolves.toEqual([
      ['sibling', 'root-1'],
      ['last', 'grandchild'],
    ])
  })

  test('revoked keys', async () => {
    const key = { agent: 'did:key:zAgent', at: 1500, by: 'did:key:zOperator', reason: 'Stolen' }
    await store.transaction((tx) => tx.insertRevokedKey(key))
    await store.transaction((tx) => tx.insertRevokedKey({ agent: 'did:key:zOther', at: 1, by: 'x' }))
    await store.transaction(async (tx) => {
      await expect(tx.findRevokedKey(key.agent)).resolves.toEqual(key)
      await expect(tx.findRevokedKey('did:key:zOther')).resolves.toEqual({
        agent: 'did:key:zOther',
        at: 1,
        by: 'x',
      })
      await expect(tx.findRevokedKey('did:key:zNone')).resolves.toBeUndefined()
      await expect(tx.listRevokedKeys()).resolves.toEqual(['did:key:zAgent', 'did:key:zOther'])
    })
  })

  test('status lists and publications', async () => {
    const publication = { epoch: 1, sequence: 1, jws: 'a.b.c', time: 1000 }
    await store.transaction(async (tx) => {
      await expect(tx.readPublication()).resolves.toBeUndefined()
      await tx.saveStatusList(LIST)
      await tx.savePublication(publication)
    })
    await reopen()
    await store.transaction(async (tx) => {
      await expect(tx.findStatusList({ number: 1, purpose: 'revocation' })).resolves.toEqual(LIST)
      await expect(tx.findStatusList({ number: 2, purpose: 'revocation' })).resolves.toBeUndefined()
      const { jws, ...state } = LIST
      expect(jws).toBe('a.b.c')
      await expect(tx.listStatusLists()).resolves.toEqual([state])
      await expect(tx.readPublication()).resolves.toEqual(publication)
      await tx.savePublication({ ...publication, sequence: 2 })
      await expect(tx.readPublication()).resolves.toEqual({ ...publication, sequence: 2 })
    })
  })

  test('events, numbered as they come', async () => {
    await store.transaction(async (tx) => {
      await tx.appendEvent({ time: 1, type: 'requested', data: { request: 'r' } })
      await tx.appendEvent({ time: 2, type: 'denied', data: { text: 'a\n\u001b[31m"' } })
      await tx.appendEvent({ time: 3, type: 'requested', data: {} })
    })
    await reopen()
    await store.transaction(async (tx) => {
      const [one, two, three] = [
        { sequence: 1, time: 1, type: 'requested', data: { request: 'r' } },
        { sequence: 2, time: 2, type: 'denied', data: { text: 'a\n\u001b[31m"' } },
        { sequence: 3, time: 3, type: 'requested', data: {} },
      ]
      await expect(tx.listEvents({ after: 0, limit: 9 })).resolves.toEqual([one, two, three])
      await expect(tx.listEvents({ after: 1, limit: 1 })).resolves.toEqual([two])
      await expect(tx.findLastEvent('requested')).resolves.toEqual(three)
      await expect(tx.findLastEvent('issued')).resolves.toBeUndefined()
    })
  })
})

describe('lists and counts of requests', () => {
  test('go by where they stand at that time', async () => {
    const expired = { ...REQUEST, id: 'request-3', expiresAt: 1500 }
    const foreign = { ...REQUEST, id: 'request-4', agent: 'did:key:zOther' }
    await store.transaction(async (tx) => {
      for (const request of [REQUEST, BARE_REQUEST, expired, foreign]) await tx.insertRequest(request)
    })
    await store.transaction(async (tx) => {
      const ids = async (filter: {
        status?: 'pending' | 'expired' | 'refused' | 'approved'
      }): Promise<string[]> => (await tx.listRequests({ ...filter, now: 1500, limit: 9 })).map(({ id }) => id)
      expect(await ids({})).toEqual(['request-4', 'request-3', 'request-2', 'request-1'])
      expect(await ids({ status: 'pending' })).toEqual(['request-4', 'request-1'])
      expect(await ids({ status: 'expired' })).toEqual(['request-3'])
      expect(await ids({ status: 'refused' })).toEqual(['request-2'])
      expect(await ids({ status: 'approved' })).toEqual([])
      const pendingOf = async (agent: string, now: number): Promise<string[]> =>
        (await tx.listPendingOf(agent, now)).map(({ id }) => id)
      expect(await pendingOf('did:key:zAgent', 1499)).toEqual(['request-3', 'request-1'])
      expect(await pendingOf('did:key:zAgent', 1500)).toEqual(['request-1'])
      expect(await pendingOf('did:key:zOther', 1500)).toEqual(['request-4'])
    })
  })
})

describe('what could become a flood', () => {
  test('is counted for one principal and for all, by what waits and by what was asked', async () => {
    const asked = { ...REQUEST, stranger: true as const }
    const other = { ...asked.terms, onBehalfOf: { id: 'other' } }
    await store.transaction(async (tx) => {
      await tx.insertRequest(REQUEST)
      await tx.insertRequest({ ...asked, id: 'r-2' })
      await tx.insertRequest({ ...asked, id: 'r-3', requestedAt: 500, expiresAt: 1500 })
      await tx.insertRequest({ ...asked, id: 'r-4', terms: other })
    })
    await store.transaction(async (tx) => {
      const principal = 'acct-42'
      await expect(tx.findRequest('r-2')).resolves.toEqual({ ...asked, id: 'r-2' })
      const counts = [
        await tx.countStrangers({ principal, askedAfter: 499, now: 1499 }),
        await tx.countStrangers({ principal, askedAfter: 500, now: 1500 }),
        await tx.countStrangers({ askedAfter: 500, now: 1500 }),
        await tx.countStrangers({ askedAfter: 1000, now: 2000 }),
      ]
      expect(counts).toEqual([
        { pending: 2, asked: 2 },
        { pending: 1, asked: 1 },
        { pending: 2, asked: 2 },
        { pending: 0, asked: 0 },
      ])
    })
  })

  test('is a question in the same minute, and none of the minutes before', async () => {
    const count = (key: string, minute: number): Promise<number> =>
      store.transaction((tx) => tx.countQuestion(key, minute))
    expect([await count('a', 1), await count('a', 1), await count('b', 1)]).toEqual([1, 2, 1])
    expect([await count('b', 2), await count('a', 2)]).toEqual([1, 1])
  })

  test('knows the agents that a principal approved', async () => {
    await insertFamily()
    await expect(store.transaction((tx) => tx.wasApproved(REQUEST.agent, 'acct-42'))).resolves.toBe(false)
    await store.transaction((tx) => tx.saveRequest(APPROVED))
    await store.transaction(async (tx) => {
      await expect(tx.wasApproved(REQUEST.agent, 'acct-42')).resolves.toBe(true)
      await expect(tx.wasApproved(REQUEST.agent, 'acct-43')).resolves.toBe(false)
      await expect(tx.wasApproved('did:key:zOther', 'acct-42')).resolves.toBe(false)
    })
  })
})

describe('places in a list', () => {
  test('are given once and counted', async () => {
    await store.transaction(async (tx) => {
      await tx.saveStatusList(LIST)
      await expect(tx.claimStatusPosition({ list: 1, index: 7 }, 2000)).resolves.toBe(true)
      await expect(tx.claimStatusPosition({ list: 1, index: 7 }, 3000)).resolves.toBe(false)
      await expect(tx.claimStatusPosition({ list: 1, index: 8 }, 1000)).resolves.toBe(true)
      await expect(tx.findStatusList({ number: 1, purpose: 'revocation' })).resolves.toMatchObject({
        allocated: 2,
        neededUntil: 2000,
      })
      await tx.saveStatusList({ ...LIST, version: 2, jws: 'd.e.f', allocated: 99 })
      await expect(tx.findStatusList({ number: 1, purpose: 'revocation' })).resolves.toMatchObject({
        version: 2,
        jws: 'd.e.f',
        allocated: 2,
      })
    })
  })

  test('are given to one of many who ask at once', async () => {
    await store.transaction((tx) => tx.saveStatusList(LIST))
    const claims = Array.from({ length: 64 }, (_, worker) =>
      store.transaction((tx) => tx.claimStatusPosition({ list: 1, index: worker % 8 }, 2000)),
    )
    const won = (await Promise.all(claims)).filter(Boolean)
    expect(won).toHaveLength(8)
    await expect(
      store.transaction((tx) => tx.findStatusList({ number: 1, purpose: 'revocation' })),
    ).resolves.toMatchObject({ allocated: 8 })
  })
})

describe('a transaction', () => {
  test('that throws did nothing', async () => {
    const run = store.transaction(async (tx) => {
      await tx.insertRequest(REQUEST)
      await tx.appendEvent({ time: 1, type: 'requested', data: {} })
      throw new Error('changed my mind')
    })
    await expect(run).rejects.toThrow('changed my mind')
    await store.transaction(async (tx) => {
      await expect(tx.findRequest('request-1')).resolves.toBeUndefined()
      await expect(tx.listEvents({ after: 0, limit: 9 })).resolves.toEqual([])
    })
  })

  test('is alone: no other sees half of it, or comes in between', async () => {
    const order: string[] = []
    const slow = store.transaction(async (tx) => {
      order.push('slow begins')
      await tx.insertRequest(REQUEST)
      await new Promise((resolve) => setImmediate(resolve))
      order.push('slow ends')
    })
    const quick = store.transaction(async (tx) => {
      order.push('quick begins')
      return tx.findRequest('request-1')
    })
    await slow
    await expect(quick).resolves.toEqual(REQUEST)
    expect(order).toEqual(['slow begins', 'slow ends', 'quick begins'])
  })

  test('takes a delegation once', async () => {
    await insertFamily()
    await store.transaction(async (tx) => {
      await expect(tx.insertDelegation({ ...CHILD, status: { list: 1, index: 9 } })).resolves.toBe(false)
    })
    await expect(store.transaction((tx) => tx.listDelegations({ limit: 9 }))).resolves.toHaveLength(2)
  })

  test('refuses a delegation at a place that is not its own', async () => {
    await insertFamily()
    const taken = store.transaction((tx) => tx.insertDelegation({ ...CHILD, id: 'child-2' }))
    await expect(taken).rejects.toThrow('UNIQUE')
    const free = { ...CHILD, id: 'child-3', status: { list: 1, index: 9 } }
    await expect(store.transaction((tx) => tx.insertDelegation(free))).rejects.toThrow('FOREIGN KEY')
  })

  test('refuses a publication that goes back', async () => {
    const save = (epoch: number, sequence: number): Promise<void> =>
      store.transaction((tx) => tx.savePublication({ epoch, sequence, jws: 'a.b.c', time: 1 }))
    await save(1, 5)
    await expect(save(1, 5)).rejects.toThrow('never go back')
    await expect(save(1, 4)).rejects.toThrow('never go back')
    await save(2, 1)
    await expect(save(1, 9)).rejects.toThrow('never go back')
  })
})

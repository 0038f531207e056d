import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createAuthority, createNoticeKeys, openDatabase } from '@behalf/authority'
import { checkDelegationStatus, parseDelegation, verifyStatusList } from '@behalf/credential'
import { parsePolicy } from '@behalf/issuer'
import { didKeyIssuerKeys } from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { expect } from 'vitest'
import { type CaseGroup, call, httpOn, invariantOnce, own } from '../support/attack-case.ts'
import { ASKED, operator, type RunningAuthority, walletAgent, withAuthority } from '../support/authority.ts'
import { withFolder } from '../support/databases.ts'
import { codeOf, expectAnswer, readCode } from '../support/expectation.ts'
import { killAfterChanges } from '../support/killed-process.ts'
import { issuer, stranger } from '../support/party.ts'
import type { Answer } from '../support/wire.ts'

const INJECTION = "' OR 1=1 --"
const ESCAPED = encodeURIComponent(INJECTION).replaceAll("'", '%27')

/** Options of an authority that only has to start. */
const START = {
  signer: issuer.signer,
  noticeKeys: createNoticeKeys(new Uint8Array(32).fill(7)),
  origin: 'http://127.0.0.1:1',
  policy: parsePolicy({
    id: 'ask',
    files: [{ name: 'p.cedar', text: 'permit (principal, action == Action::"ask-one", resource);' }],
  }),
  operators: [],
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  repeat: () => () => Promise.resolve(),
}

/** Requests for delegations that differ from one in order. */
async function askEach(running: RunningAuthority, changes: readonly object[]): Promise<readonly Answer[]> {
  const answers = []
  for (const change of changes) {
    answers.push(
      await running.send({ path: '/delegation-requests', as: walletAgent, body: { ...ASKED, ...change } }),
    )
  }
  return answers
}

async function injectEverywhere(running: RunningAuthority): Promise<readonly Answer[]> {
  for (const path of [
    `/delegation-requests/${ESCAPED}`,
    '/delegation-requests/1;DROP',
    '/status/lists/1%20OR%201',
  ]) {
    expect(readCode(await running.send({ method: 'GET', path, as: operator }))).toBe('not_found')
  }
  const [named, scoped] = await askEach(running, [
    {
      agent_name: INJECTION,
      purpose: `'); DROP TABLE requests; ${INJECTION}`,
      on_behalf_of: { id: INJECTION },
    },
    { capabilities: [{ ...ASKED.capabilities[0], paths: [INJECTION] }] },
  ])
  // Text is text: it is kept, and does nothing.
  expect(named?.status).toBe(201)
  expect(scoped && readCode(scoped)).toBe('scope_malformed')
  const read = await running.send({
    method: 'GET',
    path: `/delegation-requests/${JSON.parse(named?.body ?? '').id}`,
    as: stranger,
  })
  expect(readCode(read)).toBe('not_found')
  expect(await running.operatorWallet.authority(running.origin).listRequests()).toHaveLength(1)
  return [
    await running.send({ method: 'GET', path: `/delegation-requests?status=${ESCAPED}`, as: operator }),
    await running.send({ method: 'GET', path: `/events?after=${ESCAPED}`, as: operator }),
    await running.send({ method: 'GET', path: '/events?after=0&after=1', as: operator }),
    await running.send({ path: '/revocations', as: operator, body: { agent: INJECTION } }),
  ]
}

/** Revocation of a root and registration of a child at once: whichever comes first, the child is dead afterwards. */
async function raceRevocation(running: RunningAuthority): Promise<void> {
  const { wallet, operatorWallet, origin, authority } = running
  const admin = operatorWallet.authority(origin)
  for (let round = 0; round < 8; round += 1) {
    const asked = wallet.requestDelegation({
      authority: origin,
      onBehalfOf: ASKED.on_behalf_of,
      capabilities: [
        { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/v1/items'] },
      ],
      purpose: ASKED.purpose,
      maxDelegationDepth: 1,
      validForSeconds: 600,
    })
    const [pending] = await waitForRequest(running)
    await admin.approve(pending?.id ?? '', { version: pending?.version ?? 0 })
    const root = await asked
    const [child] = await Promise.allSettled([
      wallet.delegate({ to: stranger.did, parent: root.id }),
      admin.revoke({ delegation: root.id }),
    ])
    expect(await codeOf(() => wallet.delegate({ to: stranger.did, parent: root.id }))).toBe(
      'credential_revoked',
    )
    const links = child.status === 'fulfilled' ? child.value.chain : root.chain
    const dead = parseDelegation(links[0] ?? '')
    const list = verifyStatusList(await admin.statusList(1), {
      id: `${origin}/status/lists/1`,
      issuer: authority.issuerDid,
      issuers: didKeyIssuerKeys,
      now: running.now,
    })
    expect(await codeOf(() => checkDelegationStatus(dead, { revocation: list, suspension: undefined }))).toBe(
      'credential_revoked',
    )
  }
}

/** The request that the agent has just made, as the operator finds it. */
async function waitForRequest({
  operatorWallet,
  origin,
}: RunningAuthority): Promise<readonly { id: string; version: number }[]> {
  for (;;) {
    const found = await operatorWallet.authority(origin).listRequests({ status: 'pending' })
    if (found.length > 0) return found
  }
}

/** However early it is killed, an authority or a verifier that makes its files starts again over them. */
async function surviveCutMigrations(): Promise<void> {
  for (const changes of [1, 4, 9]) {
    await withFolder(async (folder) => {
      await killAfterChanges('authority-process.ts', { args: [folder], folder, changes })
      openVerifierDatabase(join(folder, 'verifier.db')).close()
      const authority = await createAuthority({ ...START, databasePath: join(folder, 'authority.db') })
      expect((await authority.app.request('/health')).status).toBe(200)
      await authority.close()
    })
  }
}

/** The code with which an authority refuses a database that is set like this. */
const withPragmas = (...pragmas: readonly string[]): Promise<string> =>
  withFolder(async (folder) => {
    const database = new DatabaseSync(join(folder, 'authority.db'))
    for (const pragma of [
      'locking_mode = exclusive',
      'journal_mode = wal',
      'synchronous = full',
      'foreign_keys = on',
      ...pragmas,
    ]) {
      database.exec(`pragma ${pragma}`)
    }
    const code = await codeOf(() =>
      createAuthority({ ...START, database, noncesPath: join(folder, 'nonces.db') }),
    )
    if (database.isOpen) database.close()
    return code
  })

/** Storage and concurrency. */
export const storage: CaseGroup = {
  name: 'Storage and concurrency',
  catalogue: {
    'DB-001': httpOn('express', () => withAuthority(injectEverywhere)),
    'DB-003': httpOn('express', () =>
      withAuthority((running) =>
        askEach(running, [
          { on_behalf_of: { id: 7 } },
          { on_behalf_of: { id: 'person-7', role: 5 } },
          { purpose: 1 },
          { agent_name: true },
          { valid_for_seconds: '60' },
          { max_uses: 1.5 },
          { workflow: { id: null } },
        ]),
      ),
    ),
    'DB-004': invariantOnce(() => withAuthority(raceRevocation)),
    'DB-007': invariantOnce(surviveCutMigrations),
    'DB-009': invariantOnce(() =>
      withAuthority(async ({ folder }) => {
        const databasePath = join(folder, 'authority.db')
        expect(await codeOf(() => createAuthority({ ...START, databasePath }))).toBe('database_in_use')
        expect(await codeOf(() => openDatabase(databasePath))).toBe('database_in_use')
      }),
    ),
    'DB-010': invariantOnce(async () => {
      expect(await withPragmas()).toBe('ok')
      for (const pragma of [
        'synchronous = off',
        'synchronous = normal',
        'foreign_keys = off',
        'locking_mode = normal',
        'journal_mode = delete',
      ]) {
        expect(await withPragmas(pragma), pragma).toBe('database_unsafe')
      }
    }),
  },
  own: {
    'DB-own-1': own(
      'input_invalid',
      'A member given twice, or with a name of JavaScript',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const text = JSON.stringify(ASKED)
          const answers = []
          for (const body of [
            text.replace('{', '{"purpose":"x",'),
            text.replace('{', '{"__proto__":{},'),
            text.replace('{', '{"homepage":"javascript:alert(1)",'),
            '[]',
            'null',
            '{',
            `{"a":${'['.repeat(2000)}`,
          ]) {
            answers.push(await running.send({ path: '/delegation-requests', as: walletAgent, body }))
          }
          return answers
        }),
      ),
    ),
    'DB-own-2': own(
      'not_found',
      'Ids of somebody else, or of nobody',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const [asked] = await askEach(running, [{}])
          const { id } = JSON.parse(asked?.body ?? '')
          return [
            await running.send({ method: 'GET', path: `/delegation-requests/${id}`, as: stranger }),
            await running.send({ path: `/delegation-requests/${id}/collect`, as: stranger, body: {} }),
            await running.send({
              path: `/delegation-requests/${id}/approve`,
              as: walletAgent,
              body: { version: 1 },
            }),
            await running.send({
              path: '/revocations',
              as: stranger,
              body: { delegation: 'urn:uuid:00000000-0000-4000-8000-000000000000' },
            }),
          ]
        }),
      ),
    ),
    'DB-own-3': own(
      'ok',
      'A verifier file of a later version is left alone',
      call(() =>
        withFolder(async (folder) => {
          const path = join(folder, 'verifier.db')
          openVerifierDatabase(path).close()
          const database = new DatabaseSync(path)
          database.exec('PRAGMA user_version = 99')
          database.close()
          expect(() => openVerifierDatabase(path)).toThrow()
          return 'ok'
        }),
      ),
    ),
    'DB-own-4': own(
      'nonce_replayed',
      'A call to the authority, twice',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const sent: Answer[] = []
          let kept: Parameters<NonNullable<Parameters<RunningAuthority['send']>[0]['change']>>[0] | undefined
          const call = { path: '/delegation-requests', as: walletAgent, body: ASKED }
          sent.push(await running.send({ ...call, change: (request) => (kept = request) }))
          expect(sent[0]?.status).toBe(201)
          return running.send({ ...call, change: (request) => kept ?? request })
        }),
      ),
    ),
    'DB-own-5': own(
      'signature_missing',
      'A call to the authority that nobody signed',
      httpOn('express', () =>
        withAuthority((running) => running.send({ path: '/revocations', body: { agent: stranger.did } })),
      ),
    ),
    'DB-own-6': own(
      'ok',
      'Nothing of this ended the authority',
      invariantOnce(() =>
        withAuthority(async (running) => {
          await injectEverywhere(running)
          const health = await running.send({ method: 'GET', path: '/health' })
          expect(health.status).toBe(200)
          expectAnswer(
            await running.send({ path: '/delegation-requests', as: walletAgent, body: 'x' }),
            'input_invalid',
          )
        }),
      ),
    ),
  },
}

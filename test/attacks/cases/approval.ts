import { expect } from 'vitest'
import { type CaseGroup, httpOn, invariantOnce, own } from '../support/attack-case.ts'
import {
  ASKED,
  operator,
  type RunningAuthority,
  spellKey,
  walletAgent,
  withAuthority,
} from '../support/authority.ts'
import { readCode } from '../support/expectation.ts'
import { agentA, agentB, stranger } from '../support/party.ts'
import { changeLine } from '../support/request.ts'
import type { Answer } from '../support/wire.ts'

const asking = (...changes: readonly object[]) =>
  httpOn('express', () =>
    withAuthority(async (running) => {
      const answers = []
      for (const change of changes) answers.push(await ask(running, change))
      return answers
    }),
  )

function ask(running: RunningAuthority, change: object = {}): Promise<Answer> {
  return running.send({ path: '/delegation-requests', as: walletAgent, body: { ...ASKED, ...change } })
}

/** The id of a request that was just made. */
async function askedId(running: RunningAuthority): Promise<string> {
  const answer = await ask(running)
  expect(answer.status).toBe(201)
  return JSON.parse(answer.body).id
}

const deciding = (run: (running: RunningAuthority, id: string) => Promise<Answer>) =>
  httpOn('express', () => withAuthority(async (running) => run(running, await askedId(running))))

const approve = (running: RunningAuthority, id: string, body: object = { version: 1 }): Promise<Answer> =>
  running.send({ path: `/delegation-requests/${id}/approve`, as: operator, body })

/** What a thousand requests within a minute end with. */
async function flood(running: RunningAuthority, change: (count: number) => object): Promise<Answer> {
  for (let count = 0; count < 1000; count += 1) {
    const answer = await ask(running, change(count))
    if (answer.status !== 201) return answer
  }
  throw new Error('a thousand requests were taken')
}

/** Cases of the classes that the page for people will bring, as far as the API of the authority has them now. */
export const approval: CaseGroup = {
  name: 'Approval by the API',
  catalogue: {},
  own: {
    'AP-own-1': own(
      'input_invalid',
      'Names that turn around, hide, break the line or pile up',
      asking(
        { agent_name: 'Invoice\u202ecod.exe' },
        { agent_name: 'read\u200b' },
        { agent_name: 'a\nb' },
        { agent_name: '\n'.repeat(200) },
        { agent_name: `Z${'\u0301'.repeat(10_000)}` },
        { agent_name: 'a'.repeat(5000) },
        { agent_name: '\ud800' },
        { agent_name: ' ' },
        { purpose: 'a\u2028b' },
        { on_behalf_of: { id: 'a\u0000b' } },
        { homepage: 'javascript:alert(1)' },
      ),
    ),
    'AP-own-2': own(
      'approval_mismatch',
      'Approved in another version than was read',
      deciding((running, id) => approve(running, id, { version: 2 })),
    ),
    'AP-own-3': own(
      'approval_consumed',
      'Approved twice',
      deciding(async (running, id) => {
        expect((await approve(running, id)).status).toBe(200)
        return approve(running, id)
      }),
    ),
    'AP-own-4': own(
      'approval_consumed',
      'Denied after it was approved',
      deciding(async (running, id) => {
        expect((await approve(running, id)).status).toBe(200)
        return running.send({ path: `/delegation-requests/${id}/deny`, as: operator, body: { version: 2 } })
      }),
    ),
    'AP-own-5': own(
      'approval_expired',
      'Approved too late',
      deciding((running, id) => {
        running.now += 86_400_000
        return approve(running, id)
      }),
    ),
    'AP-own-6': own(
      'rate_limited',
      'A flood of requests of one agent, the same or others',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const same = await flood(running, () => ({}))
          running.now += 60_000
          return [same, await flood(running, (count) => ({ workflow: { id: 'w', run: String(count) } }))]
        }),
      ),
    ),
    'AP-own-7': own(
      'not_found',
      'The grant collected by another key than the one shown',
      deciding(async (running, id) => {
        expect((await approve(running, id)).status).toBe(200)
        return running.send({ path: `/delegation-requests/${id}/collect`, as: stranger, body: {} })
      }),
    ),
    'AP-own-8': own(
      'authorization_pending',
      'Collected before anybody decided',
      deciding((running, id) =>
        running.send({ path: `/delegation-requests/${id}/collect`, as: walletAgent, body: {} }),
      ),
    ),
    'AP-own-9': own(
      'access_denied',
      'Collected after it was denied',
      deciding(async (running, id) => {
        const denied = await running.send({
          path: `/delegation-requests/${id}/deny`,
          as: operator,
          body: { version: 1 },
        })
        expect(denied.status).toBe(200)
        return running.send({ path: `/delegation-requests/${id}/collect`, as: walletAgent, body: {} })
      }),
    ),
    'AP-own-10': own(
      'ok',
      'Links of the authority come from its configuration',
      invariantOnce(() =>
        withAuthority(async (running) => {
          const answer = await running.send({
            path: '/delegation-requests',
            as: walletAgent,
            body: ASKED,
            change: (request) => ({
              ...request,
              lines: [...request.lines, ['X-Forwarded-Host', 'evil.test'], ['X-Forwarded-Proto', 'https']],
            }),
          })
          expect(JSON.parse(answer.body).approval_url).toMatch(new RegExp(`^${running.origin}/approve/`))
        }),
      ),
    ),
    'AP-own-11': own(
      'forbidden',
      'Whoever is no operator',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const answers = []
          for (const path of ['/events', '/delegations', '/enrolments', '/delegation-requests']) {
            answers.push(await running.send({ method: 'GET', path, as: walletAgent }))
          }
          return answers
        }),
      ),
    ),
    'AP-own-12': own(
      'key_revoked',
      'A revoked key asks',
      httpOn('express', () =>
        withAuthority(async (running) => {
          const revoked = await running.send({
            path: '/revocations',
            as: operator,
            body: { agent: walletAgent.did },
          })
          expect(revoked.status).toBe(200)
          return ask(running)
        }),
      ),
    ),
    'AP-own-13': own(
      'key_mismatch',
      'The inline key of somebody else',
      httpOn('express', () =>
        withAuthority((running) =>
          running.send({
            path: '/delegation-requests',
            as: agentA,
            body: ASKED,
            change: (request) => changeLine(request, 'Signature-Key', () => spellKey(agentB)),
          }),
        ),
      ),
    ),
    'AP-own-14': own(
      'tag_mismatch',
      'A request for an API, sent to the authority',
      httpOn('express', () =>
        withAuthority((running) =>
          running.send({
            path: '/delegation-requests',
            as: agentA,
            body: ASKED,
            change: (request) =>
              changeLine(request, 'Signature-Input', (value) =>
                value.replace('agent-key', 'agent-delegation'),
              ),
          }),
        ),
      ),
    ),
    'AP-own-15': own(
      'input_invalid',
      'More than was asked for',
      deciding(async (running, id) => {
        const answer = await approve(running, id, { version: 1, narrow: { valid_for_seconds: 3600 } })
        expect(readCode(answer)).toBe('input_invalid')
        return answer
      }),
    ),
  },
}

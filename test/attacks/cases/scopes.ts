import { expect } from 'vitest'
import { type CaseGroup, http, invariant, invariantOnce, own } from '../support/attack-case.ts'
import { createChain, grant, ITEMS } from '../support/chain.ts'
import { withDatabases } from '../support/databases.ts'
import { expectAnswer, readCode } from '../support/expectation.ts'
import { effectsAfterKills } from '../support/killed-api.ts'
import type { Lab } from '../support/lab.ts'
import { addLines, type BaselineChanges, baseline, changeLine, sign } from '../support/request.ts'

/** The baseline, changed, under a capability that differs in these members. */
const under = (members: object, changes: BaselineChanges = {}) =>
  http(async (api) => api.sendSigned(baseline({ ...changes, chain: await grant({ ...ITEMS, ...members }) })))

const onPath = (path: string, target: string) => under({ paths: [path] }, { target })

/** One request under each of these capabilities. */
const underEach = (...capabilities: readonly object[]) =>
  http(async (api) => {
    const answers = []
    for (const members of capabilities)
      answers.push(await api.sendSigned(baseline({ chain: await grant({ ...ITEMS, ...members }) })))
    return answers
  })

const withBody = (limits: object, body: string) => under({ constraints: { body: limits } }, { body })
const withQuery = (limits: object, query: string) =>
  under({ constraints: { query: limits } }, { target: `/v1/items${query}`, body: '' })

/** Scopes and policy. */
export const scopes: CaseGroup = {
  name: 'Scopes and policy',
  catalogue: {
    'SC-001': onPath('/v1/item', '/v1/items-admin'),
    'SC-003': onPath('/v1/*/read', '/v1/a/b/read'),
    'SC-004': onPath('/v1/**/x', '/v1/a/x'),
    'SC-006': onPath('/v1/%2A', '/v1/items'),
    'SC-007': underEach({ actions: ['GET POST'] }, { actions: ['GET,POST'] }),
    'SC-009': underEach({ actions: ['POST\u200b'] }, { paths: ['/v1/items\u200b'] }),
    'SC-010': under({ actions: ['post'] }),
    'SC-012': underEach(
      { actions: ['constructor', '__proto__', 'toString'] },
      { paths: ['/constructor', '/__proto__', '/toString'] },
    ),
    'SC-013': underEach({ actions: '*' }, { paths: '*' }, { locations: 'https://api.test' }),
    'SC-015': withQuery({ account: { const: '1' } }, '?account=1&account=2'),
    'SC-016': withBody({ amount: { maximum: 100 } }, '{"amount":1,"amount":9999}'),
    'SC-018': invariantOnce(spendBudget),
    'SC-019': invariantOnce(async () => {
      const { effects, budget } = await effectsAfterKills()
      expect(effects).toBeGreaterThan(0)
      expect(effects).toBeLessThanOrEqual(budget)
    }),
    'SC-021': http(async (api) => {
      const broken = await api.open({
        mapPrincipal: () => {
          throw new Error('the policy engine is gone')
        },
      })
      return broken.sendSigned(baseline())
    }),
  },
  own: {
    'SC-own-1': own(
      'scope_exceeded',
      'HEAD under GET',
      under({ actions: ['GET'] }, { method: 'HEAD', body: '' }),
    ),
    'SC-own-2': own(
      'scope_malformed',
      'Patterns outside the grammar',
      underEach(
        { paths: ['/v1/a*'] },
        { paths: ['v1/items'] },
        { paths: ['/v1//items'] },
        { paths: ['/v1/../items'] },
        { paths: ['/v1/items?b=2'] },
        { paths: ['/v1/items#x'] },
        { paths: ['/v1/\u00e9'] },
        { paths: ['/v1/;x'] },
        { paths: ['/v1/***'] },
        { paths: [''] },
        { paths: [1] },
        { paths: [null] },
      ),
    ),
    'SC-own-3': own(
      'scope_exceeded',
      'Segments that a router may read as something else',
      http(async (api) => {
        const chain = await grant({ ...ITEMS, paths: ['/v1/*', '/v1/public/**'] })
        const answers = []
        for (const target of [
          '/v1/;admin',
          '/v1/a;b',
          '/v1/public/a;x=y',
          '/v1/%2561',
          '/v1/',
          '/v1/public//a',
          '/v1/public/%25%32%65',
        ]) {
          answers.push(await api.sendSigned(baseline({ chain, target })))
        }
        return answers
      }),
    ),
    'SC-own-4': own('ok', 'Two stars name everything below', onPath('/v1/**', '/v1/items/7/comments?x=1')),
    'SC-own-5': own(
      'scope_exceeded',
      'Two stars do not name the folder itself',
      onPath('/v1/items/**', '/v1/items'),
    ),
    'SC-own-6': own(
      'scope_exceeded',
      'No rights in any of the lists',
      underEach({ paths: [] }, { actions: [] }),
    ),
    'SC-own-7': own('audience_mismatch', 'No locations', under({ locations: [] })),
    'SC-own-8': own(
      'credential_malformed',
      'A capability without one of its lists',
      underEach({ paths: undefined }, { actions: undefined }, { locations: undefined }, { type: undefined }),
    ),
    'SC-own-9': own(
      'policy_denied',
      'A body above the limit, or outside of what is listed',
      http(async (api) => {
        const chain = await grant({
          ...ITEMS,
          constraints: { body: { amount: { maximum: 100 }, currency: { enum: ['EUR'] } } },
        })
        const answers = []
        for (const body of [
          '{"amount":101,"currency":"EUR"}',
          '{"amount":1,"currency":"USD"}',
          '{"amount":1}',
          '{"amount":"1","currency":"EUR"}',
          '{"amount":1,"currency":"EUR","to":"x"}',
          '[]',
          '1',
          '{"amount":1e3,"currency":"EUR"}',
          'amount=1&currency=EUR',
          '{"amount":1,"currency":["EUR"]}',
        ]) {
          answers.push(await api.sendSigned(baseline({ chain, body })))
        }
        return answers
      }),
    ),
    'SC-own-10': own(
      'ok',
      'A body within its limits',
      withBody(
        { amount: { maximum: 100 }, currency: { enum: ['EUR'] } },
        '{"currency":"EUR","amount":100.0}',
      ),
    ),
    'SC-own-11': own(
      'policy_denied',
      'A body that says it is no JSON',
      http(async (api) => {
        const draft = baseline({ chain: await grant({ ...ITEMS, constraints: { body: { x: {} } } }) })
        const lines = draft.lines.map((line): typeof line =>
          line[0] === 'Content-Type' ? ['Content-Type', 'application/x-www-form-urlencoded'] : line,
        )
        return api.sendSigned({ ...draft, lines })
      }),
    ),
    'SC-own-26': own(
      'policy_denied',
      'A constrained body that says it is encoded, or in another alphabet',
      http(async (api) => {
        const draft = baseline({ chain: await grant({ ...ITEMS, constraints: { body: { x: {} } } }) })
        const answers = []
        for (const coding of ['gzip', 'br', 'deflate', 'identity']) {
          answers.push(await api.sendSigned(addLines(draft, ['Content-Encoding', coding])))
        }
        for (const type of [
          'application/json; charset=utf-16',
          'application/json;charset=utf-8;x=1',
          'text/json',
          '',
        ]) {
          answers.push(await api.sendSigned(changeLine(draft, 'Content-Type', () => type)))
        }
        return answers
      }),
    ),
    'SC-own-12': own(
      'json_ambiguous',
      'A constrained body with what two readers read differently',
      http(async (api) => {
        const chain = await grant({ ...ITEMS, constraints: { body: { amount: { maximum: 100 } } } })
        const answers = []
        for (const body of [
          '{"amount":1,"Amount":9999}',
          '{"amount":1,"__proto__":{"amount":9999}}',
          '{"amount":1,"amoun\\u0074":9999}',
          '{"amount":9007199254740993}',
        ]) {
          answers.push(await api.sendSigned(baseline({ chain, body })))
        }
        return answers
      }),
    ),
    'SC-own-13': own(
      'scope_exceeded',
      'Query names or values that are not listed',
      http(async (api) => {
        const chain = await grant({ ...ITEMS, constraints: { query: { account: { const: '1' } } } })
        const answers = []
        for (const query of [
          '',
          '?account=2',
          '?account=1&admin=1',
          '?Account=1',
          '?account=1&',
          '?account',
          '?account=%31%31',
          '?account=1&%61ccount=2',
          '?account=1%26admin=1',
          '?account[]=1',
          '?account=1&=2',
          '?account=1;admin=1',
        ]) {
          answers.push(await api.sendSigned(baseline({ chain, target: `/v1/items${query}` })))
        }
        return answers
      }),
    ),
    'SC-own-14': own('ok', 'A query within its limits', withQuery({ account: { const: '1' } }, '?account=1')),
    'SC-own-15': own(
      'policy_denied',
      'Outside of the hours',
      under({ constraints: { time: [{ zone: 'UTC', from: '13:00', to: '14:00' }] } }),
    ),
    'SC-own-16': own(
      'ok',
      'Within the hours',
      under({ constraints: { time: [{ zone: 'UTC', from: '12:00', to: '13:00' }] } }),
    ),
    'SC-own-17': own(
      'scope_malformed',
      'A constraint outside its grammar',
      underEach(
        { constraints: { body: { x: { maximum: '1' } } } },
        { constraints: [] },
        { constraints: { body: [] } },
      ),
    ),
    'SC-own-18': own(
      'forbidden',
      'A principal without an account',
      http(async (api) => (await api.open({ mapPrincipal: () => undefined })).sendSigned(baseline())),
    ),
    'SC-own-19': own(
      'budget_exceeded',
      'One use more than there are',
      http(async (api) => {
        const chain = await createChain([{ subject: { maxUses: 3 } }, {}, { subject: { maxUses: 2 } }])
        expectAnswer(await api.sendSigned(baseline({ chain })), 'ok')
        expectAnswer(await api.sendSigned(baseline({ chain })), 'ok')
        return api.sendSigned(baseline({ chain }))
      }),
    ),
    'SC-own-20': own(
      'budget_exceeded',
      'Another child does not refill the budget of its parent',
      http(async (api) => {
        const child = (purpose: string): Promise<readonly string[]> =>
          createChain([{ subject: { maxUses: 1, purpose: 'shared' } }, {}, { subject: { purpose } }])
        expectAnswer(await api.sendSigned(baseline({ chain: await child('first') })), 'ok')
        return api.sendSigned(baseline({ chain: await child('second') }))
      }),
    ),
    'SC-own-21': own(
      'replay_store_unavailable',
      'A counter that cannot tell',
      http(async (api) => {
        const useCounter = { count: () => Promise.reject(new Error('the counter is gone')) }
        const chain = await createChain([{ subject: { maxUses: 3 } }, {}, {}])
        return (await api.open({ useCounter })).sendSigned(baseline({ chain }))
      }),
    ),
    'SC-own-22': own(
      'audit_unavailable',
      'A decision that cannot be recorded',
      http(async (api) => {
        const auditSink = { record: () => Promise.reject(new Error('the log is gone')) }
        return (await api.open({ auditSink })).sendSigned(baseline())
      }),
    ),
    'SC-own-23': own(
      'context_missing',
      'A member of Agent-Context this API asks for',
      http(async (api) => (await api.open({ requiredContext: ['tool'] })).sendSigned(baseline())),
    ),
    'SC-own-24': own(
      'ok',
      'Refused requests use up nothing',
      invariant(async (api) => {
        const chain = await createChain([{ subject: { maxUses: 1 } }, {}, {}])
        expectAnswer(await api.sendSigned(baseline({ chain, target: '/v1/other' })), 'scope_exceeded')
        expectAnswer(await api.sendSigned(baseline({ chain })), 'ok')
        expectAnswer(await api.sendSigned(baseline({ chain })), 'budget_exceeded')
      }),
    ),
    'SC-own-25': own(
      'audience_mismatch',
      'An mcp capability at an HTTP API',
      under({ type: 'mcp', paths: undefined }),
    ),
  },
}

/** A budget of 100, and 1,000 requests for it, a hundred at once, at four verifiers that share a file. */
function spendBudget(lab: Lab): Promise<void> {
  return withDatabases(4, async (databases) => {
    const replicas = await Promise.all(
      databases.map(({ replayStore, useCounter }) => lab.open({ replayStore, useCounter })),
    )
    const chain = await createChain([{ subject: { maxUses: 100 } }, {}, {}])
    const codes: string[] = []
    for (let wave = 0; wave < 10; wave += 1) {
      const requests = await Promise.all(Array.from({ length: 100 }, () => sign(baseline({ chain }))))
      const sent = requests.map((request, index) => replicas[index % replicas.length]?.send(request) ?? [])
      codes.push(...(await Promise.all(sent)).flat().map(readCode))
    }
    const counts = ['ok', 'budget_exceeded'].map((code) => codes.filter((found) => found === code).length)
    expect(counts).toEqual([100, 900])
    expect(replicas.reduce((sum, { handled }) => sum + handled, 0)).toBe(100)
  })
}

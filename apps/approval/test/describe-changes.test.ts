import { describe, expect, test } from 'vitest'
import { describeChanges } from '../src/model/describe-changes.ts'
import { READ, requestView } from './support/request-view.ts'

const before = requestView()

describe('what an agent changed', () => {
  test('nothing', () => {
    expect(describeChanges(before, requestView({ version: 2 }))).toEqual([])
  })

  test('permissions, what is new first', () => {
    const changes = describeChanges(
      before,
      requestView({ capabilities: [READ, { ...READ, actions: ['DELETE'] }] }),
    )
    expect(changes.map(({ kind }) => kind)).toEqual(['more', 'less'])
    expect(changes[0]?.words).toMatch(/^New: It may delete \(DELETE\) "\/issues\/"/u)
    expect(changes[1]?.words).toMatch(/^No longer: It may send to \(POST\)/u)
  })

  test.each([
    [{ valid_for_seconds: 3600 }, 'more', 'It may last 1 hour, before 30 minutes'],
    [{ valid_for_seconds: 60 }, 'less', 'It may last 1 minute, before 30 minutes'],
    [{ max_uses: 5 }, 'less', 'It may make 5 requests, before 100 requests'],
    [{ max_delegation_depth: 0 }, 'less', 'It may pass on to nobody, before to other agents, one step'],
    [
      { max_delegation_depth: 3 },
      'more',
      'It may pass on to other agents, 3 steps, before to other agents, one step',
    ],
    [{ purpose: 'Pay' }, 'other', 'The purpose is now “Pay”, before “Sort new issues”'],
    [{ workflow: { id: 'w', run: '7' } }, 'other', 'The workflow is now “w, run 7”, before “”'],
    [{ agent_name: 'Bank' }, 'other', 'Its name is now “Bank”, before “Issue sorter”'],
    [
      { on_behalf_of: { id: 'alice', role: 'admin' } },
      'other',
      'For whom is now “alice, admin”, before “alice”',
    ],
  ] as const)('%j', (change, kind, words) => {
    expect(describeChanges(before, requestView(change))).toEqual([{ words, kind }])
  })

  test('a limit that is gone is more', () => {
    const { max_uses: _, ...unlimited } = before
    expect(describeChanges(before, unlimited)).toEqual([
      { words: 'It may make any number of requests, before 100 requests', kind: 'more' },
    ])
  })
})

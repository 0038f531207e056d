import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DelegationView } from '../src/api/views.ts'
import { edgePath, fitText, pictureHeight, placeRow } from '../src/model/tree-geometry.ts'
import { layoutTrees } from '../src/model/tree-layout.ts'

function link(id: string, parent?: string, createdAt = 0): DelegationView {
  return {
    id,
    status: 'active',
    delegator: 'did:key:z6MkA',
    subject: 'did:key:z6MkB',
    agent_fingerprint: '0123',
    children: 0,
    apis: [],
    on_behalf_of: { id: 'alice' },
    capabilities: [],
    root_id: id,
    valid_from: '2026-01-01T00:00:00Z',
    valid_until: '2026-01-01T01:00:00Z',
    created_at: new Date(createdAt).toISOString(),
    ...(parent !== undefined && { parent_id: parent }),
  }
}

const shape = (delegations: readonly DelegationView[]): readonly string[][] =>
  layoutTrees(delegations).map(({ rows }) =>
    rows.map(({ delegation, depth, parent, below }) => `${delegation.id} ${depth} ${parent ?? '-'} ${below}`),
  )

describe('the trees of a list', () => {
  test('no list, no tree', () => {
    expect(shape([])).toEqual([])
  })

  test('parents stand before children, siblings in the order they came, however the list is sorted', () => {
    const list = [link('c', 'b', 3), link('d', 'a', 4), link('b', 'a', 2), link('a')]
    expect(shape(list)).toEqual([['a 0 - 3', 'b 1 0 1', 'c 2 1 0', 'd 1 0 0']])
  })

  test('the newest tree comes first', () => {
    expect(shape([link('old', undefined, 1), link('new', undefined, 2)])).toEqual([
      ['new 0 - 0'],
      ['old 0 - 0'],
    ])
  })

  test('one whose parent is gone stands at the top', () => {
    expect(shape([link('b', 'gone')])).toEqual([['b 0 - 0']])
  })

  test('a ring is shown once and ends', () => {
    expect(shape([link('a', 'b'), link('b', 'a')])).toEqual([['a 0 - 1', 'b 1 0 0']])
    expect(shape([link('a', 'a')])).toEqual([['a 0 - 0']])
  })

  test('whatever the list says, each delegation is shown exactly once and counts add up', () => {
    const id = fc.integer({ min: 0, max: 9 }).map(String)
    const lists = fc.uniqueArray(fc.record({ id, parent: fc.option(id, { nil: undefined }) }), {
      selector: (entry) => entry.id,
    })
    fc.assert(
      fc.property(lists, (entries) => {
        const trees = layoutTrees(entries.map((entry) => link(entry.id, entry.parent)))
        const shown = trees.flatMap(({ rows }) => rows.map(({ delegation }) => delegation.id))
        expect(shown.toSorted()).toEqual(entries.map((entry) => entry.id).toSorted())
        for (const { rows } of trees) expect(rows[0]?.below).toBe(rows.length - 1)
      }),
    )
  })
})

describe('the picture', () => {
  test.each([300, 320, 700])('every node lies inside a picture %i wide, at any depth', (width) => {
    for (const depth of [0, 1, 7, 30]) {
      const place = placeRow({ depth }, depth, width)
      expect(place.x).toBeGreaterThanOrEqual(0)
      expect(place.x + place.width).toBeLessThanOrEqual(width)
      expect(place.width).toBeGreaterThanOrEqual(150)
      expect(place.y + place.height).toBeLessThanOrEqual(pictureHeight(depth + 1))
    }
  })

  test('rows do not overlap', () => {
    const [first, second] = [placeRow({ depth: 0 }, 0, 300), placeRow({ depth: 1 }, 1, 300)]
    expect(second.y).toBeGreaterThan(first.y + first.height)
    expect(edgePath(first, second)).toBe('M 14 56 V 93 H 26')
  })

  test('a text is cut by characters, never inside one', () => {
    expect(fitText('short', 200, 14)).toBe('short')
    expect(fitText('😀'.repeat(50), 100, 14)).toBe(`${'😀'.repeat(11)}…`)
    expect(fitText('long', 0, 14)).toBe('…')
  })
})

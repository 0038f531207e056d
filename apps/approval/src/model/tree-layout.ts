import type { DelegationView } from '../api/views.ts'

/** Where a delegation stands in the picture. */
export interface TreeRow {
  readonly delegation: DelegationView
  /** 0 at the top. */
  readonly depth: number
  /** Row of the one above, undefined at the top. */
  readonly parent: number | undefined
  /** Rows below it, however deep. */
  readonly below: number
}

/** A delegation with all that hangs on it. */
export interface Tree {
  readonly root: DelegationView
  readonly rows: readonly TreeRow[]
}

/**
 * The trees of a list, newest root first; each has one row for each delegation, parents before children. A delegation
 * whose parent is not in the list stands at the top of its own tree, and no delegation is left out or shown twice,
 * whatever the list says.
 */
export function layoutTrees(delegations: readonly DelegationView[]): readonly Tree[] {
  const byId = new Map(delegations.map((delegation) => [delegation.id, delegation]))
  const children = groupByParent(byId)
  const placed = new Set<string>()
  const tops = delegations.filter(({ parent_id: parent }) => parent === undefined || !byId.has(parent))
  const trees = newestFirst(tops).map((root) => plant(root, children, placed))
  // Links that name each other in a ring have no top: each ring is planted where it comes first.
  const rings = delegations.flatMap((delegation) =>
    placed.has(delegation.id) ? [] : [plant(delegation, children, placed)],
  )
  return [...trees, ...rings]
}

function plant(
  root: DelegationView,
  children: ReadonlyMap<string, readonly DelegationView[]>,
  placed: Set<string>,
): Tree {
  const rows: TreeRow[] = []
  const place = (delegation: DelegationView, depth: number, parent: number | undefined): number => {
    if (placed.has(delegation.id)) return 0
    placed.add(delegation.id)
    const index = rows.push({ delegation, depth, parent, below: 0 }) - 1
    let below = 0
    for (const child of oldestFirst(children.get(delegation.id) ?? []))
      below += place(child, depth + 1, index)
    rows[index] = { delegation, depth, parent, below }
    return below + 1
  }
  place(root, 0, undefined)
  return { root, rows }
}

function groupByParent(
  byId: ReadonlyMap<string, DelegationView>,
): ReadonlyMap<string, readonly DelegationView[]> {
  const groups = new Map<string, DelegationView[]>()
  for (const delegation of byId.values()) {
    const parent = delegation.parent_id
    if (parent === undefined) continue
    groups.set(parent, [...(groups.get(parent) ?? []), delegation])
  }
  return groups
}

function newestFirst(delegations: readonly DelegationView[]): readonly DelegationView[] {
  return delegations.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
}

function oldestFirst(delegations: readonly DelegationView[]): readonly DelegationView[] {
  return delegations.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))
}

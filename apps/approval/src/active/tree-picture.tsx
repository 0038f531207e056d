import type { ReactNode } from 'react'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import type { PictureRow } from '../model/picture-row.ts'
import type { Tree, TreeRow } from '../model/tree-layout.ts'
import { PictureTree } from '../parts/picture-tree.tsx'
import { safeText } from '../words/safe-text.ts'

interface TreePictureProps {
  readonly tree: Tree
  readonly chosen: string
  readonly choose: (id: string) => void
}

/** The tree of delegations, drawn. */
export function TreePicture({ tree, chosen, choose }: TreePictureProps): ReactNode {
  const now = useNow()
  const rows = tree.rows.map((row) => toPicture(row, now))
  return <PictureTree label="Who passed rights on to whom" rows={rows} chosen={chosen} choose={choose} />
}

function toPicture({ delegation, depth, parent }: TreeRow, now: number): PictureRow {
  const { id, agent_name: name, agent_fingerprint: fingerprint, valid_until: end, status } = delegation
  return {
    key: id,
    depth,
    parent,
    name: name === undefined ? 'without a name' : `“${safeText(name, 80)}”`,
    sub: `${status === 'suspended' ? 'suspended' : `${countDown(end, now).short} left`} · ${safeText(fingerprint, 120)}`,
    status,
  }
}

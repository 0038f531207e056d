import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import { useNow } from '../live/use-now.ts'
import { countDown } from '../model/countdown.ts'
import { edgePath, fitText, type Place, pictureHeight, placeRow } from '../model/tree-geometry.ts'
import type { Tree, TreeRow } from '../model/tree-layout.ts'
import { safeText } from '../words/safe-text.ts'

interface TreePictureProps {
  readonly tree: Tree
  readonly chosen: string
  readonly choose: (id: string) => void
}

const WIDTH_BEFORE_MEASURING = 320

/** The tree of delegations, drawn; arrow keys walk through it, and the chosen node is in the tab order. */
export function TreePicture({ tree, chosen, choose }: TreePictureProps): ReactNode {
  const { ref, width } = useElementSize()
  const nodes = useRef(new Map<string, SVGGElement>())
  const drawn = width || WIDTH_BEFORE_MEASURING
  const places = tree.rows.map((row, index) => placeRow(row, index, drawn))
  const height = pictureHeight(tree.rows.length)
  const move = (event: KeyboardEvent, index: number): void => {
    const next = tree.rows[target(event.key, index, tree.rows)]
    if (next === undefined) return
    event.preventDefault()
    choose(next.delegation.id)
    nodes.current.get(next.delegation.id)?.focus()
  }
  return (
    <div ref={ref} role="tree" aria-label="Who passed rights on to whom">
      <svg className="tree-picture" viewBox={`0 0 ${drawn} ${height}`} role="presentation">
        {tree.rows.map((row, index) => {
          const from = row.parent === undefined ? undefined : places[row.parent]
          const to = places[index]
          if (from === undefined || to === undefined) return null
          return <path key={row.delegation.id} className="edge" d={edgePath(from, to)} />
        })}
        {tree.rows.map((row, index) => (
          <Node
            key={row.delegation.id}
            row={row}
            place={places[index] ?? placeRow(row, index, drawn)}
            chosen={row.delegation.id === chosen}
            keep={(element) => {
              if (element) nodes.current.set(row.delegation.id, element)
              else nodes.current.delete(row.delegation.id)
            }}
            onChoose={() => choose(row.delegation.id)}
            onKey={(event) => move(event, index)}
          />
        ))}
      </svg>
    </div>
  )
}

/** Where an arrow key leads from a row; -1 when it leads nowhere. */
function target(key: string, index: number, rows: readonly TreeRow[]): number {
  const row = rows[index]
  if (key === 'ArrowDown') return Math.min(index + 1, rows.length - 1)
  if (key === 'ArrowUp') return Math.max(index - 1, 0)
  if (key === 'ArrowLeft') return row?.parent ?? -1
  if (key === 'ArrowRight') return rows.findIndex(({ parent }) => parent === index)
  if (key === 'Home') return 0
  return key === 'End' ? rows.length - 1 : -1
}

interface NodeProps {
  readonly row: TreeRow
  readonly place: Place
  readonly chosen: boolean
  readonly keep: (element: SVGGElement | null) => void
  readonly onChoose: () => void
  readonly onKey: (event: KeyboardEvent) => void
}

function Node({ row, place, chosen, keep, onChoose, onKey }: NodeProps): ReactNode {
  const { delegation, depth } = row
  const { x, y, width, height } = place
  const { short } = countDown(delegation.valid_until, useNow())
  const name =
    delegation.agent_name === undefined ? 'without a name' : `“${safeText(delegation.agent_name, 80)}”`
  const fingerprint = safeText(delegation.agent_fingerprint, 120)
  return (
    <g
      ref={keep}
      className="node"
      data-status={delegation.status}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={chosen}
      tabIndex={chosen ? 0 : -1}
      onClick={onChoose}
      onKeyDown={onKey}
    >
      <rect x={x} y={y} width={width} height={height} rx="8" />
      <circle className="mark" cx={x + 16} cy={y + 19} r="5" />
      <text x={x + 30} y={y + 24}>
        {fitText(name, width - 40, 14)}
      </text>
      <text className="sub" x={x + 30} y={y + 43}>
        {fitText(`${short} left · ${fingerprint}`, width - 40, 12.5)}
      </text>
    </g>
  )
}

import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import type { PictureRow } from '../model/picture-row.ts'
import { edgePath, fitText, type Place, pictureHeight, placeRow } from '../model/tree-geometry.ts'

interface PictureTreeProps {
  readonly label: string
  readonly rows: readonly PictureRow[]
  /** Key of the row in the tab order. */
  readonly chosen: string
  readonly choose: (key: string) => void
  /** What a click, Enter and the space bar do besides. */
  readonly open?: (key: string) => void
}

const WIDTH_BEFORE_MEASURING = 320

/** A tree, drawn; arrow keys walk through it, and the chosen box is in the tab order. */
export function PictureTree({ label, rows, chosen, choose, open }: PictureTreeProps): ReactNode {
  const { ref, width } = useElementSize()
  const boxes = useRef(new Map<string, SVGGElement>())
  const drawn = width || WIDTH_BEFORE_MEASURING
  const places = rows.map((row, index) => placeRow(row, index, drawn))
  const height = pictureHeight(rows.length)
  const press = (event: KeyboardEvent, index: number): void => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      open?.(rows[index]?.key ?? chosen)
      return
    }
    const next = rows[target(event.key, index, rows)]
    if (next === undefined) return
    event.preventDefault()
    choose(next.key)
    boxes.current.get(next.key)?.focus()
  }
  return (
    <div ref={ref} role="tree" aria-label={label}>
      <svg className="tree-picture" viewBox={`0 0 ${drawn} ${height}`} role="presentation">
        {rows.map((row, index) => {
          const from = row.parent === undefined ? undefined : places[row.parent]
          const to = places[index]
          if (from === undefined || to === undefined) return null
          return <path key={row.key} className="edge" d={edgePath(from, to)} />
        })}
        {rows.map((row, index) => (
          <Box
            key={row.key}
            row={row}
            place={places[index] ?? placeRow(row, index, drawn)}
            chosen={row.key === chosen}
            keep={(element) => {
              if (element) boxes.current.set(row.key, element)
              else boxes.current.delete(row.key)
            }}
            onChoose={() => {
              choose(row.key)
              open?.(row.key)
            }}
            onKey={(event) => press(event, index)}
          />
        ))}
      </svg>
    </div>
  )
}

/** Where an arrow key leads from a row; -1 when it leads nowhere. */
function target(key: string, index: number, rows: readonly PictureRow[]): number {
  const row = rows[index]
  if (key === 'ArrowDown') return Math.min(index + 1, rows.length - 1)
  if (key === 'ArrowUp') return Math.max(index - 1, 0)
  if (key === 'ArrowLeft') return row?.parent ?? -1
  if (key === 'ArrowRight') return rows.findIndex(({ parent }) => parent === index)
  if (key === 'Home') return 0
  return key === 'End' ? rows.length - 1 : -1
}

interface BoxProps {
  readonly row: PictureRow
  readonly place: Place
  readonly chosen: boolean
  readonly keep: (element: SVGGElement | null) => void
  readonly onChoose: () => void
  readonly onKey: (event: KeyboardEvent) => void
}

function Box({ row, place, chosen, keep, onChoose, onKey }: BoxProps): ReactNode {
  const { x, y, width, height } = place
  return (
    <g
      ref={keep}
      className="node"
      data-status={row.status}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={chosen}
      tabIndex={chosen ? 0 : -1}
      onClick={onChoose}
      onKeyDown={onKey}
    >
      <rect x={x} y={y} width={width} height={height} rx="8" />
      <circle className="mark" cx={x + 16} cy={y + 19} r="5" />
      <text x={x + 30} y={y + 24}>
        {fitText(row.name, width - 40, 14)}
      </text>
      <text className="sub" x={x + 30} y={y + 43}>
        {fitText(row.sub, width - 40, 12.5)}
      </text>
    </g>
  )
}

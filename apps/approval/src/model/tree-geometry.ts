import type { TreeRow } from './tree-layout.ts'

/** A box in the picture, in CSS pixels. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const NODE_HEIGHT = 54
const GAP = 10
const MARGIN = 2
const INDENT = 24
const SMALLEST_NODE = 150
// A proportional font's characters are rarely wider than this part of its size on average.
const WIDTH_PER_SIZE = 0.58

/** Height of a picture with so many rows. */
export function pictureHeight(rows: number): number {
  return rows * (NODE_HEIGHT + GAP) - GAP + 2 * MARGIN
}

/** Where a row stands in a picture of this width: further in the deeper it is, but never too narrow to read. */
export function placeRow(row: Pick<TreeRow, 'depth'>, index: number, width: number): Place {
  const widest = Math.max(width - 2 * MARGIN, SMALLEST_NODE)
  const indent = Math.min(row.depth * INDENT, widest - SMALLEST_NODE)
  return {
    x: MARGIN + indent,
    y: MARGIN + index * (NODE_HEIGHT + GAP),
    width: widest - indent,
    height: NODE_HEIGHT,
  }
}

/** The line from a node down to one of its children. */
export function edgePath(from: Place, to: Place): string {
  const x = from.x + INDENT / 2
  const middle = to.y + to.height / 2
  return `M ${x} ${from.y + from.height} V ${middle} H ${to.x}`
}

/** As much of a text as fits into so many pixels, by estimate. */
export function fitText(text: string, pixels: number, fontSize: number): string {
  const points = Array.from(text)
  const room = Math.max(Math.floor(pixels / (fontSize * WIDTH_PER_SIZE)), 1)
  return points.length <= room ? text : `${points.slice(0, room - 1).join('')}…`
}

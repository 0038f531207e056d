import type { Page } from 'playwright-core'
import { type Box, readBoxes } from './read-boxes.ts'

// Less than this is rounding, in pixels.
const SLACK = 2

/**
 * What of the page does not fit where it is: words or a control that reach beyond the window, that their own box cuts
 * off, or that lie over others. What scrolls may be longer than its box, and a layer above the page (a dialog, an open
 * menu, a bar that sticks) may cover the page.
 */
export async function findMisfits(page: Page): Promise<readonly string[]> {
  const boxes = await page.evaluate(readBoxes)
  const { width = 0 } = page.viewportSize() ?? {}
  return [
    ...boxes.filter((box) => isBeyond(box, width)).map(({ name }) => `beyond the window: ${name}`),
    ...boxes.filter(isCut).map(({ name }) => `cut off: ${name}`),
    ...boxes.flatMap((box, index) => listCovered(box, boxes.slice(index + 1))),
  ]
}

function isBeyond({ places }: Box, width: number): boolean {
  return places.some(({ left, right }) => left < -SLACK || right > width + SLACK)
}

function isCut({ hidden: { across, down } }: Box): boolean {
  return across > SLACK || down > SLACK
}

function listCovered(box: Box, later: readonly Box[]): readonly string[] {
  return later
    .filter((other) => other.layer === box.layer && other.index >= box.end && overlap(box, other))
    .map((other) => `over one another: ${box.name} and ${other.name}`)
}

function overlap(one: Box, other: Box): boolean {
  return one.places.some((a) =>
    other.places.some(
      (b) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > SLACK,
    ),
  )
}

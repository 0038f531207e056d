import type { Measured } from './measure.ts'
import type { RevocationResults } from './report.ts'

const WIDTH = 720
const HEIGHT = 320
const FRAME = { left: 56, right: 24, top: 44, bottom: 44 }
const MOST_MS = 300
const STEP_MS = 50
const POINTS = 200
const CURVES = [
  { name: 'subscribers', color: '#0b7285', goal: 250 },
  { name: 'middleware', color: '#c2410c', goal: 50 },
] as const

/** A picture of what part had refused by which time: one curve for subscribers, one for APIs, each with its goal. */
export function plot(measured: Measured, results: RevocationResults): string {
  const { machine, revocations, backend } = results
  const title = `From the answer to a revocation until it is refused (${revocations} revocations each)`
  const about = `Node ${machine.node}, ${machine.processors} processors, ${backend}, load ${machine.load_before.toFixed(1)} to ${machine.load_after.toFixed(1)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${title}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${FRAME.left}" y="18" font-weight="bold">${title}</text>`,
    `<text x="${FRAME.left}" y="34" fill="#666666">${about}</text>`,
    ...drawAxes(),
    ...CURVES.flatMap(({ name, color, goal }, index) => [
      drawGoal(color, goal),
      drawCurve(measured[name].times, color),
      `<text x="${x(MOST_MS) - 8}" y="${y(0.12 + 0.08 * index)}" fill="${color}" text-anchor="end">${name}: p50 ${results[name].p50_ms} ms, p99 ${results[name].p99_ms} ms, max ${results[name].max_ms} ms</text>`,
    ]),
    '</svg>',
    '',
  ].join('\n')
}

function drawAxes(): readonly string[] {
  const lines: string[] = []
  for (let time = 0; time <= MOST_MS; time += STEP_MS) {
    lines.push(
      `<path d="M${x(time)} ${y(0)}V${y(1)}" stroke="#dddddd"/>`,
      `<text x="${x(time)}" y="${y(0) + 18}" text-anchor="middle">${time} ms</text>`,
    )
  }
  for (const part of [0, 0.5, 0.99]) {
    lines.push(
      `<path d="M${x(0)} ${y(part)}H${x(MOST_MS)}" stroke="#dddddd"/>`,
      `<text x="${x(0) - 8}" y="${y(part) + 4}" text-anchor="end">${part * 100} %</text>`,
    )
  }
  return lines
}

/** The time by which the p99 must have been reached. */
function drawGoal(color: string, goal: number): string {
  return `<path d="M${x(goal)} ${y(0)}V${y(1)}" stroke="${color}" stroke-dasharray="4 4"/>`
}

function drawCurve(times: readonly number[], color: string): string {
  const sorted = times
    .map((time) => Math.min(MOST_MS, Math.max(0, time)))
    .toSorted((one, other) => one - other)
  const points = Array.from({ length: POINTS + 1 }, (_, index) => {
    const part = index / POINTS
    const time = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
    return `${x(time).toFixed(1)} ${y(part).toFixed(1)}`
  })
  return `<path d="M${points.join('L')}" fill="none" stroke="${color}" stroke-width="2"/>`
}

function x(milliseconds: number): number {
  return FRAME.left + (milliseconds / MOST_MS) * (WIDTH - FRAME.left - FRAME.right)
}

function y(part: number): number {
  return HEIGHT - FRAME.bottom - part * (HEIGHT - FRAME.top - FRAME.bottom)
}

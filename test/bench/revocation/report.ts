import type { Figures } from './figures.ts'
import type { PartitionFigures } from './partition.ts'

/** What was measured, as `--json` prints it. */
export interface RevocationResults {
  readonly machine: {
    readonly node: string
    readonly platform: string
    readonly processors: number
    /** Of one minute; what else the machine did. */
    readonly load_before: number
    readonly load_after: number
  }
  readonly backend: string
  readonly revocations: number
  readonly subscribers: Figures
  readonly middleware: Figures
  readonly partition: PartitionFigures
}

/** What must hold. */
export const GOALS: readonly {
  readonly text: string
  readonly isMet: (results: RevocationResults) => boolean
}[] = [
  { text: 'subscribers: p99 at most 250 ms', isMet: ({ subscribers }) => subscribers.p99_ms <= 250 },
  { text: 'middleware: p99 at most 50 ms', isMet: ({ middleware }) => middleware.p99_ms <= 50 },
  {
    text: 'not refused: nobody',
    isMet: ({ subscribers, middleware }) => subscribers.not_refused === 0 && middleware.not_refused === 0,
  },
  {
    text: 'partition: nothing accepted later than revoke + maxStaleness',
    isMet: ({ partition }) => partition.accepted_too_late === 0,
  },
]

/** The results as a text for people. */
export function writeReport(results: RevocationResults): string {
  const { machine, backend, revocations, partition } = results
  const row = (name: string, figures: Figures): string => {
    const cells = [figures.p50_ms, figures.p99_ms, figures.max_ms].map((cell) => cell.toFixed(1).padStart(9))
    return `${name.padEnd(22)}${cells.join('')}${String(figures.not_refused).padStart(13)}${figures.processor_ms.toFixed(0).padStart(11)}`
  }
  return [
    `Node ${machine.node}, ${machine.platform}, ${machine.processors} processors, ${backend}, load ${machine.load_before.toFixed(1)} before and ${machine.load_after.toFixed(1)} after.`,
    `${revocations} revocations each, of chains of 4, at every depth in turn; milliseconds from the 2xx to the refusal;`,
    'processor: milliseconds on both for one revocation, of the authority and all readers together.',
    '',
    `${''.padEnd(22)}      p50      p99      max  not refused  processor`,
    row(`subscribers`, results.subscribers),
    row(`APIs with middleware`, results.middleware),
    '',
    `${partition.trials} partitions in virtual time: the last acceptance came ${partition.latest_acceptance_seconds.toFixed(1)} s after the revocation (maxStaleness ${partition.max_staleness_seconds} s).`,
    '',
    ...GOALS.map(({ text, isMet }) => `${isMet(results) ? 'met   ' : 'MISSED'}  ${text}`),
  ].join('\n')
}

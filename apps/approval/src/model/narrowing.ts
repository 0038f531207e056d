import type { NarrowView, RequestView } from '../api/views.ts'
import { durationWords } from '../words/duration.ts'

/** What a person makes of a request before they approve it: never more than was asked for. */
export interface Narrowing {
  /** Positions of the capabilities that are left out. */
  readonly dropped: ReadonlySet<number>
  readonly seconds: number
  /** Absent: as often as asked, which may be without a limit. */
  readonly uses?: number
  readonly depth: number
}

type Asked = Pick<RequestView, 'capabilities' | 'valid_for_seconds' | 'max_uses' | 'max_delegation_depth'>

const STEPS_SECONDS = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]

/** Everything as it was asked. */
export function asAsked(request: Asked): Narrowing {
  return {
    dropped: new Set(),
    seconds: request.valid_for_seconds,
    ...(request.max_uses !== undefined && { uses: request.max_uses }),
    depth: request.max_delegation_depth,
  }
}

/** The same with one capability left out, or taken in again. */
export function toggleCapability(narrowing: Narrowing, index: number): Narrowing {
  const dropped = new Set(narrowing.dropped)
  if (!dropped.delete(index)) dropped.add(index)
  return { ...narrowing, dropped }
}

/** The same with another count; what is not a whole number of at least 1 means *as asked*. */
export function limitUses(narrowing: Narrowing, request: Asked, uses: number | undefined): Narrowing {
  const { uses: _, ...rest } = narrowing
  const asked = request.max_uses
  if (uses === undefined || !Number.isSafeInteger(uses) || uses < 1) {
    return asked === undefined ? rest : { ...rest, uses: asked }
  }
  return { ...rest, uses: Math.min(uses, asked ?? uses) }
}

/** Lengths of time to choose from: the one asked for, and round ones below it, longest first. */
export function shorterDurations(askedSeconds: number): readonly number[] {
  return [askedSeconds, ...STEPS_SECONDS.filter((step) => step < askedSeconds).reverse()]
}

/** Whether anything is left to approve. */
export function grantsSomething(narrowing: Narrowing, request: Asked): boolean {
  return narrowing.dropped.size < request.capabilities.length
}

/** The member `narrow` of an approval: only what differs, undefined when nothing does. */
export function toNarrow(narrowing: Narrowing, request: Asked): NarrowView | undefined {
  const { dropped, seconds, uses, depth } = narrowing
  const narrow: NarrowView = {
    ...(dropped.size > 0 && { capabilities: request.capabilities.filter((_, index) => !dropped.has(index)) }),
    ...(seconds !== request.valid_for_seconds && { valid_for_seconds: seconds }),
    ...(uses !== undefined && uses !== request.max_uses && { max_uses: uses }),
    ...(depth !== request.max_delegation_depth && { max_delegation_depth: depth }),
  }
  return Object.keys(narrow).length === 0 ? undefined : narrow
}

/** What is less than asked, one line each; empty when nothing is. */
export function narrowingWords(narrowing: Narrowing, request: Asked): readonly string[] {
  const { dropped, seconds, uses, depth } = narrowing
  const lines: string[] = []
  if (dropped.size > 0)
    lines.push(dropped.size === 1 ? '1 permission left out' : `${dropped.size} permissions left out`)
  if (seconds !== request.valid_for_seconds) {
    lines.push(`${durationWords(seconds)} instead of ${durationWords(request.valid_for_seconds)}`)
  }
  if (uses !== request.max_uses) {
    lines.push(
      `at most ${uses} ${uses === 1 ? 'request' : 'requests'} instead of ${request.max_uses ?? 'any number'}`,
    )
  }
  if (depth !== request.max_delegation_depth) {
    lines.push(
      depth === 0
        ? 'no passing on to other agents'
        : `at most ${depth} further ${depth === 1 ? 'step' : 'steps'} of passing on`,
    )
  }
  return lines
}

/**
 * What a person chose, for a request that the agent changed meanwhile: what still fits is kept. Capabilities are
 * recognised by their whole rule, so one that changed counts as new and is not left out.
 */
export function carryOver(narrowing: Narrowing, before: Asked, after: Asked): Narrowing {
  const droppedRules = new Set(
    [...narrowing.dropped].map((index) => JSON.stringify(before.capabilities[index])),
  )
  const dropped = after.capabilities.flatMap((capability, index) =>
    droppedRules.has(JSON.stringify(capability)) ? [index] : [],
  )
  const kept = { dropped: new Set(dropped), seconds: narrowed('seconds'), depth: narrowed('depth') }
  const uses = narrowing.uses === before.max_uses ? undefined : narrowing.uses
  return limitUses(kept, after, uses)

  function narrowed(name: 'seconds' | 'depth'): number {
    const member = name === 'seconds' ? 'valid_for_seconds' : 'max_delegation_depth'
    const chosen = narrowing[name] === before[member] ? after[member] : narrowing[name]
    return Math.min(chosen, after[member])
  }
}

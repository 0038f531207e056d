import type { RequestView } from '../api/views.ts'

/** Requests of the same key together, in the order in which each key appears first. */
export function groupByAgent(requests: readonly RequestView[]): readonly (readonly RequestView[])[] {
  return [...Map.groupBy(requests, ({ agent }) => agent).values()]
}

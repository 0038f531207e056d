import { defineRoute, type Route } from '../route.ts'
import type { AuthorityMetrics } from './authority-metrics.ts'

/** The route by which operators read what the authority measures. */
export function createMetricsRoute({ expose }: Pick<AuthorityMetrics, 'expose'>): Route {
  return defineRoute({
    name: 'GET /metrics',
    summary: 'What the authority measures, in the text format of Prometheus',
    answers: { 200: { description: 'All of it', type: 'text/plain' } },
    run: async () => {
      const { type, text } = await expose()
      return { status: 200, type, body: text }
    },
  })
}

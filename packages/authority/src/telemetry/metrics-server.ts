import { createServer, type Server } from 'node:http'
import type { AuthorityMetrics } from './authority-metrics.ts'

/** A server that says what is measured to everybody who reaches it, and nothing else. */
export function createMetricsServer({ expose }: Pick<AuthorityMetrics, 'expose'>): Server {
  return createServer((request, response) => {
    request.resume()
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    expose().then(
      ({ type, text }) => response.writeHead(200, { 'Content-Type': type }).end(text),
      () => response.writeHead(503).end(),
    )
  })
}

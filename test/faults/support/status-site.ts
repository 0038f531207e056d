import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LIST_URL } from '../../attacks/support/chain.ts'
import { HEARTBEAT_URL, type StatusFeed } from '../../attacks/support/status-feed.ts'

/** Where the issuer of the harness says that it is; requests to it go to a `StatusSite`. */
export const AUTHORITY_ORIGIN: string = new URL(HEARTBEAT_URL).origin

/** The issuer's publications on a port of this machine, over real HTTP. */
export interface StatusSite {
  readonly port: number
  /** Answers instead of the feed, for each document that is named. */
  readonly instead: Map<'heartbeat' | 'list', (response: ServerResponse) => void>
  close(): Promise<void>
}

/** Opens the site. */
export async function openStatusSite(feed: StatusFeed): Promise<StatusSite> {
  const instead: StatusSite['instead'] = new Map()
  const server = createServer((request, response) => {
    const url = AUTHORITY_ORIGIN + (request.url ?? '')
    const hostile = instead.get(url === LIST_URL ? 'list' : 'heartbeat')
    if (hostile !== undefined) hostile(response)
    else void publish(feed, url, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    instead,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function publish(feed: StatusFeed, url: string, response: ServerResponse): Promise<void> {
  const answer = await feed.fetch(url)
  response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()))
}

import { createMcpEndpoint, type McpEndpoint, type McpEndpointOptions } from '@behalf/mcp'
import { createMemoryReplayStore, createMemoryUseCounter, createStatusSource } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { freePort } from './free-port.ts'
import type { World } from './world.ts'

/** An MCP server over HTTP on loopback. */
export interface McpServed {
  /** Of its endpoint. */
  readonly url: string
  end(): Promise<void>
}

/** The same, with a verifier in front. */
export interface McpProtected extends McpServed {
  readonly endpoint: McpEndpoint
}

/** What a test says of an endpoint beside what a world gives. */
export type EndpointChoices = Pick<McpEndpointOptions<undefined>, 'handler'> &
  Partial<McpEndpointOptions<undefined>>

/** An endpoint that trusts the authority of a world. */
export async function openEndpoint(world: World, choices: EndpointChoices): Promise<McpProtected> {
  const port = await freePort()
  const statusSource = createStatusSource({
    issuers: [{ did: world.issuer, url: `${world.authority}/status/heartbeat` }],
    pollSeconds: 0.05,
  })
  // Running for a while: new ones cannot know what was accepted just before.
  const clock = (): number => Date.now() - 60_000
  const endpoint = createMcpEndpoint({
    url: `http://127.0.0.1:${port}/mcp`,
    trustedIssuers: [world.issuer],
    statusSource,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    ...choices,
  })
  const app = new Hono<{ Variables: { behalf: Parameters<typeof endpoint.serve>[1] } }>()
  app.use('/mcp', protect(endpoint.verifier))
  app.all('/mcp', (c) => endpoint.serve(c.req.raw, c.get('behalf')))
  const { metadata } = endpoint
  if (metadata) app.get(metadata.path, metadata.answer)
  const server = await listen(app.fetch, port)
  await statusSource.ready()
  return {
    endpoint,
    url: server.url,
    end: async () => {
      statusSource.close()
      await server.end()
    },
  }
}

/** Serves web requests on a port of loopback. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<McpServed> {
  const server = createAdaptorServer({ fetch })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

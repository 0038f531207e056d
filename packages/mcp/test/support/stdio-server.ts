import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createServer, createSessionServer } from './plain-servers.ts'

// A server over stdio that knows nothing of delegations: node stdio-server.ts <generation>.

if (process.argv[2] === '2.x') serveStdio(createServer)
else await createSessionServer().connect(new StdioServerTransport())

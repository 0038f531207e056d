import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { type Authority, createAuthority } from '@behalf/authority'
import { systemRandomBytes } from '@behalf/core'
import { parsePolicy } from '@behalf/issuer'
import { takeOrders } from '../../faults/support/child.ts'
import { oldVerifierFile } from '../../support/old-verifier-file.ts'
import { type AuthorityOrder, type AuthorityReport, processorTime, sharedTime } from './messages.ts'

// A real authority in a process of its own. It notes when the answer to a revocation was handed to the system.
const MANY = 1_000_000
const answeredAt: number[] = []
subscribe('http.server.response.finish', (message) => {
  const { request } = message as { readonly request: IncomingMessage }
  if (request.url === '/revocations') answeredAt.push(sharedTime())
})

let authority: Authority | undefined

takeOrders<AuthorityOrder, AuthorityReport>(async (order) => {
  if (order.do === 'open') authority = await open(order)
  return {
    issuer: authority?.issuerDid ?? '',
    answeredAt: answeredAt.splice(0),
    processorTime: processorTime(),
  }
})

async function open(order: AuthorityOrder & { readonly do: 'open' }): Promise<Authority> {
  const { operator, folder, port } = order
  const opened = await createAuthority({
    databasePath: join(folder, 'authority.sqlite'),
    noncesPath: oldVerifierFile(join(folder, 'nonces.sqlite')),
    issuerSeed: systemRandomBytes(32),
    origin: `http://127.0.0.1:${port}`,
    policy: parsePolicy({
      id: 'bench',
      files: [{ name: 'p.cedar', text: 'permit (principal, action == Action::"ask-one", resource);' }],
    }),
    operators: [{ did: operator, name: 'operator' }],
    log: { info: () => undefined, warn: console.error, error: console.error },
    limits: {
      questionsPerAgent: MANY,
      questionsOfStrangers: MANY,
      pendingOfStrangers: MANY,
      strangersPerHour: MANY,
    },
    statusStreams: { perAddress: 10_000 },
  })
  await opened.listen({ host: '127.0.0.1', port })
  return opened
}

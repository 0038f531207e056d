import {
  CredentialError,
  checkDelegationStatus,
  parseDelegationChain,
  suspensionListUrl,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import { createStatusSource, didKeyIssuerKeys, type PollingStatusSource } from '@behalf/verifier'
import { takeOrders } from '../../faults/support/child.ts'
import { processorTime, type ReaderOrder, type ReaderReport, sharedTime } from './messages.ts'
import { createRefusals } from './refusals.ts'

// Subscribers in one process. Each follows the stream by itself, verifies every heartbeat and list by itself, and
// decides by what it holds on a request whose signature and chain were verified before.
/** Opened together; all of them would wait for one another. */
const AT_ONCE = 25
const refusals = createRefusals()
const sources: PollingStatusSource[] = []
let watched: VerifiedChain | undefined
let issuer = ''

takeOrders<ReaderOrder, ReaderReport>(async (order) => {
  if (order.do === 'open') await open(order)
  if (order.do === 'watch') watch(order.chain.links)
  if (order.do === 'wait') await refusals.wait(sources.length, order.seconds)
  const accepting = watched === undefined ? 0 : sources.filter(accepts).length
  return { origins: [], accepting, refusedAt: refusals.times(), processorTime: processorTime() }
})

async function open(order: ReaderOrder & { readonly do: 'open' }): Promise<void> {
  issuer = order.issuer
  while (sources.length < order.count) {
    const batch = Array.from({ length: Math.min(AT_ONCE, order.count - sources.length) }, () =>
      createStatusSource({
        issuers: [{ did: issuer, url: `${order.origin}/status/heartbeat` }],
        stream: true,
      }),
    )
    for (const source of batch) source.onChange(() => decide(source))
    await Promise.all(batch.map((source) => source.ready()))
    sources.push(...batch)
  }
}

function decide(source: PollingStatusSource): void {
  if (watched !== undefined && !accepts(source)) refusals.note(source, sharedTime())
}

function watch(links: readonly string[]): void {
  refusals.forget()
  watched = verifyDelegationChain(parseDelegationChain(links), { issuers: didKeyIssuerKeys, now: Date.now() })
}

/** Whether every link is well by the lists that this one holds. */
function accepts(source: PollingStatusSource): boolean {
  const status = source.read(issuer)
  return (watched?.links ?? []).every((link) => {
    try {
      const url = link.status.statusListCredential
      const suspension = status.lists(suspensionListUrl(url))
      checkDelegationStatus(link, { revocation: status.lists(url), suspension })
      return !status.isKeyRevoked(link.subject)
    } catch (error) {
      if (error instanceof CredentialError && error.code === 'credential_revoked') return false
      throw error
    }
  })
}

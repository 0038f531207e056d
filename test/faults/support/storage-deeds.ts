import { type Delegation, parseCapabilities, parseDelegation } from '@behalf/credential'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { type ReportReceipt, sendReport } from './signed-report.ts'
import { seedOf } from './storage-authority.ts'
import type { StorageSite } from './storage-site.ts'

/** What is asked of an authority that must not lose it. */
export const DEEDS = ['revoke', 'approve', 'issue', 'audit'] as const
export type Deed = (typeof DEEDS)[number]

/** What an authority acknowledged. */
export interface Acknowledged {
  readonly revoked: RevokedDelegation[]
  /** Ids of requests. */
  readonly approved: string[]
  readonly issued: IssuedDelegation[]
  readonly reported: (ReportReceipt & { readonly requestId: string })[]
}

/** A delegation that is revoked. */
export interface RevokedDelegation {
  readonly delegation: Delegation
  /** Of the heartbeat that says so. */
  readonly sequence: number
}

/** A delegation that an agent has. */
export interface IssuedDelegation {
  readonly requestId: string
  /** Compact JWS. */
  readonly jws: string
}

/** What is done to one authority, again and again. */
export interface Deeds {
  readonly acknowledged: Acknowledged
  /** What came of it, for every deed that was tried. */
  readonly tried: Record<Deed, number>
  /** Everything that the deeds need; to be called once, before the first. */
  setUp(): Promise<void>
  /** A round of deeds, ready to be done. */
  prepare(): Promise<PreparedRound>
}

/** One of each deed. */
export type PreparedRound = Readonly<Record<Deed, () => Promise<void>>>

const READ = parseCapabilities([
  { type: 'http', locations: ['https://api.test'], actions: ['GET'], paths: ['/issues/**'] },
])
const ALICE = { id: 'acct-42' }
const API = 'https://api.test'

/** Deeds at the authority of a site. */
export function createDeeds(site: StorageSite): Deeds {
  const { origin, operator } = site
  const enrolled = createMemoryWallet({ seed: seedOf('enrolled agent') })
  const asking = createMemoryWallet({ seed: seedOf('asking agent') })
  const api = createMemoryWallet({ seed: seedOf('api') })
  const acknowledged: Acknowledged = { revoked: [], approved: [], issued: [], reported: [] }
  const tried = { revoke: 0, approve: 0, issue: 0, audit: 0 }
  let round = 0
  const obtain = async (): Promise<string> => {
    const { jws } = await issue(enrolled, origin)
    return jws
  }
  return {
    acknowledged,
    tried,
    setUp: async () => {
      await operator.enrol({ agent: enrolled.did, onBehalfOf: ALICE, capabilities: READ, maxSeconds: 3600 })
      await operator.registerApi({ did: api.did, origins: [API] })
    },
    prepare: async () => {
      round += 1
      const requestId = `request-${round}`
      const delegation = parseDelegation(await obtain())
      const pending = await ask(asking, origin, `run-${round}`)
      const count = (deed: Deed, work: () => Promise<void>) => (): Promise<void> => {
        tried[deed] += 1
        return work()
      }
      return {
        revoke: count('revoke', async () => {
          const { sequence } = await operator.revoke({ delegation: delegation.id })
          acknowledged.revoked.push({ delegation, sequence })
        }),
        approve: count('approve', async () => {
          await operator.approve(pending, { version: 1 })
          acknowledged.approved.push(pending)
        }),
        issue: count('issue', async () => void acknowledged.issued.push(await issue(enrolled, origin))),
        audit: count('audit', async () => {
          const receipt = await sendReport(origin, { api: seedOf('api'), requestId })
          acknowledged.reported.push({ ...receipt, requestId })
        }),
      }
    },
  }
}

/** Within what was enrolled, so that nobody is asked. */
async function issue(wallet: Wallet, origin: string): Promise<IssuedDelegation> {
  const client = wallet.authority(origin)
  const asked = { onBehalfOf: ALICE, capabilities: READ, purpose: 'Sum up', validForSeconds: 3600 }
  const { id } = await client.createRequest(asked)
  const { delegation } = await client.collect(id)
  return { requestId: id, jws: delegation }
}

async function ask(wallet: Wallet, origin: string, run: string): Promise<string> {
  const workflow = { id: 'storage', run }
  const { id } = await wallet
    .authority(origin)
    .createRequest({ onBehalfOf: ALICE, capabilities: READ, purpose: 'Sum up', workflow })
  return id
}

import type { HttpCapability } from '@behalf/credential'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import type { Browser } from 'playwright-core'
import { approveOn } from './approve-on.ts'
import { askFor } from './ask-for.ts'
import { asked, COMMENT, openPageWorld, type PageWorld, READ } from './page-world.ts'
import { claimAs, joinAs } from './people.ts'
import { openReportingApi, type ReportingApi } from './reporting-api.ts'
import { type Belongings, visit } from './visitor.ts'

/** An authority in the middle of a day's work. */
export interface ExampleWorld {
  readonly world: PageWorld
  /** Whose requests and delegations they are. */
  readonly alice: Belongings
  /** Address of the request that says most. */
  readonly request: string
  /** Address of the one that alice approved. */
  readonly decided: string
  /** What the agent of the active tree collected, JSON. */
  readonly collected: string
  /** What an API called a request that the agent made. */
  readonly called: string
  end(): Promise<void>
}

/** Everything through the page and the wallet: two people, an active tree of four, and requests that wait. */
export async function openExampleWorld(browser: Browser): Promise<ExampleWorld> {
  const world = await openPageWorld()
  const first = await claimAs(browser, world)
  const { inviter } = await joinAs(browser, world, { inviter: first, id: 'bob', name: 'Bob Second' })
  const sorter = createMemoryWallet()
  const api = await openReportingApi(world)
  const read = { ...READ, locations: [api.origin] }
  const {
    alice,
    id,
    path: decided,
  } = await approveFor(browser, world, { wallet: sorter, belongings: inviter, read })
  const reader = await growTree(sorter, read)
  const called = await call(reader, api)
  const collected = JSON.stringify(await sorter.authority(world.origin).collect(id))
  const request = await askMore(world, sorter)
  const end = async (): Promise<void> => {
    await api.close()
    await world.end()
  }
  return { world, alice, request, decided, collected, called, end }
}

async function approveFor(
  browser: Browser,
  world: PageWorld,
  {
    wallet,
    belongings,
    read,
  }: {
    readonly wallet: Wallet
    readonly belongings: Belongings
    readonly read: HttpCapability
  },
): Promise<{ alice: Belongings; id: string; path: string }> {
  const terms = { capabilities: [read], maxUses: 50, maxDelegationDepth: 3 }
  const { path, id, collect } = await askFor(world, terms, wallet)
  const visitor = await visit(browser, world, { belongings })
  await visitor.open(path)
  await approveOn(visitor.page)
  await collect()
  return { alice: await visitor.leave(), id, path }
}

/** The agent passes part of its rights on, and so does one of those it passed them to. */
async function growTree(sorter: Wallet, read: HttpCapability): Promise<Wallet> {
  const [reader, translator, summariser] = [createMemoryWallet(), createMemoryWallet(), createMemoryWallet()]
  const bundle = await sorter.delegate({ to: reader.did, capabilities: [read], maxDelegationDepth: 1 })
  await sorter.delegate({ to: translator.did, capabilities: [read] })
  await reader.receive(bundle)
  await reader.delegate({ to: summariser.did, capabilities: [read] })
  return reader
}

/** Twice, so that there is a last time; says what the API called the second one. */
async function call(reader: Wallet, api: ReportingApi): Promise<string> {
  await reader.fetch(`${api.origin}/projects/ACME/issues/7`)
  const answer = await reader.fetch(`${api.origin}/projects/ACME/issues/8`)
  const id = answer.headers.get('request-id')
  if (!answer.ok || id === null) throw new Error(`The API refused: ${await answer.text()}`)
  return id
}

async function askMore(world: PageWorld, sorter: Wallet): Promise<string> {
  const { approvalUrl } = await sorter.authority(world.origin).createRequest(asked())
  const other = createMemoryWallet().authority(world.origin)
  await other.createRequest(
    asked({ agentName: '\u0421alendar Bot', capabilities: [READ], maxDelegationDepth: 0 }),
  )
  await other.createRequest(
    asked({ agentName: '\u0421alendar Bot', capabilities: [COMMENT], workflow: { id: 'payments' } }),
  )
  return approvalUrl.slice(world.origin.length)
}

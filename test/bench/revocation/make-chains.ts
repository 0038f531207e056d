import { type Capability, parseDelegationChain } from '@behalf/credential'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import type { WatchedChain } from './messages.ts'

/** A chain and where it is cut. */
export interface CutChain extends WatchedChain {
  /** Id of the delegation to revoke. */
  readonly cut: string
}

/** What chains are made with. */
export interface MakeChainsOptions {
  readonly authority: string
  readonly operator: Wallet
  /** Origins of the APIs they are for. */
  readonly locations: readonly string[]
  readonly count: number
  readonly onMade: (made: number) => void
}

const LINKS = 4
const SEED_BYTES = 32

/** Chains of four links, issued and registered by a real authority; each is to be cut one link lower than the last. */
export async function makeChains(options: MakeChainsOptions): Promise<readonly CutChain[]> {
  const wallets = Array.from({ length: LINKS }, () => {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES))
    return { seed, wallet: createMemoryWallet({ seed }) }
  })
  const chains: CutChain[] = []
  for (let index = 0; index < options.count; index += 1) {
    const links = await makeChain(
      wallets.map(({ wallet }) => wallet),
      options,
      index,
    )
    const cut = parseDelegationChain(links).links[index % LINKS]?.id ?? ''
    chains.push({ links, seed: wallets.at(-1)?.seed ?? new Uint8Array(), cut })
    options.onMade(chains.length)
  }
  return chains
}

async function makeChain(
  [first, ...others]: readonly Wallet[],
  { authority, operator, locations }: MakeChainsOptions,
  index: number,
): Promise<readonly string[]> {
  if (first === undefined) throw new TypeError('a chain has a first link')
  const capabilities: readonly Capability[] = [
    { type: 'http', locations, actions: ['GET'], paths: ['/items'] },
  ]
  const { id } = await first.authority(authority).createRequest({
    onBehalfOf: { id: 'acct-42' },
    capabilities,
    purpose: 'Measure how soon a revocation counts',
    workflow: { id: 'bench', run: `run-${index}` },
    validForSeconds: 3600,
    maxDelegationDepth: LINKS - 1,
  })
  await operator.authority(authority).approve(id, { version: 1 })
  let held = await first.collectDelegation({ authority, id })
  let from = first
  for (const [position, wallet] of others.entries()) {
    const maxDelegationDepth = LINKS - 2 - position
    const bundle = await from.delegate({ to: wallet.did, parent: held.id, maxDelegationDepth, authority })
    held = await wallet.receive(bundle)
    from = wallet
  }
  return held.chain
}

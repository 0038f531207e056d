import { createMemoryWallet, type HeldDelegation, type Wallet } from '@behalf/wallet'
import { type Asked, asked, type PageWorld } from './page-world.ts'

/** A request of an agent, as it waits for somebody. */
export interface WaitingRequest {
  readonly wallet: Wallet
  readonly id: string
  /** Where a person decides on it. */
  readonly path: string
  /** What the agent is given; to be called when it was decided, for it asks once. */
  readonly collect: () => Promise<HeldDelegation>
}

/** An agent, a new one unless told otherwise, asks alice for the terms of `asked`, or others. */
export async function askFor(
  { origin }: Pick<PageWorld, 'origin'>,
  change: Partial<Asked> = {},
  wallet: Wallet = createMemoryWallet(),
): Promise<WaitingRequest> {
  const { id, approvalUrl } = await wallet.authority(origin).createRequest(asked(change))
  return {
    wallet,
    id,
    path: approvalUrl.slice(origin.length),
    collect: () => wallet.collectDelegation({ authority: origin, id, once: true }),
  }
}

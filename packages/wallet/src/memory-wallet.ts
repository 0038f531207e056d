import { systemRandomBytes } from '@behalf/core'
import { createWallet, type Wallet, type WalletOptions } from './wallet.ts'
import { createMemoryStore } from './wallet-store.ts'

/** Length of the seed of a key. */
export const SEED_BYTES = 32

/** How a memory wallet is made. */
export interface MemoryWalletOptions extends WalletOptions {
  /** 32 bytes, for an agent that keeps its key elsewhere. Default: a new key. */
  readonly seed?: Uint8Array
}

/**
 * A wallet that lives as long as the process. It uses nothing of Node but what browsers have, too.
 *
 * @throws {TypeError} for a seed that is not 32 bytes, or a signature lifetime outside 1 to 300 seconds
 *
 * @example
 * const wallet = createMemoryWallet()
 * await wallet.requestDelegation({
 *   authority: 'https://authority.example',
 *   onBehalfOf: { id: 'employee-4711' },
 *   capabilities: [{ type: 'http', locations: ['https://api.example'], actions: ['GET'], paths: ['/issues/**'] }],
 *   purpose: 'Summarise open issues',
 *   onPending: ({ approvalUrl }) => console.log(approvalUrl),
 * })
 * const response = await wallet.fetch('https://api.example/issues/7')
 */
export function createMemoryWallet(options: MemoryWalletOptions = {}): Wallet {
  const { random = systemRandomBytes, seed = random(SEED_BYTES) } = options
  return createWallet(seed, createMemoryStore(), options)
}

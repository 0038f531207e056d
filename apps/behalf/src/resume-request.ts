import { BehalfError } from '@behalf/core'
import type { CollectedDelegation, HeldDelegation, Wait, Wallet } from '@behalf/wallet'

const INTERVAL_MILLISECONDS = 2000
/** What is added each time the authority says that this was too often. */
const SLOW_DOWN_MILLISECONDS = 5000

/** A request that was made before. */
export interface MadeRequest {
  readonly wallet: Wallet
  readonly authority: string
  readonly id: string
}

/** How long to go on asking. */
export interface ResumeOptions {
  /** Ends the waiting; the request itself stays. */
  readonly signal: AbortSignal
  readonly wait: Wait
  /** Asks one time and takes "not decided yet" for an answer. */
  readonly once: boolean
}

/**
 * The delegation of a request that was made before, checked and kept in the wallet.
 *
 * @throws WalletError the authority's code, `authorization_pending` among them when asked once
 * @see RFC 8628 section 3.5
 */
export async function resumeRequest(made: MadeRequest, options: ResumeOptions): Promise<HeldDelegation> {
  const { chain } = options.once ? await collect(made, options) : await pollUntilDecided(made, options)
  return await made.wallet.receive(chain)
}

function collect(
  { wallet, authority, id }: MadeRequest,
  { signal }: ResumeOptions,
): Promise<CollectedDelegation> {
  return wallet.authority(authority).collect(id, signal)
}

async function pollUntilDecided(made: MadeRequest, options: ResumeOptions): Promise<CollectedDelegation> {
  let interval = INTERVAL_MILLISECONDS
  for (;;) {
    const answer = await collect(made, options).catch(keepUndecided)
    if (!(answer instanceof BehalfError)) {
      return answer
    }
    interval += answer.code === 'slow_down' ? SLOW_DOWN_MILLISECONDS : 0
    await options.wait(interval, options.signal)
  }
}

function keepUndecided(error: unknown): BehalfError {
  if (error instanceof BehalfError && ['authorization_pending', 'slow_down'].includes(error.code)) {
    return error
  }
  throw error
}

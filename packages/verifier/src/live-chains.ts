import { checkChainTime, checkRootIssuer, type VerifiedChain } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { checkChainStatus, checkRevokedKeys, readStatus } from './delegation-steps.ts'
import type { VerifierError } from './error.ts'
import type { TrustedIssuers } from './issuer-keys.ts'
import type { StatusSnapshot, StatusSource } from './status-source.ts'
import type { SetTimer } from './timer.ts'
import { toVerifierError } from './to-verifier-error.ts'

/** Watches over what lets requests act whose answers may take long: a chain, or a token that stands for one. */
export interface LiveChains<Live = VerifiedChain> {
  /** A signal that is aborted, with the VerifierError as its reason, when the chain would not be accepted any more. */
  watch(chain: Live): AbortSignal
  /** What is known has changed, so all are looked at now; those of one issuer, if it is named. */
  lookAt(issuer?: Did): void
}

/** What decides whether a chain still lives. */
export interface LiveChainsOptions<Live> {
  /** Who issued its root. */
  readonly issuerOf: (chain: Live) => Did
  /** Why a request with this chain would be refused now, whatever it asks for. */
  readonly findEnd: (chain: Live) => VerifierError | undefined
  /** Begins to tell of news of an issuer; what it returns calls that off. */
  readonly onChange: StatusSource['onChange']
  readonly setTimer: SetTimer
}

/** How often is looked for what ends with time. */
const LOOK_MS = 1000

/** What forgets the chain of a signal. */
const forgets = new WeakMap<AbortSignal, () => void>()

/** Nobody will look at the signal of a request any more. */
export function forgetSignal(signal: AbortSignal): void {
  forgets.get(signal)?.()
}

/**
 * Watches nothing yet. While something is watched it is looked at whenever there is news of its issuer, and each second
 * for what ends with time: a link, or the freshness of status.
 */
export function createLiveChains<Live>(options: LiveChainsOptions<Live>): LiveChains<Live> {
  const { issuerOf, findEnd } = options
  const watched = new Map<AbortController, Live>()
  let stopTimer: (() => void) | undefined
  let stopListening: (() => void) | undefined

  const forget = (controller: AbortController): void => {
    watched.delete(controller)
    if (watched.size > 0) return
    stopTimer?.()
    stopListening?.()
    stopTimer = undefined
    stopListening = undefined
  }
  const look = (isDead: (chain: Live) => VerifierError | undefined): void => {
    for (const [controller, chain] of watched) {
      const reason = isDead(chain)
      if (reason === undefined) continue
      forget(controller)
      controller.abort(reason)
    }
  }
  const lookAt = (issuer?: Did): void =>
    look((chain) => {
      if (issuer !== undefined && issuerOf(chain) !== issuer) return undefined
      const end = findEnd(chain)
      // Not knowing may last for a moment only: it counts when it is still so at the next look.
      return end?.code.startsWith('status_') ? undefined : end
    })
  const lookAgain = (): void => {
    look(findEnd)
    if (watched.size > 0) stopTimer = options.setTimer(lookAgain, LOOK_MS)
  }

  return {
    lookAt,
    watch: (chain) => {
      const controller = new AbortController()
      watched.set(controller, chain)
      forgets.set(controller.signal, () => forget(controller))
      stopTimer ??= options.setTimer(lookAgain, LOOK_MS)
      stopListening ??= options.onChange?.(lookAt)
      return controller.signal
    },
  }
}

/** What a chain lives by. */
export interface ChainEndOptions {
  readonly statusSource: StatusSource
  readonly trusted: TrustedIssuers
  readonly clock: () => number
}

/** Why a request with this chain would be refused now, whatever it asks for. */
export function findChainEnd(
  chain: VerifiedChain,
  { statusSource, trusted, clock }: ChainEndOptions,
): VerifierError | undefined {
  try {
    const { issuer } = chain.root
    checkRootIssuer(chain, trusted.keys)
    checkChainTime(chain, { now: clock() })
    const status: StatusSnapshot = readStatus(statusSource, issuer)
    checkRevokedKeys(chain, status)
    checkChainStatus(chain, status)
    return undefined
  } catch (error) {
    return toVerifierError(error, true)
  }
}

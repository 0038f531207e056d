import type { Clock } from '@behalf/core'
import { type DpopNonces, verifyDpopProof } from '@behalf/credential'
import { type Did, encodeDidKey } from '@behalf/did'
import { type ReplayStore, VerifierError } from '@behalf/verifier'
import { AuthorityError } from '../error.ts'

/** What proofs are held against. */
export interface ProveContext {
  readonly origin: string
  /** Throws VerifierError `clock_unsynchronized` while it is in doubt. */
  readonly believed: Clock
  readonly replayStore: ReplayStore
  readonly nonces: DpopNonces
}

/** A call with its proof. */
export interface ProofCall {
  readonly method: string
  readonly path: string
  /** The value of the `DPoP` header. */
  readonly proof: string | undefined
}

// Longer than any clock that is believed lets a proof live.
const KEEP_MS = 5 * 60 * 1000

/**
 * Returns the key that a call proves with DPoP: the proof is for this call, fresh by a nonce of ours, and new.
 *
 * @throws AuthorityError `invalid_dpop_proof` for none and for one that was used; `use_dpop_nonce`
 * @throws CredentialError `invalid_dpop_proof`
 * @throws VerifierError `replay_store_unavailable`, `clock_unsynchronized`
 * @see RFC 9449 sections 4.3, 5 and 8
 */
export async function proveClient(context: ProveContext, call: ProofCall): Promise<Did> {
  const { origin, believed, nonces } = context
  const now = believed()
  if (call.proof === undefined) {
    throw new AuthorityError(
      'invalid_dpop_proof',
      'Nothing proves the key of whoever asks: sign the request or send a DPoP proof',
    )
  }
  const { publicKey, jti, issuedAt, nonce } = verifyDpopProof(call.proof, {
    method: call.method,
    url: origin + call.path,
    accessTokenHash: undefined,
    now,
  })
  if (nonce === undefined || !nonces.isCurrent(nonce, now)) {
    throw new AuthorityError(
      'use_dpop_nonce',
      'Repeat the call with a proof that says the nonce in DPoP-Nonce',
    )
  }
  const agent = encodeDidKey(publicKey)
  await claim(context.replayStore, { agent, jti, issuedAt })
  return agent
}

/** At most one of any number of calls with the same proof goes on. */
async function claim(
  store: ReplayStore,
  { agent, jti, issuedAt }: { readonly agent: Did; readonly jti: string; readonly issuedAt: number },
): Promise<void> {
  const use = { key: `dpop ${agent}`, nonce: jti, created: issuedAt, keepUntil: issuedAt + KEEP_MS }
  if (await askStore(() => store.claim(use))) return
  throw new AuthorityError('invalid_dpop_proof', 'This proof was used, or may have been: make a new one')
}

async function askStore(ask: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return (await ask()) === true
  } catch (cause) {
    throw new VerifierError('replay_store_unavailable', 'The store of used proofs cannot decide', {
      cause,
      fault: true,
    })
  }
}

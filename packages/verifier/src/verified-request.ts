import type { AccessTokenClaims, Capability, Delegation, VerifiedChain } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { FieldLines } from '@behalf/http-signature'
import type { AgentContext } from './agent-context.ts'
import type { ProvenChain } from './proven-chain.ts'
import type { TellAnswer } from './told-answer.ts'

/** On whose behalf the agent acts. The pair (issuer, id) names a principal; an id alone does not. */
export interface Principal {
  /** The issuer of the root delegation. */
  readonly issuer: Did
  readonly id: string
  readonly role?: string
  readonly tenant?: string
}

/** What is known of a request that its delegation allows, whichever way that was proven. */
export interface AuthorizedAccess {
  readonly principal: Principal
  /** Who proved its key with the request: the subject of the last delegation. */
  readonly agent: Did
  /** The proven delegations, root first. */
  readonly chain: ProvenChain
  /** The capability that allows the request. */
  readonly capability: Capability
  /** How the root was approved, in the issuer's words. */
  readonly approval: Delegation['approval']
  /** What the agent says about this call. */
  readonly context: AgentContext | undefined
  readonly workflow: Delegation['workflow']
  /** The handle under which this decision was recorded. */
  readonly requestId: string
  /** Empty without a body. */
  readonly body: Uint8Array
}

/** What is known of a signed request that its delegation allows, before the API maps the principal to an account. */
export interface AuthorizedRequest extends AuthorizedAccess {
  /** The verified delegations, root first. */
  readonly chain: VerifiedChain
  /** The bytes whose digest was signed; empty without a body. */
  readonly body: Uint8Array
  readonly token?: undefined
}

/** The same of a request with an access token. */
export interface AuthorizedTokenRequest extends AuthorizedAccess {
  readonly token: AccessTokenClaims
  /** Nothing signs what an agent says about a call that it makes with a token. */
  readonly context: undefined
}

/** What an accepted request has beside what is known of it. */
interface Accepted<Account> {
  /** What `mapPrincipal` returned; undefined without it. */
  readonly account: Account
  /**
   * Header lines for the answer, which adapters set: `Signature-Key-Cache` when the chain may be named from now on,
   * `DPoP-Nonce` when proofs should have another nonce from now on.
   */
  readonly answerHeaders: FieldLines
  /**
   * Aborted when the chain dies: a link is revoked or ends, a key or the issuer is trusted no more, or nothing fresh is
   * known of its status; with a token also when that is revoked or ends. The reason is the VerifierError with which the
   * request would be refused now. The adapters end answers that are still being sent then; work that goes on without an
   * answer should end with this signal.
   */
  readonly signal: AbortSignal
  /**
   * Records how the request was answered; adapters call it. There where the audit sink takes outcomes and the request
   * came with `tellsOutcome`.
   */
  readonly answered?: TellAnswer
}

/**
 * A request that passed every check. Deeply frozen (`account` and the bytes apart), and made only of what the
 * verification returned.
 */
export interface VerifiedRequest<Account = undefined> extends AuthorizedRequest, Accepted<Account> {}

/**
 * A request with an access token that passed every check: the same as a `VerifiedRequest`, but that the delegations are
 * those the authority names in the token, and that nothing signs the body. Frozen like one.
 */
export interface VerifiedTokenRequest<Account = undefined>
  extends AuthorizedTokenRequest,
    Accepted<Account> {}

/** A request that passed every check of one of the two verifiers; `token` tells which. */
export type AnyVerifiedRequest<Account = undefined> = VerifiedRequest<Account> | VerifiedTokenRequest<Account>

import type { Capability, Delegation, VerifiedChain } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { FieldLines } from '@behalf/http-signature'
import type { AgentContext } from './agent-context.ts'

/** On whose behalf the agent acts. The pair (issuer, id) names a principal; an id alone does not. */
export interface Principal {
  /** The issuer of the root delegation. */
  readonly issuer: Did
  readonly id: string
  readonly role?: string
  readonly tenant?: string
}

/** What is known of a request that its delegation allows, before the API maps the principal to an account. */
export interface AuthorizedRequest {
  readonly principal: Principal
  /** Who signed the request: the subject of the last delegation. */
  readonly agent: Did
  /** The verified delegations, root first. */
  readonly chain: VerifiedChain
  /** The capability that allows the request. */
  readonly capability: Capability
  /** How the root was approved, in the issuer's words. */
  readonly approval: Delegation['approval']
  /** What the agent says about this call. */
  readonly context: AgentContext | undefined
  readonly workflow: Delegation['workflow']
  /** The handle under which this decision was recorded. */
  readonly requestId: string
  /** The bytes whose digest was signed; empty without a body. */
  readonly body: Uint8Array
}

/**
 * A request that passed every check. Deeply frozen (`account` and the bytes apart), and made only of what the
 * verification returned.
 */
export interface VerifiedRequest<Account = undefined> extends AuthorizedRequest {
  /** What `mapPrincipal` returned; undefined without it. */
  readonly account: Account
  /** Header lines for the answer, which adapters set: `Signature-Key-Cache` when the chain may be named from now on. */
  readonly answerHeaders: FieldLines
  /**
   * Aborted when the chain dies: a link is revoked or ends, a key or the issuer is trusted no more, or nothing fresh is
   * known of its status. The reason is the VerifierError with which the request would be refused now. The adapters end
   * answers that are still being sent then; work that goes on without an answer should end with this signal.
   */
  readonly signal: AbortSignal
}

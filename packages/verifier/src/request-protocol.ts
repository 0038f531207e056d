import type { Capability } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { FieldIndex } from '@behalf/http-signature'
import { authorizeRequest, readPrincipal } from './delegation-steps.ts'
import type { FramedHeaders } from './framing.ts'
import type { ProvenChain } from './proven-chain.ts'
import type { RequestTarget } from './target.ts'
import type { Principal } from './verified-request.ts'

/** Who sends something and with which rights: everything is proven but that these suffice. */
export interface ProvenHolder {
  /** Whose key was proven. */
  readonly agent: Did
  /** On whose behalf. */
  readonly principal: Principal
  /** Id of the last delegation. */
  readonly delegation: string
  /** What the last delegation allows. */
  readonly capabilities: readonly Capability[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A request of which everything is proven but that its delegation allows it. */
export interface ProvenRequest extends ProvenHolder {
  readonly method: string
  readonly target: RequestTarget
  readonly headers: FramedHeaders
  readonly body: Uint8Array
}

/** What was called through a protocol above HTTP, as it is recorded. */
export interface ProtocolCall {
  /** Of the protocol, such as `tools/call`. */
  readonly method: string
  /** The tool, where one is called. */
  readonly tool?: string
}

/** That the delegation allows the request. */
export interface AllowedRequest {
  readonly capability: Capability
  readonly call?: ProtocolCall
}

/** What requests mean to an API: what they want to do, and which capability allows that. */
export interface RequestProtocol {
  /**
   * Looks at the headers before anything else is: what must never come in is refused here.
   *
   * @throws VerifierError
   */
  admit?(fields: FieldIndex): void
  /**
   * The capability that allows a proven request.
   *
   * @throws VerifierError; CredentialError as `authorize`
   */
  authorize(request: ProvenRequest): AllowedRequest
}

/** HTTP itself: the method and the path are what a request wants to do. */
export const httpProtocol: RequestProtocol = Object.freeze({
  authorize: (request: ProvenRequest) => ({ capability: authorizeRequest(request) }),
})

/** Who sends a request and with which rights, as a protocol is told. */
export function describeHolder(chain: ProvenChain): Omit<ProvenHolder, 'now'> {
  const { id: delegation, subject: agent, capabilities } = chain.leaf
  return { agent, principal: readPrincipal(chain), delegation, capabilities }
}

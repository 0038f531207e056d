import {
  type Clock,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  type RandomBytes,
  type Signer,
} from '@behalf/core'
import { formatMessageStatement } from '@behalf/credential'
import { type Did, encodeDidKeyUrl } from '@behalf/did'
import { type AgentContext, describeAgentContext } from './agent-context.ts'
import { findDelegation } from './choose-delegation.ts'
import type { HeldDelegation } from './held-delegation.ts'

/** To whom a message is proven, and by which delegation. */
export interface ProveMessageOptions {
  /** URI of the server, as capabilities name it. */
  readonly audience: string
  /** Id of the delegation. */
  readonly delegation: string
  /** What the agent says about the call. */
  readonly context?: AgentContext
  /**
   * What is shown of the delegation: its whole chain, the chain with the evidence of its approval as far as that is
   * held, or only the name of the chain, for a server that verified it before. Default: the chain.
   */
  readonly show?: 'chain' | 'evidence' | 'name'
}

/** What createMessageProver needs. */
export interface MessageProverOptions {
  readonly did: Did
  readonly signer: Signer
  readonly clock: Clock
  readonly random: RandomBytes
  /** From created to expires, 1 to 300. */
  readonly lifetimeSeconds: number
  /** The delegations of the moment. */
  readonly held: () => readonly HeldDelegation[]
}

const NONCE_BYTES = 16

/**
 * Makes what proves messages. What it signs begins with words that no request, token or credential begins with.
 *
 * @see Wallet.proveMessage
 */
export function createMessageProver(
  agent: MessageProverOptions,
): (message: JsonObject, options: ProveMessageOptions) => Promise<JsonObject> {
  const { did, signer, clock, random, lifetimeSeconds, held } = agent
  const keyid = encodeDidKeyUrl(did)
  return async (message, options) => {
    const { audience } = options
    const delegation = findDelegation(held(), options.delegation)
    const context = describeAgentContext(options.context ?? {}, delegation.leaf.workflow?.run)
    const created = Math.floor(clock() / 1000)
    const claims = {
      audience,
      keyid,
      nonce: encodeBase64url(random(NONCE_BYTES)),
      created,
      expires: created + lifetimeSeconds,
      ...(context !== undefined && { context }),
    }
    const text = formatMessageStatement({ ...claims, cid: delegation.digest, message })
    const signature = encodeBase64url(await signer.sign(encodeUtf8(text)))
    return { ...claims, ...present(delegation, options.show), signature }
  }
}

function present(
  { chain, digest, evidence }: HeldDelegation,
  show: ProveMessageOptions['show'] = 'chain',
): JsonObject {
  if (show === 'name') return { cid: digest }
  return show === 'evidence' && evidence !== undefined ? { chain, evidence } : { chain }
}

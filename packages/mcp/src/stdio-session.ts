import { forgetSignal, type ProvenMessage, type VerifiedRequest, VerifierError } from '@behalf/verifier'
import type { McpMessage } from './mcp-message.ts'

/** Who sends a message. */
type Holder = Pick<ProvenMessage, 'agent' | 'principal' | 'delegation'>

/** The one session of MCP 2025-11-25 that a server on stdio has, once it was opened; 2026-07-28 opens none. */
export interface StdioSession {
  /**
   * The session is theirs: of their key and delegation or, with a message that opens it again, of their key and their
   * principal.
   *
   * @throws VerifierError mcp_session_mismatch
   */
  check(message: McpMessage, holder: Holder): void
  /** From now on the session is theirs. Their `signal` is watched as long as it is. */
  open(verified: VerifiedRequest<unknown>): void
  /** Whether it was opened with this message. */
  isOf(verified: VerifiedRequest<unknown>): boolean
  /** Forgets the session, where it was opened with this message. */
  closeIfOf(verified: VerifiedRequest<unknown>): void
  /** Forgets the session. */
  close(): void
  /** Whether it was opened, and the chain that it was opened with is alive. */
  isAlive(): boolean
}

/** Makes one that was not opened. */
export function createStdioSession(): StdioSession {
  let owner: VerifiedRequest<unknown> | undefined
  const change = (next: VerifiedRequest<unknown> | undefined): void => {
    if (owner !== undefined) forgetSignal(owner.signal)
    owner = next
  }
  return {
    check: (message, holder) => {
      if (owner === undefined) return
      const isTheirs = isOpening(message)
        ? owner.agent === holder.agent && isSamePrincipal(owner.principal, holder.principal)
        : owner.agent === holder.agent && owner.chain.leaf.id === holder.delegation
      if (!isTheirs) {
        throw new VerifierError('mcp_session_mismatch', 'the session is of another key or delegation')
      }
    },
    open: change,
    isOf: (verified) => owner === verified,
    closeIfOf: (verified) => {
      if (owner === verified) change(undefined)
    },
    close: () => change(undefined),
    isAlive: () => owner?.signal.aborted === false,
  }
}

/** Whether a message opens a session. */
export function isOpening(message: McpMessage): boolean {
  return message.kind === 'request' && message.method === 'initialize'
}

function isSamePrincipal(one: Holder['principal'], other: Holder['principal']): boolean {
  return one.issuer === other.issuer && one.id === other.id && one.tenant === other.tenant
}

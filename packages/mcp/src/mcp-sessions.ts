import { type ProvenRequest, VerifierError } from '@behalf/verifier'

/** Whose a session is: the key that opened it, and the delegation it was opened under. */
export type SessionHolder = Pick<ProvenRequest, 'agent' | 'delegation'>

/** How many sessions are kept, and for how long. */
export interface SessionLimits {
  /** Sessions at once, default 1,000. */
  readonly maxSessions?: number
  /** Sessions of one agent at once, default 16. */
  readonly maxSessionsPerAgent?: number
  /** A session that nobody used for so long ends; default 1,800. */
  readonly sessionIdleSeconds?: number
}

/** The sessions of MCP 2025-11-25 that are open at an endpoint, each with whom it belongs to. */
export interface McpSessions {
  /**
   * The session belongs to whoever asks.
   *
   * @param now milliseconds since the epoch
   * @throws VerifierError not_found (unknown, or it ended), mcp_session_mismatch
   */
  check(id: string, holder: SessionHolder, now: number): void
  /**
   * There is room for another session of this agent.
   *
   * @throws VerifierError rate_limited
   */
  checkRoom(holder: SessionHolder, now: number): void
  /**
   * From now on the session is theirs.
   *
   * @throws VerifierError rate_limited; mcp_session_mismatch for one that is somebody's already
   */
  open(id: string, holder: SessionHolder, now: number): void
  /** The session is forgotten. */
  forget(id: string): void
  /** How many are open. */
  size(): number
}

interface Session extends SessionHolder {
  lastUsed: number
}

/**
 * Makes an empty table.
 *
 * @param onIdle told of a session that ended because nobody used it
 * @throws TypeError for a limit that is not a positive number
 */
export function createMcpSessions(limits: SessionLimits, onIdle: (id: string) => void): McpSessions {
  const { maxSessions = 1000, maxSessionsPerAgent = 16, sessionIdleSeconds = 1800 } = limits
  for (const [name, limit] of Object.entries({ maxSessions, maxSessionsPerAgent, sessionIdleSeconds })) {
    if (!(limit > 0)) throw new TypeError(`${name} is a positive number`)
  }
  // In the order of their last use, because whatever is used is put at the end again.
  const sessions = new Map<string, Session>()
  const sweep = (now: number): void => {
    for (const [id, { lastUsed }] of sessions) {
      if (now - lastUsed < sessionIdleSeconds * 1000) return
      sessions.delete(id)
      onIdle(id)
    }
  }
  const put = (id: string, { agent, delegation }: SessionHolder, now: number): void => {
    sessions.delete(id)
    sessions.set(id, { agent, delegation, lastUsed: now })
  }
  const countOf = (agent: string): number =>
    [...sessions.values()].filter((session) => session.agent === agent).length
  const checkRoom = ({ agent }: SessionHolder, now: number): void => {
    sweep(now)
    // In this order: who floods a full table is not worth a look at all of it.
    if (sessions.size >= maxSessions || countOf(agent) >= maxSessionsPerAgent) {
      throw new VerifierError('rate_limited', 'too many sessions are open')
    }
  }
  return {
    check: (id, holder, now) => {
      sweep(now)
      const session = sessions.get(id)
      if (session === undefined) throw new VerifierError('not_found', 'no such session')
      if (session.agent !== holder.agent || session.delegation !== holder.delegation) {
        throw new VerifierError('mcp_session_mismatch', 'the session is of another key or delegation')
      }
      put(id, session, now)
    },
    checkRoom,
    open: (id, holder, now) => {
      if (sessions.has(id))
        throw new VerifierError('mcp_session_mismatch', 'the session is somebody’s already')
      checkRoom(holder, now)
      put(id, holder, now)
    },
    forget: (id) => void sessions.delete(id),
    size: () => sessions.size,
  }
}

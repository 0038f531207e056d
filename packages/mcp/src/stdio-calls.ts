import { forgetSignal, type VerifiedRequest } from '@behalf/verifier'

/** A call that is not answered yet. */
export interface StdioCall {
  readonly id: string | number
  readonly verified: VerifiedRequest<unknown>
}

/** The calls that a server is working on. */
export interface StdioCalls {
  /** Begins a call; when its chain dies before it is answered, it ends and `onDeath` is told why. */
  begin(call: StdioCall, onDeath: (call: StdioCall, reason: unknown) => void): void
  /** Ends a call; undefined for one that is not, or not any more, worked on. */
  end(id: unknown): StdioCall | undefined
  /** Whose call it is: DID of the agent; undefined where there is none. */
  holderOf(id: unknown): string | undefined
  /** Ends all of them, and returns them. */
  clear(): readonly StdioCall[]
  size(): number
}

/**
 * Makes an empty table.
 *
 * @param keepsWatch whether the signal of a call is of use to somebody else when the call has ended
 */
export function createStdioCalls(keepsWatch: (verified: VerifiedRequest<unknown>) => boolean): StdioCalls {
  const calls = new Map<unknown, StdioCall>()
  const end = (id: unknown): StdioCall | undefined => {
    const call = calls.get(id)
    if (call === undefined) return undefined
    calls.delete(id)
    if (!keepsWatch(call.verified)) forgetSignal(call.verified.signal)
    return call
  }
  return {
    begin: (call, onDeath) => {
      calls.set(call.id, call)
      const { signal } = call.verified
      const die = (): void => {
        // Another call may have taken the id.
        if (calls.get(call.id) !== call) return
        end(call.id)
        onDeath(call, signal.reason)
      }
      if (signal.aborted) die()
      else signal.addEventListener('abort', die, { once: true })
    },
    end,
    holderOf: (id) => calls.get(id)?.verified.agent,
    clear: () => {
      const ended = [...calls.values()]
      for (const { id } of ended) end(id)
      return ended
    },
    size: () => calls.size,
  }
}

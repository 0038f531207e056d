import { useState } from 'react'
import type { RequestView } from '../api/views.ts'
import { asAsked, carryOver, type Narrowing } from '../model/narrowing.ts'

/** A request in the version that a person reads, and what they chose for it. */
export interface SeenRequest {
  readonly seen: RequestView
  readonly narrowing: Narrowing
  /** Another version by the same agent that the person has not read yet. */
  readonly changed: RequestView | undefined
  readonly choose: (narrowing: Narrowing) => void
  /** The person reads the newer version from now on. */
  readonly readNewer: () => void
}

/**
 * Keeps the terms on the page still while the agent changes them: a person never approves what appeared under their
 * finger. What does not change the terms (who approved, the policy, the state) is always the latest.
 */
export function useSeenRequest(latest: RequestView): SeenRequest {
  const [state, setState] = useState(() => ({ seen: latest, narrowing: asAsked(latest) }))
  const { seen, narrowing } = state
  const isNewer = latest.version !== seen.version
  return {
    seen: isNewer ? { ...seen, status: latest.status } : latest,
    narrowing,
    changed: isNewer ? latest : undefined,
    choose: (chosen) => setState((before) => ({ ...before, narrowing: chosen })),
    readNewer: () => setState({ seen: latest, narrowing: carryOver(narrowing, seen, latest) }),
  }
}

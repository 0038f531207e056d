import { useEffect, useRef, useState } from 'react'
import { fetchConfirmations } from '../api/confirmations-api.ts'
import { type ConfirmationProgress, noteConfirmations } from '../model/confirmation-progress.ts'

/** What the authority said of something that was stopped, and when the page heard it. */
export interface Receipt {
  /** Of the heartbeat that says so to every API. */
  readonly sequence: number
  /** Milliseconds of `performance.now()`. */
  readonly receivedAt: number
}

/** What is known of who confirmed. */
export interface Confirmations {
  readonly progress: ConfirmationProgress | undefined
  /** Nothing more is asked: all confirmed, or the time is over. */
  readonly isOver: boolean
  /** The last question got no answer. */
  readonly error: unknown
  /** Asks again, for as long as the first time. */
  readonly askAgain: () => void
}

/** For so long the page asks, as `behalf revoke --wait` does. */
export const WITHIN_MS = 30_000
const PAUSE_MS = 200

/** Asks the authority, as long as somebody looks, which APIs hold the heartbeat: until all do, or the time is over. */
export function useConfirmations({ sequence, receivedAt }: Receipt): Confirmations {
  const [progress, setProgress] = useState<ConfirmationProgress>()
  const [error, setError] = useState<unknown>()
  const [isOver, setIsOver] = useState(false)
  const [round, setRound] = useState(0)
  const known = useRef<ConfirmationProgress>(undefined)
  useEffect(() => {
    const leave = new AbortController()
    const { signal } = leave
    const ask = async (): Promise<void> => {
      const answer = await fetchConfirmations(sequence).catch((failure: unknown) => ({ failure }))
      if (signal.aborted) return
      setError('failure' in answer ? answer.failure : undefined)
      if ('failure' in answer) return
      known.current = noteConfirmations(known.current, answer, performance.now() - receivedAt)
      setProgress(known.current)
    }
    const follow = async (): Promise<void> => {
      const end = (round === 0 ? receivedAt : performance.now()) + WITHIN_MS
      for (;;) {
        await ask()
        if (signal.aborted) return
        if (known.current?.afterMs !== undefined || performance.now() >= end) break
        await pause(signal)
      }
      setIsOver(true)
    }
    setIsOver(false)
    void follow()
    return () => leave.abort()
  }, [sequence, receivedAt, round])
  return { progress, isOver, error, askAgain: () => setRound((count) => count + 1) }
}

/** Ends early when nobody looks any more. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

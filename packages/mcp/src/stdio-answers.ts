import { answeredId, readStdioRefusal, type StdioRefusal } from './stdio-answer.ts'

/** The answers that are waited for. */
export interface StdioAnswers {
  /**
   * The refusal that the answer to a call is; undefined of one that the server itself gave, and of a call that was
   * cancelled. Rejects when the connection closes.
   *
   * @param onAnswer told of what the server itself answered, before anybody else; whether it is nobody else's
   */
  expect(id: string | number, onAnswer: (message: object) => boolean): Promise<StdioRefusal | undefined>
  /** The answer is not waited for any more. */
  forget(id: unknown): void
  /** Takes a message that came; true of one that is for nobody else. */
  take(message: object): boolean
  /** There are no more. */
  close(): void
}

interface Waiting extends PromiseWithResolvers<StdioRefusal | undefined> {
  readonly onAnswer: (message: object) => boolean
}

/** Waits for nothing yet. */
export function createStdioAnswers(): StdioAnswers {
  const waiting = new Map<unknown, Waiting>()
  const end = (id: unknown): Waiting | undefined => {
    const found = waiting.get(id)
    waiting.delete(id)
    return found
  }
  return {
    expect: (id, onAnswer) => {
      const answer = Promise.withResolvers<StdioRefusal | undefined>()
      waiting.set(id, { ...answer, onAnswer })
      return answer.promise
    },
    forget: (id) => end(id)?.resolve(undefined),
    take: (message) => {
      const found = end(answeredId(message))
      if (found === undefined) return false
      const refusal = readStdioRefusal(message)
      const isOurs = refusal !== undefined || found.onAnswer(message)
      found.resolve(refusal)
      return isOurs
    },
    close: () => {
      const left = [...waiting.values()]
      waiting.clear()
      for (const { promise, reject } of left) {
        // Whoever cancelled does not look at it any more.
        promise.catch(() => undefined)
        reject(new Error('the connection was closed before the call was answered'))
      }
    },
  }
}

/** How a request was answered. */
export interface ToldAnswer {
  /** HTTP status; undefined when nothing was answered, or the handler failed before it said what. */
  readonly status: number | undefined
  /** Whether the connection is known to have ended before all of the answer was sent. */
  readonly isCutOff: boolean
}

/** Says how a request was answered. What is said first counts; it never throws. */
export type TellAnswer = (answer: ToldAnswer) => void

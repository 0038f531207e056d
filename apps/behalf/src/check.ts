/** One thing that was checked, or could not be. */
export interface Check {
  readonly what: string
  readonly result: 'passed' | 'failed' | 'unchecked'
  /** The stable code of a failure. */
  readonly code?: string
  /** Why it failed or was not checked. */
  readonly reason?: string
}

/** A report that waits to be sent. */
export interface WaitingReport {
  /** Grows with each report. */
  readonly number: number
  /** JSON. */
  readonly text: string
}

/** Keeps reports until the authority has them; see `createAuditShipper`. */
export interface AuditOutbox {
  /**
   * The report is kept, also over a restart, when this returns.
   *
   * @param isAccepted of a request that was let through
   * @returns its number
   */
  add(text: string, isAccepted: boolean): number
  /** The reports are kept like those of refusals: all of them when this returns, at once. */
  addAll(texts: readonly string[]): void
  /** The oldest reports in order, at least one if there is any, and further ones up to both bounds. */
  first(limit: number, maxLength: number): readonly WaitingReport[]
  /** No report up to and with this number is kept any more. */
  remove(upTo: number): void
  /** The oldest report of a refusal is not kept any more. @returns whether there was one */
  dropRefusal(): boolean
  /** Reports that are kept and wait; what was set aside does not. */
  size(): number
  /**
   * The report of this number does not wait any more, and is kept beside the others, also over a restart.
   *
   * @param reason why the authority refuses it
   */
  setAside(number: number, reason: string): void
  /** The oldest report of a refusal that was set aside is not kept any more. @returns whether there was one */
  dropSetAside(): boolean
  /** Reports that were set aside. */
  setAsideSize(): number
  /** What was set aside waits again, behind the others. @returns how many reports that are */
  takeBack(): number
}

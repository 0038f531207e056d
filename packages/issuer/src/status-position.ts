/** A place in a status list. */
export interface StatusPosition {
  readonly list: number
  readonly index: number
}

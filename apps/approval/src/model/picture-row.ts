/** One box of a picture. Its texts are safe to show. */
export interface PictureRow {
  readonly key: string
  /** 0 at the top. */
  readonly depth: number
  /** Row of the one above, undefined at the top. */
  readonly parent: number | undefined
  readonly name: string
  readonly sub: string
  /** Colours its mark. */
  readonly status: string
}

import type { Draft } from './draft.ts'
import type { World } from './world.ts'

/** The three kinds of inputs. */
export type InputKind = 'grammar' | 'flip' | 'raw'

/** One input, ready to be run. */
export type FuzzCase = RequestCase | TextCase | StatusCase

/** A request for a verifier. */
export interface RequestCase {
  readonly type: 'request'
  readonly world: World
  readonly draft: Draft
  /** Sent again at once: the second time it must be refused. */
  readonly isRepeated: boolean
  /** Honest and changed in nothing that means anything. */
  readonly mustAccept: boolean
}

/** A text for one parser. */
export interface TextCase {
  readonly type: 'text'
  readonly parser: string
  readonly text: string
}

/** What issuers serve, for a status source. */
export interface StatusCase {
  readonly type: 'status'
  /** Characters are bytes. */
  readonly answers: ReadonlyMap<string, string>
}

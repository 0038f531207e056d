import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

/** A place in a policy file; lines and columns count from 1, columns in characters. */
export interface PolicyPosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One permission or prohibition of a policy. */
export interface PolicyRule extends PolicyPosition {
  /** Its `@id`, or `file:line` without one. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** Its `@reason`: shown to who is refused or asked. */
  readonly reason?: string
  /** As it stands in the file. */
  readonly text: string
  /** The same, parsed. */
  readonly tree: PolicyJson
}

/**
 * One bare item. The type is kept beside the value because the wire keeps them apart: `1`, `1.0`, `@1` and `"1"`
 * are four different values. `value` of a date is seconds since the epoch.
 *
 * @see RFC 9651 section 3.3
 */
export type SfBareItem =
  | { readonly type: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly type: 'string' | 'token' | 'display-string'; readonly value: string }
  | { readonly type: 'byte-sequence'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }

/** Parameters in the order received. @see RFC 9651 section 3.1.2 */
export type SfParameters = ReadonlyMap<string, SfBareItem>

/** A bare item with its parameters. @see RFC 9651 section 3.3 */
export interface SfItem {
  readonly value: SfBareItem
  readonly params: SfParameters
}

/** A parenthesised list of items with its own parameters. @see RFC 9651 section 3.1.1 */
export interface SfInnerList {
  readonly items: readonly SfItem[]
  readonly params: SfParameters
}

/** What a list or a dictionary may hold. */
export type SfMember = SfItem | SfInnerList

/** The absence of parameters, shared so that the common case allocates nothing. */
export const NO_PARAMETERS: SfParameters = new Map()

/** Tells an inner list from an item. */
export function isInnerList(member: SfMember): member is SfInnerList {
  return 'items' in member
}

/** An item that is a string without parameters, the shape of a component identifier. */
export function stringItem(value: string): SfItem {
  return { value: { type: 'string', value }, params: NO_PARAMETERS }
}

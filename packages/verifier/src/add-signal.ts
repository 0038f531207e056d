/**
 * The same object with a member `signal` that is made for those who look at it only, and not copied with the rest.
 *
 * @param watch begins to watch over what may end
 */
export function addSignal<Described extends object>(
  described: Described,
  watch: () => AbortSignal,
): Described & { readonly signal: AbortSignal } {
  let signal: AbortSignal | undefined
  const get = (): AbortSignal => {
    signal ??= watch()
    return signal
  }
  return Object.defineProperty(described, 'signal', { get }) as Described & { readonly signal: AbortSignal }
}

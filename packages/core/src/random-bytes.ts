/** Returns `length` bytes that nobody can predict. */
export type RandomBytes = (length: number) => Uint8Array

/** The operating system's generator: the documented default of factories that take {@link RandomBytes}; at most 65,536 bytes. */
export const systemRandomBytes: RandomBytes = (length) =>
  globalThis.crypto.getRandomValues(new Uint8Array(length))

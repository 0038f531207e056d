/** Resolves after that many milliseconds; rejects with the signal's reason when it aborts first. */
export type Wait = (milliseconds: number, signal?: AbortSignal) => Promise<void>

/** A Wait on the system's timer: the default of factories, replaced in tests. */
export function waitMilliseconds(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

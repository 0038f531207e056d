/**
 * What a verifier does with a request that fails a check: `enforce` refuses it, `observe` reports it and lets it
 * through.
 */
export type VerifierMode = 'enforce' | 'observe'

/**
 * The mode, `enforce` unless told.
 *
 * @throws TypeError for anything that is not a mode
 */
export function parseVerifierMode(mode: unknown = 'enforce'): VerifierMode {
  if (mode === 'enforce' || mode === 'observe') return mode
  throw new TypeError("mode: neither 'enforce' nor 'observe'")
}

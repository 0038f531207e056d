import { createHash } from 'node:crypto'

/** The definitions of RFC 9162 section 2.1, word by word: no state, no shortcuts, every hash computed each time. */
export function slowRoot(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0) return createHash('sha256').digest()
  const [only] = entries
  if (entries.length === 1 && only !== undefined)
    return createHash('sha256').update('\0').update(only).digest()
  const k = splitPoint(entries.length)
  return node(slowRoot(entries.slice(0, k)), slowRoot(entries.slice(k)))
}

/** `PATH(m, D_n)` of section 2.1.3.1. */
export function slowPath(m: number, entries: readonly Uint8Array[]): readonly Buffer[] {
  if (entries.length === 1) return []
  const k = splitPoint(entries.length)
  const [left, right] = [entries.slice(0, k), entries.slice(k)]
  return m < k ? [...slowPath(m, left), slowRoot(right)] : [...slowPath(m - k, right), slowRoot(left)]
}

/** `PROOF(m, D_n)` of section 2.1.4.1. */
export function slowProof(m: number, entries: readonly Uint8Array[]): readonly Buffer[] {
  return subProof(m, entries, true)
}

function subProof(m: number, entries: readonly Uint8Array[], b: boolean): readonly Buffer[] {
  const n = entries.length
  if (m === n) return b ? [] : [slowRoot(entries)]
  const k = splitPoint(n)
  const [left, right] = [entries.slice(0, k), entries.slice(k)]
  return m <= k
    ? [...subProof(m, left, b), slowRoot(right)]
    : [...subProof(m - k, right, false), slowRoot(left)]
}

function splitPoint(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1)
}

function node(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update('\x01').update(left).update(right).digest()
}

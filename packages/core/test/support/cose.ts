import { concatBytes } from '../../src/bytes.ts'

/** A COSE_Key in CTAP2 canonical CBOR, of labels and values in the order given. */
export function coseKey(
  ...members: readonly (readonly [label: number, value: number | Uint8Array])[]
): Uint8Array {
  return concatBytes(
    head(5, members.length),
    ...members.flatMap(([label, value]) => [spell(label), spell(value)]),
  )
}

export function coseP256(x: Uint8Array, y: Uint8Array): Uint8Array {
  return coseKey([1, 2], [3, -7], [-1, 1], [-2, x], [-3, y])
}

export function coseP384(x: Uint8Array, y: Uint8Array): Uint8Array {
  return coseKey([1, 2], [3, -35], [-1, 2], [-2, x], [-3, y])
}

export function coseP521(x: Uint8Array, y: Uint8Array): Uint8Array {
  return coseKey([1, 2], [3, -36], [-1, 3], [-2, x], [-3, y])
}

export function coseEd25519(x: Uint8Array, algorithm = -8): Uint8Array {
  return coseKey([1, 1], [3, algorithm], [-1, 6], [-2, x])
}

export function coseRsa(n: Uint8Array, e: Uint8Array = Uint8Array.of(1, 0, 1)): Uint8Array {
  return coseKey([1, 3], [3, -257], [-1, n], [-2, e])
}

/** RFC 8949 section 3: unsigned, negative and byte strings, with the shortest head. */
function spell(value: number | Uint8Array): Uint8Array {
  if (typeof value !== 'number') return concatBytes(head(2, value.length), value)
  return value < 0 ? head(1, -1 - value) : head(0, value)
}

function head(major: number, argument: number): Uint8Array {
  const type = major << 5
  if (argument < 24) return Uint8Array.of(type | argument)
  if (argument < 256) return Uint8Array.of(type | 24, argument)
  return Uint8Array.of(type | 25, argument >> 8, argument & 0xff)
}

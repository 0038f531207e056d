const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Bytes in base58btc, also such that no honest encoder would be given. */
export function encodeBase58(bytes: Uint8Array): string {
  let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  let text = ''
  for (; value > 0n; value /= 58n) text = `${ALPHABET[Number(value % 58n)] ?? ''}${text}`
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + text
}

/** The DID URL that spells these bytes as an Ed25519 key, whatever they are. */
export function spellKeyUrl(key: Uint8Array, prefix: readonly number[] = [0xed, 0x01]): string {
  const multikey = `z${encodeBase58(Uint8Array.of(...prefix, ...key))}`
  return `did:key:${multikey}#${multikey}`
}

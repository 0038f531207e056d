/** The code behind the `#` of an address, which no server sees; empty when there is none that could be one. */
export function codeOfAddress(hash: string): string {
  return /^#([A-Za-z0-9_-]{4,200})$/u.exec(hash)?.[1] ?? ''
}

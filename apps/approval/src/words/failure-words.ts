const WORDS: ReadonlyMap<string, string> = new Map([
  ['address_forbidden', 'its address is one that notices may not go to'],
  ['name_unknown', 'its host has no address'],
  ['unreachable', 'nobody answered'],
  ['timeout', 'it took too long'],
  ['redirected', 'it sent us elsewhere, and notices follow nobody'],
])

/** Why a notice was not delivered, as the end of a sentence. */
export function failureWords(reason: string): string {
  const [, status] = /^status_(\d+)$/u.exec(reason) ?? []
  if (status !== undefined) return `it answered ${status}`
  return WORDS.get(reason) ?? 'it did not work'
}

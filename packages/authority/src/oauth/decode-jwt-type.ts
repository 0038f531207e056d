import { BehalfError, decodeBase64url, isJsonObject, parseJson } from '@behalf/core'

const MAX_HEADER_BYTES = 1024

/** What a JWT says it is, so that it is taken for nothing else; undefined for what is no JWT. Nothing is verified. */
export function decodeJwtType(text: string): string | undefined {
  const [header = ''] = text.split('.', 1)
  try {
    const value = parseJson(decodeBase64url(header), { maxBytes: MAX_HEADER_BYTES })
    return isJsonObject(value) && typeof value['typ'] === 'string' ? value['typ'] : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

import type { AuthorityClient } from './authority-client.ts'
import { WalletError } from './error.ts'

const MAX_REASON = 400
// Control, format (bidi, zero width), private and unassigned characters and line separators move or hide text.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu

/**
 * The refusal, and if a person or a policy refused, with the reason that the authority gives: in `reason`, and in
 * `detail` marked as the authority's words. An authority that gives none, or does not answer, changes nothing.
 */
export async function explainRefusal(
  refusal: WalletError,
  client: AuthorityClient,
  request: { readonly id: string; readonly signal: AbortSignal | undefined },
): Promise<WalletError> {
  if (refusal.code !== 'access_denied') return refusal
  const reason = await readReason(client, request)
  if (reason === undefined) return refusal
  return new WalletError('access_denied', refusal.message, {
    ...(refusal.status === undefined ? {} : { status: refusal.status }),
    ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
    detail: `the authority says: “${reason}”`,
    reason,
    cause: refusal,
  })
}

async function readReason(
  client: AuthorityClient,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal | undefined },
): Promise<string | undefined> {
  try {
    const request = await client.getRequest(id, signal)
    const shown = request.id === id ? toShownText(request.reason ?? '') : ''
    return shown === '' ? undefined : shown
  } catch {
    // The refusal is the news; that its reason is not to be had must not take its place.
    return undefined
  }
}

function toShownText(text: string): string {
  const letters = Array.from(text.replace(HIDDEN, ' ').trim())
  return letters.slice(0, MAX_REASON).join('')
}

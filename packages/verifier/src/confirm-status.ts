import { type Clock, encodeUtf8, type RandomBytes, type Signer } from '@behalf/core'
import type { Fetch } from './capped-fetch.ts'
import type { ServerSentEvent } from './follow-stream.ts'
import type { IssuerStatus } from './issuer-status.ts'
import { signCall } from './sign-call.ts'
import type { SetTimer } from './timer.ts'

/** What a confirmation is sent with. */
export interface ConfirmOptions {
  readonly fetch: Fetch
  readonly setTimer: SetTimer
  readonly timeoutSeconds: number
  /** Of the key under which the API is known there; without it, it stays without a name. */
  readonly signer?: Signer | undefined
  readonly clock: Clock
  readonly random: RandomBytes
}

const SEQUENCE = /^[1-9][0-9]{0,14}$/u

/**
 * Answers an issuer that asks, on its stream, whether a heartbeat is held: so that whoever revoked can be told how many
 * know, and which, of those that have a signer. Nothing here hangs on it; what goes wrong is the asker's to notice.
 *
 * @returns takes each event of the stream after it was taken in
 */
export function createConfirmer(
  status: IssuerStatus,
  options: ConfirmOptions,
): (event: ServerSentEvent) => void {
  const url = new URL('confirmations', status.issuer.url).href
  let subscriber: string | undefined
  let introduce = async (): Promise<void> => undefined
  return ({ type, data }) => {
    if (type === 'subscriber') {
      subscriber = data
      introduce = createIntroduction(new URL('readers', status.issuer.url), data, options)
      void introduce()
    }
    if (type !== 'confirm' || subscriber === undefined || !SEQUENCE.test(data)) return
    // Whoever asks wants to know who it is, too, should that have failed.
    void introduce()
    const sequence = status.heldSequence()
    if (sequence === undefined || sequence < Number(data)) return
    const body = JSON.stringify({ sequence, subscriber })
    void send(url, { body, headers: { 'content-type': 'application/json' } }, options)
  }
}

/** @returns says which API reads, unless that was said or is being said */
function createIntroduction(
  url: URL,
  subscriber: string,
  { signer, ...options }: ConfirmOptions,
): () => Promise<void> {
  let isSaid = false
  return async () => {
    if (signer === undefined || isSaid) return
    isSaid = true
    const body = JSON.stringify({ subscriber })
    const call = { ...options, signer, authority: url.origin, target: url.pathname }
    // A key that cannot be used now, as one in another machine, leaves the reader without a name.
    const headers = await signCall(encodeUtf8(body), call).catch(() => undefined)
    isSaid = headers !== undefined && (await send(url.href, { body, headers }, options))
  }
}

/** @returns whether it was taken */
async function send(
  url: string,
  message: { readonly body: string; readonly headers: Record<string, string> },
  { fetch, setTimer, timeoutSeconds }: Pick<ConfirmOptions, 'fetch' | 'setTimer' | 'timeoutSeconds'>,
): Promise<boolean> {
  const late = new AbortController()
  const stopTimer = setTimer(() => late.abort(), timeoutSeconds * 1000)
  try {
    const answer = await fetch(url, { method: 'POST', redirect: 'error', ...message, signal: late.signal })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    // It is asked again as long as somebody wants to know.
    return false
  } finally {
    stopTimer()
  }
}

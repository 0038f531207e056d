import type { Fetch } from './capped-fetch.ts'
import type { ServerSentEvent } from './follow-stream.ts'
import type { IssuerStatus } from './issuer-status.ts'
import type { SetTimer } from './timer.ts'

/** What a confirmation is sent with. */
export interface ConfirmOptions {
  readonly fetch: Fetch
  readonly setTimer: SetTimer
  readonly timeoutSeconds: number
}

const SEQUENCE = /^[1-9][0-9]{0,14}$/u

/**
 * Answers an issuer that asks, on its stream, whether a heartbeat is held: so that whoever revoked can be told how many
 * know. Nothing here hangs on it; what goes wrong is the asker's to notice.
 *
 * @returns takes each event of the stream after it was taken in
 */
export function createConfirmer(
  status: IssuerStatus,
  options: ConfirmOptions,
): (event: ServerSentEvent) => void {
  const url = new URL('confirmations', status.issuer.url).href
  let subscriber: string | undefined
  return ({ type, data }) => {
    if (type === 'subscriber') subscriber = data
    if (type !== 'confirm' || subscriber === undefined || !SEQUENCE.test(data)) return
    const sequence = status.heldSequence()
    if (sequence !== undefined && sequence >= Number(data)) void send(url, { sequence, subscriber }, options)
  }
}

async function send(
  url: string,
  confirmation: { readonly sequence: number; readonly subscriber: string },
  { fetch, setTimer, timeoutSeconds }: ConfirmOptions,
): Promise<void> {
  const late = new AbortController()
  const stopTimer = setTimer(() => late.abort(), timeoutSeconds * 1000)
  try {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(confirmation)
    const answer = await fetch(url, { method: 'POST', redirect: 'error', headers, body, signal: late.signal })
    await answer.body?.cancel()
  } catch {
    // It is asked again as long as somebody wants to know.
  } finally {
    stopTimer()
  }
}

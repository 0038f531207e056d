/** The browser does not show notices: `message` says why and what to do. */
export class PushError extends Error {
  override readonly name = 'PushError'
}

/** What a browser says of itself when it subscribes. */
export interface BrowserSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

const SCRIPT = '/service-worker.js'

/** Whether this browser could show notices while the page is closed. */
export function canShowNotices(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
}

/** The endpoint of this browser's subscription; undefined without one. Nothing is asked of the person. */
export async function findEndpoint(): Promise<string | undefined> {
  if (!canShowNotices()) return undefined
  const registration = await navigator.serviceWorker.getRegistration('/')
  const subscription = await registration?.pushManager.getSubscription()
  return subscription ? new URL(subscription.endpoint).href : undefined
}

/**
 * Asks the person whether this browser may show notices, and its push service for an address.
 *
 * @param publicKey - of the authority, in base64url; an older subscription for another key is given up
 * @throws PushError
 */
export async function subscribeBrowser(publicKey: string): Promise<BrowserSubscription> {
  if ((await Notification.requestPermission()) !== 'granted') {
    throw new PushError('This browser may not show notices. Allow them for this site in its settings.')
  }
  await navigator.serviceWorker.register(SCRIPT, { scope: '/', updateViaCache: 'none' })
  const { pushManager } = await navigator.serviceWorker.ready
  await (await pushManager.getSubscription())?.unsubscribe()
  try {
    const subscription = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: publicKey,
    })
    const { endpoint = '', keys = {} } = subscription.toJSON()
    return { endpoint, keys: { p256dh: keys['p256dh'] ?? '', auth: keys['auth'] ?? '' } }
  } catch (cause) {
    throw new PushError('The push service of this browser does not answer. Try again later.', { cause })
  }
}

/** This browser is reached no more. */
export async function unsubscribeBrowser(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration('/')
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
}

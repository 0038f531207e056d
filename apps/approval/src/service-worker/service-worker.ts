// Runs without a page: shows what the authority pushed, and opens what a click on it asks for. It caches nothing and
// answers no request.
import { noticeWords } from './notice-words.ts'

declare const self: ServiceWorkerGlobalScope

// One that was installed before knows nothing that must end in order.
self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()))

self.addEventListener('push', (event) => {
  const { title, body, path, tag } = noticeWords(event.data?.text() ?? '', self.location.origin)
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon: '/icon.svg', data: path }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(String(event.notification.data)))
})

/** A tab that shows it already comes to the front; otherwise a new one opens. */
async function open(path: string): Promise<void> {
  const url = new URL(path, self.location.origin).href
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const tab = tabs.find((one) => one.url === url)
  if (tab) await tab.focus()
  else await self.clients.openWindow(url)
}

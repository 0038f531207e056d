import { queryClient } from './query-client.ts'

const channel = new BroadcastChannel('behalf')

/** What this tab knows of `what` is asked for again, and so it is in every other tab of the same browser. */
export function tellEveryTab(what: string): void {
  refresh(what)
  channel.postMessage(what)
}

/** Listens to the other tabs. @returns how to stop */
export function listenToTabs(): () => void {
  const listen = ({ data }: MessageEvent<unknown>): void => {
    if (typeof data === 'string') refresh(data)
  }
  channel.addEventListener('message', listen)
  return () => channel.removeEventListener('message', listen)
}

/** What this tab knows of `what` is asked for again. */
export function refresh(what: string): void {
  void queryClient.invalidateQueries({ queryKey: [what] })
}

import { useEffect } from 'react'
import { noteConnection } from './connection.ts'
import { listenToTabs, refresh } from './tabs.ts'

const REOPEN_MS = 5000
/** What of the page is about each kind of news. */
const SUBJECTS: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['requests', ['requests', 'history']],
  ['delegations', ['delegations', 'enrolments', 'history']],
  ['people', ['people', 'passkeys', 'session', 'history']],
])

/** While mounted, news of the authority and of other tabs refresh what the page shows. */
export function useLive(): void {
  useEffect(() => {
    const stopListening = listenToTabs()
    const close = openStream()
    return () => {
      stopListening()
      close()
    }
  }, [])
}

/** Keeps a stream of news open. A stream that the authority ends is opened again; the page asks by itself meanwhile. */
function openStream(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let source: EventSource
  const open = (): void => {
    source = new EventSource('/api/live')
    source.addEventListener('open', () => {
      noteConnection({ live: true, reachable: true })
      // What happened while there was no stream was not told.
      for (const subject of new Set([...SUBJECTS.values()].flat())) refresh(subject)
    })
    source.addEventListener('changed', learn)
    source.addEventListener('error', () => {
      noteConnection({ live: false })
      // The authority ends the stream of a session that is over.
      refresh('session')
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_MS)
    })
  }
  open()
  return () => {
    clearTimeout(timer)
    source.close()
    noteConnection({ live: false })
  }
}

function learn({ data }: MessageEvent<string>): void {
  for (const subject of SUBJECTS.get(readKind(data)) ?? []) refresh(subject)
}

function readKind(data: string): unknown {
  try {
    return JSON.parse(data).what
  } catch {
    return undefined
  }
}

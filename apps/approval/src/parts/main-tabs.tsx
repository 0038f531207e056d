import { VisuallyHidden } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { announce } from '../live/announce.ts'
import { useRequests } from '../live/queries.ts'

/** The main views, with how many requests wait for this person. */
export function MainTabs(): ReactNode {
  const waiting = useWaitingCount()
  return (
    <nav aria-label="Main" className="tabs">
      <Tab href="/" isHere={(path) => path === '/' || /^\/(?:requests|approve)/u.test(path)}>
        Requests
        {waiting > 0 && (
          <span className="tab-count">
            {waiting}
            <VisuallyHidden>waiting for you</VisuallyHidden>
          </span>
        )}
      </Tab>
      <Tab href="/active" isHere={(path) => path === '/active'}>
        Active
      </Tab>
      <Tab href="/history" isHere={(path) => path === '/history'}>
        History
      </Tab>
      <Tab href="/search" isHere={(path) => /^\/(?:search|trace)/u.test(path)}>
        Search
      </Tab>
    </nav>
  )
}

interface TabProps {
  readonly href: string
  readonly isHere: (path: string) => boolean
  readonly children: ReactNode
}

function Tab({ href, isHere, children }: TabProps): ReactNode {
  const [path] = useLocation()
  return (
    <Link href={href} className="tab" aria-current={isHere(path) ? 'page' : undefined}>
      {children}
    </Link>
  )
}

/** How many requests this person can decide now; one more is said aloud. */
function useWaitingCount(): number {
  const { data } = useRequests('pending')
  const count = data?.filter(({ turn }) => turn === 'yours' || turn === 'second').length
  const known = useRef(count)
  useEffect(() => {
    if (known.current !== undefined && count !== undefined && count > known.current) {
      announce(count === 1 ? 'A new request waits for you' : `${count} requests wait for you`)
    }
    known.current = count
  }, [count])
  return count ?? 0
}

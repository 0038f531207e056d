import { VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useAnnouncement } from '../live/announce.ts'
import { Logo } from './logo.tsx'

interface FrameProps {
  /** At the end of the top line. */
  readonly menu?: ReactNode
  readonly tabs?: ReactNode
  readonly banner?: ReactNode
  readonly children: ReactNode
}

/** What every page stands in: the skip link, the top line, the main part and the live region. */
export function Frame({ menu, tabs, banner, children }: FrameProps): ReactNode {
  const said = useAnnouncement()
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      {banner}
      <header className="frame-header">
        <div className="frame-inner">
          <div className="frame-top">
            <Link href="/" className="wordmark">
              <Logo />
              Behalf
            </Link>
            {menu}
          </div>
          {tabs}
        </div>
      </header>
      <main id="main" className="frame-main" tabIndex={-1}>
        {children}
      </main>
      <VisuallyHidden>
        <div role="status" aria-live="polite">
          {said}
        </div>
      </VisuallyHidden>
    </>
  )
}

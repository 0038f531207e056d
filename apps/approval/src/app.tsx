import { lazy, type ReactNode } from 'react'
import { Route, Switch } from 'wouter'
import { ConnectionBanner } from './parts/connection-banner.tsx'
import { Frame } from './parts/frame.tsx'
import { PagePart } from './parts/page-part.tsx'
import { SignedIn } from './signed-in.tsx'

const VerifyPage = lazy(async () => ({ default: (await import('./verify/verify-page.tsx')).VerifyPage }))
const JoinPage = lazy(async () => ({ default: (await import('./pages/join-page.tsx')).JoinPage }))
const RecoverPage = lazy(async () => ({ default: (await import('./pages/recover-page.tsx')).RecoverPage }))

/** The whole page: what anyone may see, and what takes a session. */
export function App(): ReactNode {
  return (
    <Switch>
      <Route path="/verify">{open(<VerifyPage />)}</Route>
      <Route path="/join">{open(<JoinPage />)}</Route>
      <Route path="/recover">{open(<RecoverPage />)}</Route>
      <Route>
        <SignedIn />
      </Route>
    </Switch>
  )
}

function open(page: ReactNode): ReactNode {
  return (
    <Frame banner={<ConnectionBanner />}>
      <PagePart>{page}</PagePart>
    </Frame>
  )
}

import { lazy, type ReactNode, useState } from 'react'
import { Route, Switch } from 'wouter'
import type { PersonView, SessionView } from './api/views.ts'
import { useSession } from './live/queries.ts'
import { useLive } from './live/use-live.ts'
import { InboxPage } from './pages/inbox-page.tsx'
import { LoginDialog } from './pages/login-dialog.tsx'
import { LoginPage } from './pages/login-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { RequestPage } from './pages/request-page.tsx'
import { AccountMenu } from './parts/account-menu.tsx'
import { ConnectionBanner } from './parts/connection-banner.tsx'
import { Frame } from './parts/frame.tsx'
import { MainTabs } from './parts/main-tabs.tsx'
import { PagePart } from './parts/page-part.tsx'
import { ProblemAlert } from './parts/problem-alert.tsx'
import { Waiting } from './parts/waiting.tsx'
import { PersonContext } from './person-context.ts'

const ClaimPage = lazy(async () => ({ default: (await import('./pages/claim-page.tsx')).ClaimPage }))
const TogetherPage = lazy(async () => ({ default: (await import('./pages/together-page.tsx')).TogetherPage }))
const ActivePage = lazy(async () => ({ default: (await import('./pages/active-page.tsx')).ActivePage }))
const HistoryPage = lazy(async () => ({ default: (await import('./pages/history-page.tsx')).HistoryPage }))
const SearchPage = lazy(async () => ({ default: (await import('./search/search-page.tsx')).SearchPage }))
const TracePage = lazy(async () => ({ default: (await import('./trace/trace-page.tsx')).TracePage }))
const PasskeysPage = lazy(async () => ({ default: (await import('./pages/passkeys-page.tsx')).PasskeysPage }))
const PeoplePage = lazy(async () => ({ default: (await import('./pages/people-page.tsx')).PeoplePage }))
const SettingsPage = lazy(async () => ({ default: (await import('./pages/settings-page.tsx')).SettingsPage }))

/** The pages behind a session; without one, the way to get one, at the same address. */
export function SignedIn(): ReactNode {
  const { data: session, error, refetch } = useSession()
  const last = useLastPerson(session)
  if (session === undefined) {
    return (
      <Frame banner={<ConnectionBanner />}>
        {error === null ? (
          <Waiting what="the page" />
        ) : (
          <ProblemAlert error={error} retry={() => void refetch()} />
        )}
      </Frame>
    )
  }
  if (last === undefined) {
    return (
      <Frame banner={<ConnectionBanner />}>
        <PagePart>{session.claimed ? <LoginPage session={session} /> : <ClaimPage />}</PagePart>
      </Frame>
    )
  }
  // Another person starts with nothing of the last one's. One who was signed out keeps what they had entered.
  const company = session.login.includes('oidc')
  return <Pages key={last.id} person={last} signedOut={session.person === null} company={company} />
}

/** The person who is, or until now was, signed in in this tab. */
function useLastPerson(session: SessionView | undefined): PersonView | undefined {
  const [last, setLast] = useState<PersonView>()
  const person = session?.person ?? undefined
  if (person !== undefined && person !== last) setLast(person)
  return person ?? last
}

function Pages({
  person,
  signedOut,
  company,
}: {
  readonly person: PersonView
  readonly signedOut: boolean
  readonly company: boolean
}): ReactNode {
  return (
    <PersonContext value={person}>
      {!signedOut && <Live />}
      <LoginDialog opened={signedOut} name={person.name} company={company} />
      <Frame banner={<ConnectionBanner />} menu={<AccountMenu person={person} />} tabs={<MainTabs />}>
        <PagePart>
          <Routes />
        </PagePart>
      </Frame>
    </PersonContext>
  )
}

function Routes(): ReactNode {
  return (
    <Switch>
      <Route path="/approve/:id">{({ id }) => <RequestPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/requests/together/:agent">
        {({ agent }) => <TogetherPage key={agent} agent={decodeURIComponent(agent)} />}
      </Route>
      <Route path="/active" component={ActivePage} />
      <Route path="/history" component={HistoryPage} />
      <Route path="/search" component={SearchPage} />
      <Route path="/trace/:id">{({ id }) => <TracePage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/passkeys" component={PasskeysPage} />
      <Route path="/people" component={PeoplePage} />
      <Route path="/settings" component={SettingsPage} />
      {['/', '/requests', '/login', '/claim'].map((path) => (
        <Route key={path} path={path} component={InboxPage} />
      ))}
      <Route component={NotFoundPage} />
    </Switch>
  )
}

function Live(): ReactNode {
  useLive()
  return null
}

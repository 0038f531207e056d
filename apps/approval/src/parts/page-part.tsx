import { Alert, Button, Stack } from '@mantine/core'
import { Component, type ReactNode, Suspense } from 'react'
import { useLocation } from 'wouter'
import { PageTitle } from './page-title.tsx'
import { Waiting } from './waiting.tsx'

/** What an address shows: waited for while its script loads, and when that fails, said so in the frame that stands. */
export function PagePart({ children }: { readonly children: ReactNode }): ReactNode {
  const [path] = useLocation()
  return (
    <Boundary key={path}>
      <Suspense fallback={<Waiting what="the page" />}>{children}</Suspense>
    </Boundary>
  )
}

/** Without it, one part that fails would leave nothing of the page. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state: { readonly failed: boolean } = { failed: false }

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <Failed /> : this.props.children
  }
}

function Failed(): ReactNode {
  return (
    <Stack gap="md">
      <PageTitle tab="Problem">This part of the page cannot be shown</PageTitle>
      <Alert color="red" role="alert" title="It could not be loaded.">
        There is no connection, or the authority was updated while the page was open.
      </Alert>
      <div>
        <Button onClick={() => location.reload()}>Load the page again</Button>
      </div>
    </Stack>
  )
}

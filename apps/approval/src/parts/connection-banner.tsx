import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useConnection } from '../live/connection.ts'
import { queryClient } from '../live/query-client.ts'

/** Says so while the authority does not answer; the page goes on trying by itself. */
export function ConnectionBanner(): ReactNode {
  const { reachable } = useConnection()
  return (
    <div role="alert">
      {!reachable && (
        <div className="banner">
          <div className="banner-inner">
            <span>
              <strong>No connection to the authority.</strong> What you see may be old. Nothing you entered is
              lost.
            </span>
            <Button size="xs" variant="default" onClick={() => void queryClient.invalidateQueries()}>
              Try again
            </Button>
          </div>
        </div>
      )}
    </div>
  )
}

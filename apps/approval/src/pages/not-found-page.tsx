import type { ReactNode } from 'react'
import { NothingHere } from '../parts/nothing-here.tsx'
import { PageTitle } from '../parts/page-title.tsx'

/** An address that leads nowhere. */
export function NotFoundPage(): ReactNode {
  return (
    <>
      <PageTitle tab="Not found">There is no such page</PageTitle>
      <NothingHere title="The address may be mistyped.">
        The menu above leads to everything there is.
      </NothingHere>
    </>
  )
}

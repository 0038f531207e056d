import { Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'

interface PageTitleProps {
  /** For the browser's tab. */
  readonly tab: string
  readonly children: ReactNode
}

let isFirstPage = true

/** Takes the focus back to the heading, when what had it is gone. */
export function focusPageTitle(): void {
  document.querySelector<HTMLElement>('.page-title')?.focus()
}

/** The heading of a page. Coming from another page, the focus moves here, so that a screen reader begins with it. */
export function PageTitle({ tab, children }: PageTitleProps): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${tab} · Behalf`
  }, [tab])
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus()
    isFirstPage = false
  }, [])
  return (
    <Title order={1} ref={heading} tabIndex={-1} className="page-title">
      {children}
    </Title>
  )
}

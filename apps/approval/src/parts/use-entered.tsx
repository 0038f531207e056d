import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Redirect } from 'wouter'
import type { SessionView } from '../api/views.ts'

/** The way into the pages once a registration in this tab has ended in a session; undefined until then. */
export function useEntered(): ReactNode {
  const { data } = useQuery<SessionView>({
    queryKey: ['session'],
    enabled: false,
    queryFn: () => Promise.reject(),
  })
  return data?.person ? <Redirect to="/" replace /> : undefined
}

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { carryCsrfToken } from '../api/call-api.ts'
import { fetchDelegations } from '../api/delegations-api.ts'
import { fetchRequest, fetchRequests } from '../api/requests-api.ts'
import { fetchSession } from '../api/session-api.ts'
import type { DelegationView, RequestView, SessionView } from '../api/views.ts'
import { useConnection } from './connection.ts'
import { queryClient } from './query-client.ts'

const ASK_AGAIN_MS = 5000

/** How often to ask while no news arrive by themselves, in milliseconds; false while they do. */
export function usePollingInterval(): number | false {
  return useConnection().live ? false : ASK_AGAIN_MS
}

/** Who is signed in; its token goes with every further call. */
export function useSession(): UseQueryResult<SessionView> {
  const { reachable } = useConnection()
  return useQuery({
    queryKey: ['session'],
    queryFn: async () => {
      const session = await fetchSession()
      takeSession(session)
      return session
    },
    refetchInterval: reachable ? false : ASK_AGAIN_MS,
  })
}

let lastPerson: string | undefined

/** From now on the page is this session's: what another person saw is forgotten. */
export function takeSession(session: SessionView): void {
  carryCsrfToken(session.csrf)
  const person = session.person?.id
  if (person === undefined) return
  if (lastPerson !== undefined && lastPerson !== person) {
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  }
  lastPerson = person
}

/** Requests that wait for somebody, or that are decided. */
export function useRequests(status: 'pending' | 'decided'): UseQueryResult<readonly RequestView[]> {
  return useQuery({
    queryKey: ['requests', status],
    queryFn: () => fetchRequests(status),
    refetchInterval: usePollingInterval(),
  })
}

/** One request as it is now. */
export function useRequest(id: string): UseQueryResult<RequestView> {
  return useQuery({
    queryKey: ['requests', 'one', id],
    queryFn: () => fetchRequest(id),
    refetchInterval: usePollingInterval(),
  })
}

/** Delegations that are in force, or that ended. */
export function useDelegations(state: 'active' | 'ended'): UseQueryResult<readonly DelegationView[]> {
  return useQuery({
    queryKey: ['delegations', state],
    queryFn: () => fetchDelegations(state),
    refetchInterval: usePollingInterval(),
  })
}

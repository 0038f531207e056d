import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { isRefusal, NetworkError } from '../api/api-error.ts'
import { noteConnection } from './connection.ts'

const SESSION = ['session']
const FRESH_MS = 2000

function learn(error: unknown): void {
  if (error instanceof NetworkError) noteConnection({ reachable: false })
  if (isRefusal(error, 'session_invalid')) void queryClient.invalidateQueries({ queryKey: SESSION })
}

const learnSuccess = (): void => noteConnection({ reachable: true })

/** What the authority said, kept for the page. Calls are made whatever the browser thinks of its network. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: learn, onSuccess: learnSuccess }),
  mutationCache: new MutationCache({ onError: learn, onSuccess: learnSuccess }),
  defaultOptions: {
    queries: { networkMode: 'always', retry: false, staleTime: FRESH_MS },
    mutations: { networkMode: 'always', retry: false },
  },
})

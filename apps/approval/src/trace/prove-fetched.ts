import type { VerifiedTrace } from '@behalf/authority/trace'
import { fetchTrace } from '../api/log-api.ts'
import type { TraceView } from '../api/log-views.ts'
import { verifyApart } from './verify-apart.ts'

/** A story of the log, proven in this browser, and the file that proves it anywhere. */
export interface ProvenStory {
  readonly trace: VerifiedTrace
  readonly view: TraceView
}

/**
 * Returns the story of a request, a delegation, an agent or a run, once all of it is proven.
 *
 * @param issuer - whose log it has to be
 * @throws ApiError, NetworkError; BehalfError for what is not proven
 */
export async function proveFetched(id: string, issuer: string): Promise<ProvenStory> {
  const view = await fetchTrace(id)
  const trace = await verifyApart({ bundle: view.bundle, issuer })
  return { trace, view }
}

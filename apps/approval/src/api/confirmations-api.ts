import { callApi } from './call-api.ts'
import type { ConfirmationsView } from './views.ts'

/** Which APIs hold a heartbeat; those that did not say so are asked. */
export const fetchConfirmations = (sequence: number): Promise<ConfirmationsView> =>
  callApi('GET', `/api/confirmations?sequence=${sequence}`)

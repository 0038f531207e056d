import type { AdapterName } from './support/adapters.ts'

/** A case whose code is another one than the catalogue's, by a decision on record. */
export interface Decided {
  readonly code: string
  /** The adapters for which it holds; all of them without. */
  readonly adapters?: readonly AdapterName[]
  /** The record, in docs/decisions. */
  readonly record: string
}

const WEB_REQUEST = 'attack-web-request.md'

/** Decided codes by the id of the case; the first that names the adapter counts. */
export const DECIDED: Readonly<Record<string, readonly Decided[]>> = {
  'HS-036': [{ code: 'request_malformed', record: 'attack-HS-036.md' }],
  'KY-028': [{ code: 'key_invalid', record: 'attack-KY-028.md' }],
  'SC-021': [{ code: 'forbidden', record: 'attack-SC-021.md' }],
  'TU-006': [{ code: 'signature_invalid', adapters: ['fetch'], record: WEB_REQUEST }],
  'TU-007': [{ code: 'signature_invalid', adapters: ['fetch'], record: WEB_REQUEST }],
  'TU-009': [
    { code: 'request_malformed', adapters: ['hono'], record: WEB_REQUEST },
    { code: 'signature_invalid', adapters: ['fetch'], record: WEB_REQUEST },
  ],
  'TU-021': [{ code: 'header_ambiguous', adapters: ['fetch'], record: WEB_REQUEST }],
  'TU-024': [{ code: 'request_malformed', adapters: ['fetch'], record: WEB_REQUEST }],
  'TU-025': [{ code: 'request_malformed', adapters: ['hono', 'fetch'], record: WEB_REQUEST }],
  'TU-028': [{ code: 'request_malformed', adapters: ['hono', 'fetch'], record: WEB_REQUEST }],
  'BD-003': [{ code: 'request_malformed', adapters: ['fetch'], record: WEB_REQUEST }],
}

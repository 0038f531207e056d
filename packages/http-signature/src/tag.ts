/** The `tag` of a request that carries a delegation. */
export const DELEGATION_TAG = 'agent-delegation'

/** The `tag` of a request that proves possession of a key and nothing else. */
export const KEY_TAG = 'agent-key'

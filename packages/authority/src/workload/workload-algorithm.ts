/** How issuers of workload tokens sign. */
export const WORKLOAD_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

/** One of them, as JOSE spells it. */
export type WorkloadAlgorithm = (typeof WORKLOAD_ALGORITHMS)[number]

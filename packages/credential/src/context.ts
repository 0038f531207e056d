/** The context that every Verifiable Credential names first. @see VCDM 2.0 section 4.3 */
export const CREDENTIALS_CONTEXT_URL = 'https://www.w3.org/ns/credentials/v2'

/** The name of our context. It is a name: nothing fetches it, {@link DELEGATION_CONTEXT} is what it stands for. */
export const DELEGATION_CONTEXT_URL = 'https://behalf.dev/ns/delegation/v1'

const VOCABULARY = `${DELEGATION_CONTEXT_URL}#`
const JSON_TERM = { '@type': '@json' } as const

/**
 * Our JSON-LD context, for software that processes delegations as linked data. Capabilities, policy, approval and
 * workflow are JSON literals, so processing never changes what they say.
 * @see JSON-LD 1.1 sections 4.2.2 and 9.4
 */
export const DELEGATION_CONTEXT: Readonly<Record<'@context', Readonly<Record<string, unknown>>>> = {
  '@context': {
    '@version': 1.1,
    '@protected': true,
    DelegationCredential: `${VOCABULARY}DelegationCredential`,
    onBehalfOf: { '@id': `${VOCABULARY}onBehalfOf`, ...JSON_TERM },
    capabilities: { '@id': `${VOCABULARY}capabilities`, ...JSON_TERM },
    maxUses: `${VOCABULARY}maxUses`,
    maxDelegationDepth: `${VOCABULARY}maxDelegationDepth`,
    purpose: `${VOCABULARY}purpose`,
    workflow: { '@id': `${VOCABULARY}workflow`, ...JSON_TERM },
    policy: { '@id': `${VOCABULARY}policy`, ...JSON_TERM },
    approval: { '@id': `${VOCABULARY}approval`, ...JSON_TERM },
    parent: { '@id': `${VOCABULARY}parent`, ...JSON_TERM },
  },
}

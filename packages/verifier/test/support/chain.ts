import { digestSha256, type JsonObject } from '@behalf/core'
import {
  createDelegationPayload,
  type DelegationTerms,
  type HttpCapability,
  parseDelegation,
  signCompactJws,
  signDelegation,
} from '@behalf/credential'
import { agentA, agentB, agentC, issuer, type Party } from './agents.ts'

/** 1 December 2026, noon UTC. */
export const NOW = Date.UTC(2026, 11, 1, 12)
export const LIST_URL = 'https://authority.test/status/lists/1'

export const ITEMS: HttpCapability = {
  type: 'http',
  locations: ['https://api.test'],
  actions: ['GET', 'POST'],
  paths: ['/v1/items', '/v1/items/*'],
}

/** What a test changes in one link. */
export type LinkTerms = Partial<Omit<DelegationTerms, 'parent'>> & {
  readonly signer?: Party
  /** Changes the payload after it was made, so that it may say what no honest tool would sign. */
  readonly tamper?: (payload: JsonObject) => JsonObject
}

/** Terms of the links, root first; the default is the chain of the baseline request: issuer, A, B, C. */
export async function makeChain(terms: readonly LinkTerms[] = [{}, {}, {}]): Promise<readonly string[]> {
  const delegators = [issuer, agentA, agentB]
  const subjects = [agentA, agentB, agentC]
  const links: string[] = []
  for (const [index, link] of terms.entries()) {
    const signer = link.signer ?? delegators[index] ?? issuer
    const parent = links.at(-1)
    const defaults = createTerms(index, terms.length, signer, subjects[index] ?? agentC)
    const { signer: _, tamper, ...changes } = link
    const payload = createDelegationPayload({ ...defaults, ...parentOf(parent), ...changes }, NOW)
    const options = { signer: signer.signer, kid: signer.kid }
    links.push(
      tamper === undefined
        ? await signDelegation(payload, options)
        : await signCompactJws({
            header: { typ: 'vc+jwt', kid: signer.kid },
            payload: tamper(payload),
            signer: signer.signer,
          }),
    )
  }
  return links
}

function createTerms(index: number, length: number, signer: Party, subject: Party): DelegationTerms {
  return {
    id: `urn:uuid:00000000-0000-4000-8000-00000000000${index}`,
    issuer: signer.did,
    subject: subject.did,
    onBehalfOf: { id: 'person-7', tenant: 'acme' },
    capabilities: [ITEMS],
    maxDelegationDepth: length - 1 - index,
    workflow: { id: 'triage', run: 'run-42' },
    validFrom: NOW - 60_000,
    validUntil: NOW + 600_000,
    status: {
      id: `${LIST_URL}#${100 + index}`,
      type: 'BitstringStatusListEntry',
      statusPurpose: 'revocation',
      statusListIndex: String(100 + index),
      statusListCredential: LIST_URL,
    },
    ...(index === 0 ? { approval: { method: 'operator', digest: digestSha256('evidence') } } : {}),
  }
}

function parentOf(jws: string | undefined): Pick<DelegationTerms, 'parent'> {
  if (jws === undefined) return {}
  return { parent: { id: parseDelegation(jws).id, digest: digestSha256(jws) } }
}

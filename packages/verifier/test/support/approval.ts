import { canonicalizeJson, encodeBase64url, encodeUtf8 } from '@behalf/core'
import {
  type ApprovalEvidence,
  type ApprovalMethod,
  CURRENT_RENDERER,
  createApprovalChallenge,
  createApprovalEvidence,
  digestApprovalEvidence,
  formatDateTime,
  parseCompactJws,
  renderDelegation,
} from '@behalf/credential'
import { createSoftwarePasskey, type SoftwarePasskey } from '@behalf/credential/software-passkey'
import { serializeItem } from '@behalf/http-signature'
import { type LinkTerms, makeChain, NOW } from './chain.ts'

const PAGE = 'https://authority.test'
const POLICY = { id: 'house', digest: `sha-256:${'A'.repeat(43)}`, decision: 'ask-one' }

/** The software passkey of everybody in these tests. */
export const passkey: SoftwarePasskey = createSoftwarePasskey({
  origin: PAGE,
  random: (length) => new Uint8Array(length).fill(7),
})

/** A chain of three whose root a person approved, and the evidence of it. */
export interface ApprovedChain {
  readonly links: readonly string[]
  readonly evidence: ApprovalEvidence
  /** The value of Approval-Evidence. */
  readonly field: string
}

/**
 * Approved with the software passkey, which the authority takes for one that is not a program.
 *
 * @param method what the root says instead of the evidence's own method
 */
export async function makeApprovedChain(
  options: { readonly software?: boolean; readonly method?: ApprovalMethod; readonly root?: LinkTerms } = {},
): Promise<ApprovedChain> {
  const root = { policy: POLICY, ...options.root }
  const [unapproved = ''] = await makeChain([root, {}, {}])
  const { payload } = parseCompactJws(unapproved, { maxBytes: 12_000 })
  const { sentences } = renderDelegation(payload)
  const terms = { payloads: [payload], renderer: CURRENT_RENDERER, sentences: [sentences] }
  const nonce = encodeBase64url(new Uint8Array(16))
  const challenge = encodeBase64url(createApprovalChallenge({ ...terms, nonce }))
  const { response } = await passkey.authenticate({ challenge })
  const evidence = createApprovalEvidence({
    ...terms,
    requests: [{ id: 'request-1', version: 1 }],
    given: [
      {
        by: 'person-7',
        at: formatDateTime(NOW),
        nonce,
        rp_id: 'authority.test',
        origin: PAGE,
        passkey: { id: passkey.id, public_key: passkey.publicKey, software: options.software ?? false },
        authenticator_data: response.authenticatorData,
        client_data_json: response.clientDataJSON,
        signature: response.signature,
      },
    ],
  })
  const { method = evidence.method } = options
  const approval = { method, digest: digestApprovalEvidence(evidence) }
  return { links: await makeChain([{ ...root, approval }, {}, {}]), evidence, field: spell(evidence) }
}

/** Evidence as the field spells it. */
export function spell(evidence: ApprovalEvidence): string {
  const value = encodeUtf8(canonicalizeJson(evidence))
  return serializeItem({ value: { type: 'byte-sequence', value }, params: new Map() })
}

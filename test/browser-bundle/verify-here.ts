import { decodeBase64url, type JsonObject, verifyCoseSignature } from '@behalf/core'
import {
  checkDelegationStatus,
  verifyApprovalEvidence,
  verifyDelegationChain,
  verifyStatusList,
} from '@behalf/credential'
import { decodeDidKeyUrl } from '@behalf/did'

/** What is verified; a spelling of bytes is base64url. */
declare const given: {
  readonly chain: readonly string[]
  readonly list: string
  readonly listUrl: string
  readonly issuer: string
  readonly now: number
  readonly evidence: JsonObject
  readonly cose: { readonly publicKey: string; readonly signature: string; readonly data: string }
}

/** Verifies what the page for people verifies, in whatever runtime this was bundled for, and prints what it found. */
async function verifyHere(): Promise<JsonObject> {
  const { chain, list, listUrl, issuer, now, evidence, cose } = given
  const issuers = (did: string, kid: string): Uint8Array | undefined =>
    did === issuer ? decodeDidKeyUrl(kid).publicKey : undefined
  const verified = verifyDelegationChain(chain, { issuers, now })
  const status = verifyStatusList(list, { id: listUrl, issuer, issuers, now })
  checkDelegationStatus(verified.root, { revocation: status, suspension: undefined })
  const approved = await verifyApprovalEvidence(evidence, { delegation: verified.root })
  return {
    leaf: verified.leaf.id,
    revoked: [0, 1, 2].map((index) => status.isSet(index)),
    sentences: approved.sentences,
    approvals: approved.approvals.map(({ by }) => by),
    signature: await verifyCoseSignature({
      publicKey: decodeBase64url(cose.publicKey),
      signature: decodeBase64url(cose.signature),
      data: decodeBase64url(cose.data),
    }),
  }
}

console.log(JSON.stringify(await verifyHere()))
